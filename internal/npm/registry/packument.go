package registry

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/npm/sri"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// Packument is what a registry says about a package: which versions there are, and more
// of those that were asked for only.
type Packument struct {
	Name     string
	Known    []string // every version there is, as the document lists them
	Versions map[string]Version
}

// Version is what a registry says about one version: claims, to be shown as such.
type Version struct {
	Integrity   string    // an SRI of everything that names its bytes, the old shasum included; "" for nothing
	Tarball     string    // its address
	Published   time.Time // zero where it is not given
	Deprecated  bool
	Maintainers []string // accounts that could publish when it was, sorted
	Provenance  string   // predicate type of the attestation of who built it, "" for none
}

// maxVersion bounds what one version of a package document says.
const maxVersion = 4 << 20

// maxPredicateType bounds the name of a type of attestation, which is a short URI.
const maxPredicateType = 256

// maxVersions bounds how many versions and times a document lists.
const maxVersions = 1 << 20

// parsePackument reads a package document as a stream and decodes only the
// versions wanted.
func parsePackument(r io.Reader, wanted []string) (*Packument, error) {
	p := &Packument{Versions: map[string]Version{}}
	times := map[string]time.Time{}
	s := strictjson.NewStream(r, bounds.Packument)
	text := func(limit int) (string, error) {
		raw, err := s.Value(limit)
		return strictjson.NewReader(raw).AsText(), err // of another type: as if it were not given
	}
	err := s.Object(func(key string) (err error) {
		switch key {
		case "name":
			p.Name, err = text(bounds.Path)
			return err
		case "time":
			return s.Members(func(key string) error {
				if !slices.Contains(wanted, key) {
					return s.Skip()
				}
				said, err := text(64)
				at, _ := time.Parse(time.RFC3339, said)
				times[key] = at.UTC()
				return err
			})
		case "versions":
			return s.Members(func(key string) error {
				if p.Known = append(p.Known, key); len(p.Known) > maxVersions {
					return fmt.Errorf("%w: more than %d versions", strictjson.ErrSyntax, maxVersions)
				}
				if !slices.Contains(wanted, key) {
					return s.Skip()
				}
				raw, err := s.Value(maxVersion)
				if err == nil {
					p.Versions[key], err = parseVersion(raw)
				}
				return err
			})
		}
		return s.Skip()
	})
	if err != nil {
		return nil, fmt.Errorf("reading package document: %w", err)
	}
	for _, v := range wanted {
		if version, ok := p.Versions[v]; ok {
			version.Published = times[v]
			p.Versions[v] = version
		}
	}
	return p, nil
}

// accounts reads the names of accounts, each an object with one or a text. Old documents
// have "NAME <MAIL>", and the mail is nobody's business.
func accounts(r *strictjson.Reader) []string {
	out := []string{}
	if r.Peek() != '[' {
		r.Skip()
		return out
	}
	r.Array(func() {
		name := ""
		if r.Peek() == '"' {
			name = r.AsText()
		} else {
			name = member(r, "name")
		}
		name, _, _ = strings.Cut(name, "<")
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// member reads the text that an object has under a key.
func member(r *strictjson.Reader, key string) string {
	text := ""
	r.AsObject(func(k string, _ int) {
		if k == key {
			text = r.AsText()
			return
		}
		r.Skip()
	})
	return text
}

// parseVersion reads what a document says of one version. What is of another type than
// it should be is as if it were not given.
func parseVersion(raw []byte) (Version, error) {
	v := Version{Maintainers: []string{}}
	integrity, shasum := "", ""
	r := strictjson.NewReader(raw)
	r.Object(func(key string, _ int) {
		switch key {
		case "deprecated": // a reason, or true
			if r.Peek() == '"' {
				v.Deprecated = r.AsText() != ""
				return
			}
			v.Deprecated, _ = r.AsBool()
		case "maintainers":
			v.Maintainers = accounts(r)
		case "dist":
			integrity, shasum, v.Tarball, v.Provenance = "", "", "", ""
			r.AsObject(func(key string, _ int) {
				switch key {
				case "integrity":
					integrity = r.AsText()
				case "shasum":
					shasum = r.AsText()
				case "tarball":
					v.Tarball = r.AsText()
				case "attestations":
					v.Provenance = provenance(r)
				default:
					r.Skip()
				}
			})
		default:
			r.Skip()
		}
	})
	if r.End(); r.Failed() {
		return Version{}, fmt.Errorf("%w: a version: %w", strictjson.ErrSyntax, r.Err())
	}
	named, _ := sri.Parse(integrity) // without one there is the shasum
	if sum, err := sri.FromSHA1(shasum); err == nil {
		if named.Contradicts(sum) {
			return Version{}, fmt.Errorf("%w: a version with two SHA-1", strictjson.ErrSyntax)
		}
		named = named.Join(sum)
	}
	v.Integrity = named.String()
	return v, nil
}

// provenance reads the predicate type of the attestation of who built a version.
func provenance(r *strictjson.Reader) string {
	kind := ""
	r.AsObject(func(key string, _ int) {
		if key == "provenance" {
			kind = member(r, "predicateType")
			return
		}
		r.Skip()
	})
	if len(kind) > maxPredicateType {
		return ""
	}
	return kind
}
