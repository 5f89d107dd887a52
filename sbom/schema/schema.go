// Package schema holds JSON documents to the schemas of CycloneDX, which it embeds.
//
// It is so small because the schemas are given: those of three versions and the three
// that they refer to, in JSON Schema draft-07, of which they use some thirty keywords.
// A general validator compiles the metaschemas of every draft when a process starts,
// for 21,000 allocations, and each command would pay for what only `nbuild sbom
// validate` asks. That validator is what the tests compare this one with.
//
// The invariant: a keyword that this package does not know is an error where the schema
// is read, never a rule that is passed over.
//
// The specification is JSON Schema draft-07 (core and validation). What its section on
// format leaves open is as strict as the validator of the tests is: date, date-time, uri
// and iri-reference are held, idn-email is not.
package schema

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/nbuild/nbuild/internal/bounds"
)

// files are the specification's own, see NOTICE.
//
//go:embed *.schema.json
var files embed.FS

// base is where the schemas say they live, so that they find each other. It is a
// name: nothing is fetched from there.
const base = "http://cyclonedx.org/schema/"

// A Schema is the schema of one version of CycloneDX.
type Schema struct{ root *rule }

// Versions are the versions of CycloneDX that have a schema here, oldest first.
func Versions() []string { return slices.Clone(versions) }

var versions = []string{"1.5", "1.6", "1.7"}

// read has the schemas in the order of versions, each read once a process.
var read = []func() (*Schema, error){
	sync.OnceValues(func() (*Schema, error) { return open(versions[0]) }),
	sync.OnceValues(func() (*Schema, error) { return open(versions[1]) }),
	sync.OnceValues(func() (*Schema, error) { return open(versions[2]) }),
}

// Of returns the schema of a version, one of Versions.
func Of(version string) (*Schema, error) {
	i := slices.Index(versions, version)
	if i < 0 {
		return nil, fmt.Errorf("no schema of CycloneDX %q", version)
	}
	return read[i]()
}

// URL is the name of the schema of a version, as documents give it in $schema.
func URL(version string) string { return base + "bom-" + version + ".schema.json" }

func open(version string) (*Schema, error) {
	root, err := compile(URL(version), func(url string) ([]byte, error) {
		name, ok := strings.CutPrefix(url, base)
		if !ok {
			return nil, fmt.Errorf("no schema %s here", url)
		}
		return files.ReadFile(name)
	})
	if err != nil {
		return nil, fmt.Errorf("reading the schema of CycloneDX %s: %w", version, err)
	}
	return &Schema{root}, nil
}

// Licences are the identifiers of the SPDX list, as the schemas refer to it.
func Licences() []string {
	raw, err := files.ReadFile("spdx.schema.json")
	if err != nil {
		return nil
	}
	var list struct {
		Enum []string `json:"enum"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil
	}
	return list.Enum
}

// A Violation is a place in a document that breaks a rule.
type Violation struct {
	At   string // the place, as its keys with a slash before each; "/" for the whole
	What string // the rule, in words
}

// Check returns where a document breaks the schema: the innermost places, in the order
// of the document's keys by name, up to bounds.Problems of them; none means that it is
// valid. The document is what Decode returns.
func (s *Schema) Check(doc any) []Violation {
	return s.root.check(doc, nil)
}

// violations is a list that keeps its bound.
type violations []Violation

func (vs *violations) add(more ...Violation) {
	*vs = append(*vs, more[:min(len(more), max(0, bounds.Problems-len(*vs)))]...)
}

// at writes a place as Violation has it.
func at(path []string) string { return "/" + strings.Join(path, "/") }
