// Package images opens the places where images are, for the operations that read
// or write them: a registry with the host's proxies and credentials, or a layout.
//
// It is also where a place becomes evidence: what is attached to an image, in the
// form that a verdict is made of.
//
// The invariant: what could not be read is an error of its own, never left out, so
// that a verdict can't rest on the absence of a statement.
package images

import (
	"encoding/hex"
	"fmt"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/oci"
)

// Open parses an image name and opens its place. A relative layout or archive is
// taken from the host's folder. A docker archive has no store: it is nil.
func Open(host machine.Host, name string) (oci.Ref, oci.Store, error) {
	ref, err := oci.Parse(name)
	if err != nil {
		return ref, nil, err
	}
	at := ref
	if ref.Kind != oci.InRegistry {
		at.Path = Path(host, ref)
	}
	if ref.Kind == oci.InArchive {
		return ref, nil, nil
	}
	store, err := oci.Open(at, Options(host))
	return ref, store, err
}

// OpenStore is Open where only a store will do: an archive is a Problem.
func OpenStore(host machine.Host, name string) (oci.Ref, oci.Store, error) {
	ref, store, err := Open(host, name)
	if err == nil && store == nil {
		_, err = oci.Open(ref, Options(host))
	}
	return ref, store, err
}

// Options is how registries are reached: with the host's proxies and logins.
func Options(host machine.Host) oci.Options {
	return oci.Options{
		Transport: host.Transport(), Keychain: oci.Credentials(credentialFiles(host)...), UserAgent: "nbuild/" + host.Version,
		Retry: host.Retry(),
	}
}

// Path returns where a layout or an archive stands on the host.
func Path(host machine.Host, ref oci.Ref) string { return host.Path(ref.Path) }

// credentialFiles lists where docker and podman keep logins, the first that is
// there counts.
func credentialFiles(host machine.Host) []string {
	var files []string
	if f := host.Env("REGISTRY_AUTH_FILE"); f != "" {
		files = append(files, f)
	}
	if dir := host.Env("DOCKER_CONFIG"); dir != "" {
		files = append(files, filepath.Join(dir, "config.json"))
	}
	if dir := host.Env("XDG_RUNTIME_DIR"); dir != "" {
		files = append(files, filepath.Join(dir, "containers", "auth.json"))
	}
	if host.Home != "" {
		files = append(files, filepath.Join(host.Home, ".docker", "config.json"))
	}
	return files
}

// Digest returns an OCI digest as the store has it. Anything but SHA-256 is
// refused.
func Digest(h v1.Hash) (cas.Digest, error) {
	if h.Algorithm != "sha256" {
		return cas.Digest{}, fmt.Errorf("digest %s is no SHA-256", h)
	}
	return cas.ParseDigest(h.Hex)
}

// Hash returns a digest in OCI's form.
func Hash(d cas.Digest) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(d[:])}
}
