package oci

import (
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
	"github.com/nbuild/nbuild/internal/retry"
)

// Options say how to reach a registry. The zero value is anonymous, direct and
// trusts the machine's certificates.
type Options struct {
	Transport http.RoundTripper // proxies, certificates and client keys are in it
	Keychain  authn.Keychain    // see Credentials
	Retry     retry.Policy      // of what failed in a way that may pass
	Connect   time.Duration     // until an answer begins; bounds.ConnectTimeout
	Stall     time.Duration     // without a byte of it; bounds.StallTimeout
	UserAgent string
}

// Registry is a Store in one repository of a registry (OCI distribution
// specification 1.1).
type Registry struct {
	repo      name.Repository
	auth      authn.Keychain
	transport http.RoundTripper
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
		opt.Transport = plain
	}
	if opt.Keychain == nil {
		opt.Keychain = Credentials()
	}
	var rt http.RoundTripper = &guard{inward(repo.Registry.RegistryStr(), opt.Transport), orElse(opt.Connect, bounds.ConnectTimeout), orElse(opt.Stall, bounds.StallTimeout)}
	rt = &retry.Transport{Inner: rt, Policy: opt.Retry}
	if opt.UserAgent != "" {
		rt = transport.NewUserAgent(rt, opt.UserAgent)
	}
	pusher, err := remote.NewPusher(remote.WithTransport(rt), remote.WithAuthFromKeychain(opt.Keychain),
		remote.WithRetryBackoff(remote.Backoff{Duration: time.Second, Factor: 3, Jitter: 0.1, Steps: 1}))
	if err != nil {
		return nil, fmt.Errorf("preparing to push: %w", err)
	}
	return &Registry{repo: repo, auth: opt.Keychain, transport: rt, pusher: pusher}, nil
}

func orElse(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
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

// get asks for a path under the repository and returns an answer with status 200.
func (r *Registry) get(ctx context.Context, path string, accept ...string) (*http.Response, error) {
	client, err := r.connect(ctx)
	if err != nil {
		return nil, err
	}
	url := fmt.Sprintf("%s://%s/v2/%s/%s", r.repo.Scheme(), r.repo.RegistryStr(), r.repo.RepositoryStr(), path)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if len(accept) > 0 {
		req.Header.Set("Accept", strings.Join(accept, ", "))
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
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
	resp, err := r.get(ctx, "manifests/"+tag, manifestTypes...)
	if err != nil {
		return Manifest{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body) // bounded by the guard
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
	resp, err := r.get(ctx, "manifests/"+digest.String(), manifestTypes...)
	if err != nil {
		return Manifest{}, r.fault("manifest "+digest.String(), err)
	}
	defer resp.Body.Close()
	raw, err := hold(resp.Body, digest, bounds.Manifest)
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
	resp, err := r.get(ctx, "blobs/"+desc.Digest.String())
	if err != nil {
		return nil, r.fault("blob "+desc.Digest.String(), err)
	}
	if resp.ContentLength >= 0 && resp.ContentLength != desc.Size {
		resp.Body.Close()
		return nil, r.fault("", fmt.Errorf("%s: %w: %d bytes are announced, its size is %d", desc.Digest, ErrMismatch, resp.ContentLength, desc.Size))
	}
	return &blaming{verifying(resp.Body, desc), r.repo.String()}, nil
}

// PushImage implements Store. The manifest is read back, because a registry that
// says "created" has not shown it.
func (r *Registry) PushImage(ctx context.Context, img v1.Image) (v1.Descriptor, error) {
	return r.push(ctx, img)
}

// PushIndex implements Store.
func (r *Registry) PushIndex(ctx context.Context, idx v1.ImageIndex) (v1.Descriptor, error) {
	return r.push(ctx, idx)
}

func (r *Registry) push(ctx context.Context, t remote.Taggable) (v1.Descriptor, error) {
	raw, err := t.RawManifest()
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("reading manifest: %w", err)
	}
	if len(raw) > bounds.Manifest {
		return v1.Descriptor{}, r.fault("", fmt.Errorf("manifest: %w (%d bytes)", ErrBound, bounds.Manifest))
	}
	digest := hash(raw)
	if err := r.pusher.Push(ctx, r.repo.Digest(digest.String()), t); err != nil {
		return v1.Descriptor{}, fmt.Errorf("pushing: %w", r.fault("", err))
	}
	m, err := r.Manifest(ctx, digest)
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("reading back what was pushed: %w", err)
	}
	return m.Descriptor, nil
}

// raw is a manifest as remote takes it.
type raw struct{ Manifest }

func (r raw) RawManifest() ([]byte, error)        { return r.Bytes, nil }
func (r raw) MediaType() (types.MediaType, error) { return r.Descriptor.MediaType, nil }

// Tag implements Store, and reads the tag back.
func (r *Registry) Tag(ctx context.Context, digest v1.Hash, tag string) error {
	if !tagForm().MatchString(tag) {
		return badReference(r.repo.String()+":"+tag, "its tag is malformed", "a tag is a letter, digit or _, then up to 127 of letters, digits, _ . -")
	}
	m, err := r.Manifest(ctx, digest)
	if err != nil {
		return err
	}
	if err := r.pusher.Put(ctx, r.repo.Tag(tag), raw{m}); err != nil {
		return fmt.Errorf("moving tag %s: %w", tag, r.fault("", err))
	}
	got, err := r.Resolve(ctx, tag)
	if err != nil {
		return fmt.Errorf("reading back tag %s: %w", tag, err)
	}
	if got.Digest != digest {
		return r.fault("", fmt.Errorf("tag %s: %w: it points at %s", tag, ErrMismatch, got.Digest))
	}
	return nil
}

func (r *Registry) fault(what string, err error) error {
	if what != "" && statusOf(err) == http.StatusNotFound {
		return missing(r.repo.String(), what, ErrNotFound)
	}
	return classify(r.repo.String(), err)
}
