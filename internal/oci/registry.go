package oci

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/retry"
)

// Options say how to reach a registry. The zero value is anonymous, direct and
// trusts the machine's certificates.
type Options struct {
	Transport http.RoundTripper // proxies, certificates and client keys are in it, and a pace.Transport
	Keychain  authn.Keychain    // see Credentials
	Retry     retry.Policy      // of what failed in a way that may pass
	UserAgent string
}

// Registry is a Store in one repository of a registry (OCI distribution
// specification 1.1).
type Registry struct {
	repo      name.Repository
	auth      authn.Keychain
	transport http.RoundTripper
	retry     retry.Policy
	pusher    *remote.Pusher
	attach    sync.Mutex // one change of a fallback tag at a time

	connecting sync.Mutex
	client     *http.Client
}

// OpenRegistry returns the repository that a reference names. Nothing is asked yet.
func OpenRegistry(ref Ref, opt Options) (*Registry, error) {
	repo, err := name.NewRepository(ref.Name(), name.StrictValidation)
	if err != nil {
		return nil, badReference(ref.String(), "it is no repository name", "write REGISTRY/REPOSITORY:TAG")
	}
	if opt.Transport == nil {
		plain := http.DefaultTransport.(*http.Transport).Clone()
		plain.Proxy = nil
		opt.Transport = &pace.Transport{Inner: plain}
	}
	if opt.Keychain == nil {
		opt.Keychain = Credentials()
	}
	var rt http.RoundTripper = &retry.Transport{Inner: &guard{inward(repo.Registry.RegistryStr(), opt.Transport)}, Policy: opt.Retry, Alone: alone}
	if opt.UserAgent != "" {
		rt = transport.NewUserAgent(rt, opt.UserAgent)
	}
	pusher, err := remote.NewPusher(remote.WithTransport(rt), remote.WithAuthFromKeychain(opt.Keychain),
		remote.WithRetryBackoff(remote.Backoff{Duration: time.Second, Factor: 3, Jitter: 0.1, Steps: 1}))
	if err != nil {
		return nil, fmt.Errorf("preparing to push: %w", err)
	}
	return &Registry{repo: repo, auth: opt.Keychain, transport: rt, retry: opt.Retry, pusher: pusher}, nil
}

// connect asks the registry how it wants to be asked, once; a failure is asked again.
func (r *Registry) connect(ctx context.Context) (*http.Client, error) {
	r.connecting.Lock()
	defer r.connecting.Unlock()
	if r.client != nil {
		return r.client, nil
	}
	auth, err := authn.Resolve(ctx, r.auth, r.repo)
	if err != nil {
		return nil, err
	}
	rt, err := transport.NewWithContext(ctx, r.repo.Registry, auth, r.transport, []string{r.repo.Scope(transport.PullScope)})
	if err != nil {
		return nil, err
	}
	r.client = &http.Client{Transport: rt, CheckRedirect: followRedirect}
	return r.client, nil
}

// whole does what takes more than one request, or a body, all of it again where it
// failed in a way that may pass.
func (r *Registry) whole(ctx context.Context, once func(ctx context.Context) error) error {
	return r.during(ctx, 0, once)
}

// during is whole for so many bytes that go over the line.
func (r *Registry) during(ctx context.Context, size int64, once func(ctx context.Context) error) error {
	policy := r.retry
	policy.Whole = pace.Longer(policy.Limit(), size)
	return retry.Bare(policy.Do(ctx, r.repo.RegistryStr(), func(ctx context.Context) error {
		err := once(ctx)
		if err != nil && !retry.Passing(err) {
			err = retry.Final{Err: err}
		}
		return err
	}))
}

// read asks for a path and returns the body of its answer, bounded by the guard, and
// the answer.
func (r *Registry) read(ctx context.Context, path string, accept ...string) (body []byte, resp *http.Response, err error) {
	err = r.whole(ctx, func(ctx context.Context) error {
		if resp, err = r.get(ctx, path, http.Header{"Accept": {strings.Join(accept, ", ")}}); err != nil {
			return err
		}
		defer resp.Body.Close()
		body, err = io.ReadAll(resp.Body)
		return err
	})
	return body, resp, err
}

// get asks for a path under the repository and returns an answer with status 200, or
// 206 where the header asks for a part.
func (r *Registry) get(ctx context.Context, path string, header http.Header) (*http.Response, error) {
	client, err := r.connect(ctx)
	if err != nil {
		return nil, err
	}
	url := fmt.Sprintf("%s://%s/v2/%s/%s", r.repo.Scheme(), r.repo.RegistryStr(), r.repo.RepositoryStr(), path)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header = header
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK && (resp.StatusCode != http.StatusPartialContent || header.Get("Range") == "") {
		resp.Body.Close()
		return nil, retry.StatusOf(resp)
	}
	return resp, nil
}

var manifestTypes = []string{
	string(types.OCIManifestSchema1), string(types.OCIImageIndex),
	string(types.DockerManifestSchema2), string(types.DockerManifestList),
}

// Resolve implements Store.
func (r *Registry) Resolve(ctx context.Context, tag string) (v1.Descriptor, error) {
	if tag == "" {
		tag = "latest"
	}
	m, err := r.byTag(ctx, tag)
	if err != nil {
		return v1.Descriptor{}, r.fault("tag "+tag, err)
	}
	return m.Descriptor, nil
}

func (r *Registry) byTag(ctx context.Context, tag string) (Manifest, error) {
	raw, _, err := r.read(ctx, "manifests/"+tag, manifestTypes...)
	if err != nil {
		return Manifest{}, err
	}
	return describe(raw, hash(raw))
}

// Manifest implements Source.
func (r *Registry) Manifest(ctx context.Context, digest v1.Hash) (Manifest, error) {
	if digest.Algorithm != "sha256" {
		return Manifest{}, badShape(digest, "its digest is not SHA-256", nil)
	}
	raw, _, err := r.read(ctx, "manifests/"+digest.String(), manifestTypes...)
	if err == nil {
		raw, err = hold(bytes.NewReader(raw), digest, bounds.Manifest)
	}
	if err != nil {
		return Manifest{}, r.fault("manifest "+digest.String(), err)
	}
	return describe(raw, digest)
}

// Blob implements Source.
func (r *Registry) Blob(ctx context.Context, desc v1.Descriptor) (io.ReadCloser, error) {
	if err := checkBlob(desc); err != nil {
		return nil, err
	}
	body, err := r.openBlob(ctx, desc)
	if err != nil {
		return nil, r.fault("blob "+desc.Digest.String(), err)
	}
	return &blaming{verifying(body, desc), r.repo.String()}, nil
}

func (r *Registry) fault(what string, err error) error {
	if what != "" && statusOf(err) == http.StatusNotFound {
		return missing(r.repo.String(), what, ErrNotFound)
	}
	return classify(r.repo.String(), err)
}
