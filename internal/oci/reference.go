package oci

import (
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/lazyregexp"
)

// Kind says what sort of place a Ref names.
type Kind int

// The kinds of place.
const (
	InRegistry Kind = iota // a repository of a registry
	InLayout               // an OCI layout, a folder
	InArchive              // a file that docker load takes
)

// Ref is a parsed image name. Tag and Digest are empty where the name has none;
// in a registry a name without either has the tag "latest".
type Ref struct {
	Kind       Kind
	Path       string // of the layout's folder or the archive's file
	Registry   string // host and port
	Repository string // within the registry
	Tag        string
	Digest     v1.Hash
}

var (
	tagForm  = lazyregexp.New(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	zeroHash v1.Hash
)

// Parse reads an image name of the command line's contract: `oci:DIR[:TAG][@sha256:…]`
// is a layout, `docker-archive:FILE` a docker archive, anything else a registry
// reference, whose registry must be spelt out. A name that can't be read is a
// Problem with CodeReference.
func Parse(s string) (Ref, error) {
	if len(s) > bounds.Path {
		return Ref{}, badReference(s[:64]+"…", "it is too long", "shorten the name")
	}
	switch {
	case strings.HasPrefix(s, "oci://"):
		return Ref{}, badReference(s, "there is no oci:// form",
			"write the registry reference without it: "+strings.TrimPrefix(s, "oci://")+", or oci:DIR for a layout on disk")
	case strings.HasPrefix(s, "http://"), strings.HasPrefix(s, "https://"):
		return Ref{}, badReference(s, "an image name is no address",
			"leave out the scheme: "+s[strings.Index(s, "//")+2:])
	case strings.HasPrefix(s, "docker-archive:"):
		file := strings.TrimPrefix(s, "docker-archive:")
		if file == "" || hasControl(file) {
			return Ref{}, badReference(s, "it names no file", "write docker-archive:FILE")
		}
		return Ref{Kind: InArchive, Path: file}, nil
	}
	head, digest, err := cutDigest(s)
	if err != nil {
		return Ref{}, err
	}
	if dir, ok := strings.CutPrefix(head, "oci:"); ok {
		return parseLayout(s, dir, digest)
	}
	return parseRegistry(s, head, digest)
}

func cutDigest(s string) (head string, digest v1.Hash, err error) {
	at := strings.LastIndex(s, "@")
	if at < 0 || !strings.Contains(s[at:], ":") {
		return s, digest, nil
	}
	digest, err = v1.NewHash(s[at+1:])
	if err != nil || digest.Algorithm != "sha256" {
		return "", v1.Hash{}, badReference(s, "what follows @ is no SHA-256 digest", "write @sha256: and 64 hexadecimal digits")
	}
	return s[:at], digest, nil
}

func parseLayout(s, head string, digest v1.Hash) (Ref, error) {
	r := Ref{Kind: InLayout, Path: head, Digest: digest}
	if i := strings.LastIndex(head, ":"); i >= 0 && !strings.Contains(head[i:], "/") {
		r.Path, r.Tag = head[:i], head[i+1:]
		if !tagForm().MatchString(r.Tag) {
			return Ref{}, badReference(s, "its tag is malformed", "a tag is a letter, digit or _, then up to 127 of letters, digits, _ . -")
		}
	}
	if r.Path == "" || hasControl(r.Path) {
		return Ref{}, badReference(s, "it names no folder", "write oci:DIR or oci:DIR:TAG")
	}
	return r, nil
}

func parseRegistry(s, head string, digest v1.Hash) (Ref, error) {
	tag := ""
	if i := strings.LastIndex(head, ":"); i > strings.LastIndex(head, "/") {
		head, tag = head[:i], head[i+1:]
		if !tagForm().MatchString(tag) {
			return Ref{}, badReference(s, "its tag is malformed", "a tag is a letter, digit or _, then up to 127 of letters, digits, _ . -")
		}
	}
	host, path, slash := strings.Cut(head, "/")
	if !slash || !strings.ContainsAny(host, ".:") && host != "localhost" {
		return Ref{}, badReference(s, "it names no registry, and there is no default one",
			"write the registry in front: registry.example.com/"+head)
	}
	repo, err := name.NewRepository(head, name.StrictValidation)
	if err != nil || path == "" {
		return Ref{}, badReference(s, "it is no repository name", "use lower-case letters, digits and . _ - / after the registry")
	}
	if tag == "" && digest == zeroHash {
		tag = "latest"
	}
	return Ref{Kind: InRegistry, Registry: repo.RegistryStr(), Repository: repo.RepositoryStr(), Tag: tag, Digest: digest}, nil
}

// Name returns the place without tag and digest: `oci:DIR`, `docker-archive:FILE`
// or REGISTRY/REPOSITORY.
func (r Ref) Name() string {
	switch r.Kind {
	case InLayout:
		return "oci:" + r.Path
	case InArchive:
		return "docker-archive:" + r.Path
	}
	return r.Registry + "/" + r.Repository
}

// String returns the whole name, as Parse reads it.
func (r Ref) String() string {
	s := r.Name()
	if r.Tag != "" {
		s += ":" + r.Tag
	}
	if r.Digest != zeroHash {
		s += "@" + r.Digest.String()
	}
	return s
}

// At returns the name of one digest at r's place: `REF@sha256:…` without a tag,
// which is what build and release print.
func (r Ref) At(digest v1.Hash) Ref {
	r.Tag, r.Digest = "", digest
	return r
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return c < 0x20 || c == 0x7f })
}

func badReference(s, why, remedy string) error {
	return &diag.Problem{
		Code: CodeReference, What: "image name " + diag.Clean(s) + " can't be read",
		Why: why, Remedy: diag.Clean(remedy),
	}
}
