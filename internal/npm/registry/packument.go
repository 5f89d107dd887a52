package registry

import (
	"encoding/json"
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
	read := func(v any, limit int) error {
		raw, err := s.Value(limit)
		if err == nil {
			_ = json.Unmarshal(raw, v) // of another type: as if it were not given
		}
		return err
	}
	err := s.Object(func(key string) error {
		switch key {
		case "name":
			return read(&p.Name, bounds.Path)
		case "time":
			return s.Members(func(key string) error {
				if !slices.Contains(wanted, key) {
					return s.Skip()
				}
				var at time.Time
				err := read(&at, 64)
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

// account is a person as package documents name one.
type account struct {
	Name string `json:"name"`
}

func (a *account) UnmarshalJSON(raw []byte) error {
	if json.Unmarshal(raw, &a.Name) == nil {
		return nil
	}
	type plain account
	_ = json.Unmarshal(raw, (*plain)(a))
	return nil
}

func names(who []account) []string {
	out := make([]string, 0, len(who))
	for _, a := range who {
		name, _, _ := strings.Cut(a.Name, "<") // old documents have "NAME <MAIL>", and the mail is nobody's business
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func parseVersion(raw []byte) (Version, error) {
	var doc struct {
		Deprecated  any       `json:"deprecated"`
		Maintainers []account `json:"maintainers"`
		Dist        struct {
			Integrity    string `json:"integrity"`
			Shasum       string `json:"shasum"`
			Tarball      string `json:"tarball"`
			Attestations struct {
				Provenance struct {
					PredicateType string `json:"predicateType"`
				} `json:"provenance"`
			} `json:"attestations"`
		} `json:"dist"`
	}
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(raw, &whole); err != nil {
		return Version{}, fmt.Errorf("%w: a version: %w", strictjson.ErrSyntax, err)
	}
	for key, to := range map[string]any{"deprecated": &doc.Deprecated, "maintainers": &doc.Maintainers, "dist": &doc.Dist} {
		if len(whole[key]) > 0 {
			_ = json.Unmarshal(whole[key], to) // of another type: as if it were not given
		}
	}
	v := Version{Tarball: doc.Dist.Tarball, Maintainers: names(doc.Maintainers)}
	if kind := doc.Dist.Attestations.Provenance.PredicateType; len(kind) <= maxPredicateType {
		v.Provenance = kind
	}
	switch d := doc.Deprecated.(type) {
	case string:
		v.Deprecated = d != ""
	case bool:
		v.Deprecated = d
	}
	named, _ := sri.Parse(doc.Dist.Integrity) // without one there is the shasum
	if sum, err := sri.FromSHA1(doc.Dist.Shasum); err == nil {
		if named.Contradicts(sum) {
			return Version{}, fmt.Errorf("%w: a version with two SHA-1", strictjson.ErrSyntax)
		}
		named = named.Join(sum)
	}
	v.Integrity = named.String()
	return v, nil
}
