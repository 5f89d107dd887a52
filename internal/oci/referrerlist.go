package oci

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// Referrers implements Store: by the referrers API, page by page, or by the
// fallback tag where the registry has no such API.
func (r *Registry) Referrers(ctx context.Context, subject v1.Hash) ([]v1.Descriptor, error) {
	path := "referrers/" + subject.String()
	var all []v1.Descriptor
	for range bounds.ReferrerPages {
		list, next, err := r.referrerPage(ctx, path)
		if errors.Is(err, errNoAPI) && all == nil {
			list, err = r.fallback(ctx, subject)
			return sorted(list), err
		}
		if err != nil {
			return nil, r.fault("", err)
		}
		all = append(all, list...)
		if next == "" {
			return sorted(all), nil
		}
		path = next
	}
	return nil, r.fault("", fmt.Errorf("referrers of %s: %w (%d pages)", subject, ErrBound, bounds.ReferrerPages))
}

var errNoAPI = errors.New("no referrers API")

func (r *Registry) referrerPage(ctx context.Context, path string) (list []v1.Descriptor, next string, err error) {
	raw, resp, err := r.read(ctx, path, string(types.OCIImageIndex))
	switch statusOf(err) {
	case http.StatusNotFound, http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusNotImplemented:
		return nil, "", errNoAPI
	}
	if err != nil {
		return nil, "", err
	}
	if kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != string(types.OCIImageIndex) {
		return nil, "", errNoAPI
	}
	idx := new(v1.IndexManifest)
	if err := strictjson.Decode(raw, bounds.Manifest, idx); err != nil {
		return nil, "", fmt.Errorf("reading list of referrers: %w", err)
	}
	next, err = r.nextPage(resp)
	return idx.Manifests, next, err
}

// nextPage reads the Link header (RFC 8288) and stays within the repository's list.
func (r *Registry) nextPage(resp *http.Response) (string, error) {
	target, params, ok := strings.Cut(strings.TrimPrefix(resp.Header.Get("Link"), "<"), ">")
	if !ok || !strings.Contains(params, `rel="next"`) && !strings.Contains(params, "rel=next") {
		return "", nil
	}
	u, err := url.Parse(target)
	if err != nil {
		return "", errors.New("its next page is no address")
	}
	u = resp.Request.URL.ResolveReference(u)
	prefix := "/v2/" + r.repo.RepositoryStr() + "/"
	path, within := strings.CutPrefix(u.EscapedPath(), prefix)
	if u.Host != resp.Request.URL.Host || !within || !strings.HasPrefix(path, "referrers/") {
		return "", errors.New("its next page is at another place")
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return path, nil
}

func fallbackTag(subject v1.Hash) string { return subject.Algorithm + "-" + subject.Hex }

func (r *Registry) fallback(ctx context.Context, subject v1.Hash) ([]v1.Descriptor, error) {
	m, err := r.byTag(ctx, fallbackTag(subject))
	if statusOf(err) == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, r.fault("", err)
	}
	idx, err := indexManifest(m)
	if err != nil {
		return nil, err
	}
	return idx.Manifests, nil
}

// pushReferrer implements Store: blobs, manifest, and where there is no referrers
// API the fallback tag, read just before it is written.
func (r *Registry) pushReferrer(ctx context.Context, img v1.Image) error {
	r.attach.Lock()
	defer r.attach.Unlock()
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	config, err := configLayer(img)
	if err != nil {
		return err
	}
	for _, layer := range append(layers, config) {
		if err := r.upload(ctx, layer); err != nil {
			return err
		}
	}
	m, err := referrerManifest(img)
	if err != nil {
		return err
	}
	return r.fault("", r.put(ctx, m))
}

func configLayer(img v1.Image) (v1.Layer, error) {
	name, err := img.ConfigName()
	if err != nil {
		return nil, err
	}
	return img.LayerByDigest(name)
}

func referrerManifest(img v1.Image) (Manifest, error) {
	b, err := img.RawManifest()
	if err != nil {
		return Manifest{}, err
	}
	return describe(b, hash(b))
}

// Referrers implements Store: whatever index.json lists and has the subject.
func (l *Layout) Referrers(ctx context.Context, subject v1.Hash) ([]v1.Descriptor, error) {
	root, err := l.root()
	if err != nil {
		return nil, missing("oci:"+l.dir, subject.String(), err)
	}
	defer root.Close()
	idx, err := l.index(root)
	if err != nil {
		return nil, err
	}
	var found []v1.Descriptor
	for _, d := range idx.Manifests {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		of, err := l.subject(root, d)
		if err != nil {
			return nil, err
		}
		if of != nil && of.Digest == subject {
			found = append(found, d)
		}
	}
	return sorted(found), nil
}

// subject returns what a manifest in index.json refers to, or nil.
func (l *Layout) subject(root *os.Root, d v1.Descriptor) (*v1.Descriptor, error) {
	if !d.MediaType.IsImage() && !d.MediaType.IsIndex() {
		return nil, nil
	}
	m, err := l.manifest(root, d.Digest)
	if err != nil {
		return nil, err
	}
	var head struct {
		Subject *v1.Descriptor `json:"subject"`
	}
	if err := strictjson.Decode(m.Bytes, bounds.Manifest, &head); err != nil {
		return nil, badShape(d.Digest, "its subject is no descriptor", err)
	}
	return head.Subject, nil
}

// sorted orders descriptors by digest and drops the doubled.
func sorted(list []v1.Descriptor) []v1.Descriptor {
	slices.SortStableFunc(list, func(a, b v1.Descriptor) int { return strings.Compare(a.Digest.String(), b.Digest.String()) })
	return slices.CompactFunc(list, func(a, b v1.Descriptor) bool { return a.Digest == b.Digest })
}
