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

// Referrers implements Store.
func (r *Registry) Referrers(ctx context.Context, subject v1.Hash) ([]v1.Descriptor, error) {
	return collect(ctx, r, subject)
}

// collect is a whole list of referrers, in order. One that is cut is an error.
func collect(ctx context.Context, s Store, subject v1.Hash) ([]v1.Descriptor, error) {
	var all []v1.Descriptor
	cut, err := s.eachReferrer(ctx, subject, func(d v1.Descriptor) { all = append(all, d) })
	if err == nil && cut != nil {
		err = fmt.Errorf("the list of referrers: %w", classify("it", cut))
	}
	if err != nil {
		return nil, err
	}
	return sorted(all), nil
}

// eachReferrer implements Store: by the referrers API, page by page, or by the
// fallback tag where the registry has no such API.
func (r *Registry) eachReferrer(ctx context.Context, subject v1.Hash, each func(v1.Descriptor)) (cut, err error) {
	path := "referrers/" + subject.String()
	left := int64(bounds.ReferrerList)
	for page := range bounds.ReferrerPages {
		raw, next, err := r.referrerPage(ctx, path)
		if errors.Is(err, errNoAPI) && page == 0 {
			return r.fallback(ctx, subject, each)
		}
		over := errors.Is(err, ErrBound)
		if err != nil && !over {
			return nil, r.fault("", err)
		}
		odd, err := entries(raw, each)
		if err != nil && !over {
			return nil, r.fault("", fmt.Errorf("reading list of referrers: %w", err))
		}
		if odd != nil {
			cut = odd
		}
		if left -= int64(len(raw)); over || left <= 0 {
			break
		}
		if next == "" {
			return cut, nil
		}
		path = next
	}
	return fmt.Errorf("referrers of %s: %w (%d bytes, %d pages)", subject, ErrBound, bounds.ReferrerList, bounds.ReferrerPages), nil
}

// entries hands on the descriptors of an index, one by one: a list may be long, and
// whoever can push decides what stands in it. An entry that is no descriptor hides none
// beside it; odd says that there is one.
func entries(raw []byte, each func(v1.Descriptor)) (odd, err error) {
	r := strictjson.NewReader(raw)
	found := false
	r.Object(func(key string, at int) {
		if key != "manifests" || r.Peek() != '[' {
			r.Skip()
			return
		}
		if found {
			r.Fail(at, "key %q stands twice", key)
			return
		}
		found = true
		r.Array(func() {
			var d v1.Descriptor
			one := r.Raw()
			if one == nil {
				return
			}
			err := strictjson.Decode(one, bounds.ReferrerEntry, &d)
			if err == nil {
				err = checkBlob(d)
			}
			if err != nil {
				odd = fmt.Errorf("an entry of the list can't be read: %w", err)
				return
			}
			each(d)
		})
	})
	r.End()
	return odd, r.Err()
}

var errNoAPI = errors.New("no referrers API")

// referrerPage returns one page of a list as it came, with ErrBound what came of it until
// the bound of a list.
func (r *Registry) referrerPage(ctx context.Context, path string) (raw []byte, next string, err error) {
	raw, resp, err := r.read(ctx, path, string(types.OCIImageIndex))
	switch statusOf(err) {
	case http.StatusNotFound, http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusNotImplemented:
		return nil, "", errNoAPI
	}
	if errors.Is(err, ErrBound) {
		return raw, "", ErrBound
	}
	if err != nil {
		return nil, "", err
	}
	if kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != string(types.OCIImageIndex) {
		return nil, "", errNoAPI
	}
	next, err = r.nextPage(resp)
	return raw, next, err
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

func (r *Registry) fallback(ctx context.Context, subject v1.Hash, each func(v1.Descriptor)) (cut, err error) {
	m, err := r.byTag(ctx, fallbackTag(subject))
	if statusOf(err) == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, r.fault("", err)
	}
	if !m.MediaType.IsIndex() {
		return nil, badShape(m.Digest, "it is one image, not an index", nil)
	}
	return entries(m.Bytes, each)
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
	return collect(ctx, l, subject)
}

// eachReferrer implements Store. An entry that can't be read may be a referrer of
// anything, so it is handed on: who reads it finds out, and what is beside it is not
// hidden by it.
func (l *Layout) eachReferrer(ctx context.Context, subject v1.Hash, each func(v1.Descriptor)) (cut, err error) {
	root, err := l.root()
	if err != nil {
		return nil, missing("oci:"+l.dir, subject.String(), err)
	}
	defer root.Close()
	idx, err := l.index(root)
	if err != nil {
		return nil, err
	}
	for _, d := range idx.Manifests {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		of, err := l.subject(root, d)
		if err != nil && d.Digest != subject || of != nil && of.Digest == subject {
			each(d)
		}
	}
	return nil, nil
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
