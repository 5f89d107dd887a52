package predicate

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// BuildType names how nbuild builds and what externalParameters mean (SLSA v1
// provenance §buildType). A changed meaning is a new URI.
const BuildType = "https://nbuild.dev/build/v1"

// Provenance is a SLSA v1 provenance predicate, as far as nbuild writes and
// judges it. There is no startedOn, no finishedOn and, without RunID, no
// invocationId: equal builds have equal provenance. It names no environment.
type Provenance struct {
	BuildDefinition BuildDefinition `json:"buildDefinition"`
	RunDetails      RunDetails      `json:"runDetails"`
}

// BuildDefinition is what went in (SLSA v1 provenance §buildDefinition).
type BuildDefinition struct {
	BuildType            string             `json:"buildType"`
	ExternalParameters   ExternalParameters `json:"externalParameters"`
	InternalParameters   map[string]string  `json:"internalParameters,omitempty"` // codec, sandbox and the like
	ResolvedDependencies []Resource         `json:"resolvedDependencies,omitempty"`
}

// ExternalParameters is what the caller of the build chose.
type ExternalParameters struct {
	Project   string            `json:"project,omitempty"`   // the name in build.hcl
	Source    string            `json:"source,omitempty"`    // the project's source, as build.hcl has it
	File      string            `json:"file,omitempty"`      // build.hcl's path within the source
	Image     string            `json:"image,omitempty"`     // the image block's name
	Platforms []string          `json:"platforms,omitempty"` // sorted
	Variables map[string]string `json:"variables,omitempty"` // by name, none that is sensitive
	Sensitive []string          `json:"sensitive,omitempty"` // names of variables whose values are not shown, sorted
}

// Resource is a SLSA ResourceDescriptor.
type Resource struct {
	Name        string            `json:"name,omitempty"`
	URI         string            `json:"uri,omitempty"` // a purl, or the source's URI; never a registry's address
	Digest      map[string]string `json:"digest,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// RunDetails is who built (SLSA v1 provenance §runDetails).
type RunDetails struct {
	Builder    Builder      `json:"builder"`
	Metadata   *RunMetadata `json:"metadata,omitempty"`
	Byproducts []Resource   `json:"byproducts,omitempty"` // the steps that ran, each by its action's digest
}

// Builder is the platform that ran the build. ID is what trust.hcl binds to a
// member; it is a claim until then.
type Builder struct {
	ID      string            `json:"id"`
	Version map[string]string `json:"version,omitempty"`
}

// RunMetadata distinguishes one run from another.
type RunMetadata struct {
	InvocationID string `json:"invocationId,omitempty"`
}

// Build is what a caller knows about one build, in any order.
type Build struct {
	Parameters ExternalParameters
	Internal   map[string]string
	Steps      []Step         // that ran for it, in any order
	Lock       *snapshot.Lock // every artefact becomes a resolved dependency
	InputRoot  cas.Digest     // of the project's own files
	Commit     string         // git's, "" where none is known
	Dirty      bool           // the files differ from the commit
	BuilderID  string         // a URI
	Version    string         // nbuild's
	RunID      string         // "" unless the caller asked for one
}

// Step is a build step on a platform. How its limits were held is not among what is said of
// it: a limit stops a step and changes no output, and each machine holds it in its own way, so
// that equal builds would say different things.
type Step struct {
	Name           string
	Platform       string
	Action         cas.Digest
	Network        string // what it could reach: "none" or "snapshot"
	Where          string // which machine ran it: "remote" or "cache", and "" for the one that built
	Unreproducible string // why it is known not to make the same twice, "" of one that does
}

// NewProvenance writes down a build. Equal builds give equal provenance.
func NewProvenance(b Build) Provenance {
	p := b.Parameters
	p.Platforms = sortedSet(p.Platforms)
	p.Sensitive = sortedSet(p.Sensitive)
	out := Provenance{
		BuildDefinition: BuildDefinition{
			BuildType: BuildType, ExternalParameters: p,
			InternalParameters: b.Internal, ResolvedDependencies: dependencies(b),
		},
		RunDetails: RunDetails{Builder: Builder{ID: b.BuilderID}},
	}
	if b.Version != "" {
		out.RunDetails.Builder.Version = map[string]string{"nbuild": b.Version}
	}
	for _, s := range b.Steps {
		notes := map[string]string{"network": s.Network, "sandbox": "full"}
		if s.Unreproducible != "" {
			notes["unreproducible"] = s.Unreproducible
		}
		if s.Where != "" {
			notes["where"] = s.Where
		}
		out.RunDetails.Byproducts = append(out.RunDetails.Byproducts, Resource{
			Name: "step " + s.Name + " (" + s.Platform + ")", Digest: sha256Of(s.Action), Annotations: notes,
		})
	}
	slices.SortFunc(out.RunDetails.Byproducts, func(x, y Resource) int { return strings.Compare(x.Name, y.Name) })
	if b.RunID != "" {
		out.RunDetails.Metadata = &RunMetadata{InvocationID: b.RunID}
	}
	return out
}

// Statement makes the statement about an image.
func (p Provenance) Statement(subject Subject) (*Statement, error) {
	return NewStatement(subject, TypeProvenance, p)
}

// ParseProvenance reads the predicate of a provenance statement, also another
// builder's: of external parameters only those that nbuild knows are kept, and of
// another build type none.
func ParseProvenance(s *Statement) (*Provenance, error) {
	var head struct {
		BuildDefinition struct {
			BuildType string `json:"buildType"`
		} `json:"buildDefinition"`
		RunDetails struct {
			Builder struct {
				ID string `json:"id"`
			} `json:"builder"`
		} `json:"runDetails"`
	}
	if err := s.open(TypeProvenance, &head); err != nil {
		return nil, err
	}
	if head.BuildDefinition.BuildType != BuildType {
		return &Provenance{
			BuildDefinition: BuildDefinition{BuildType: head.BuildDefinition.BuildType},
			RunDetails:      RunDetails{Builder: Builder{ID: head.RunDetails.Builder.ID}},
		}, nil
	}
	var p Provenance
	if err := s.open(TypeProvenance, &p); err != nil {
		return nil, err
	}
	return &p, nil
}

// dependencies lists the lock, the project and every artefact, sorted by name,
// URI and digest.
func dependencies(b Build) []Resource {
	var all []Resource
	if !b.InputRoot.IsZero() {
		all = append(all, Resource{Name: "project", Digest: sha256Of(b.InputRoot)})
	}
	if b.Commit != "" {
		r := Resource{Name: "source", URI: b.Parameters.Source, Digest: map[string]string{"gitCommit": b.Commit}}
		if b.Dirty {
			r.Annotations = map[string]string{"dirty": "true"}
		}
		all = append(all, r)
	}
	if b.Lock != nil {
		all = append(all, Resource{Name: "nbuild.lock", Digest: sha256Of(b.Lock.Digest())})
		for a := range b.Lock.All() {
			all = append(all, Resource{Name: a.ID(), URI: purl(a), Digest: sha256Of(a.SHA256)})
		}
	}
	slices.SortFunc(all, func(x, y Resource) int {
		return cmp.Or(
			strings.Compare(x.Name, y.Name), strings.Compare(x.URI, y.URI),
			strings.Compare(x.Digest["sha256"], y.Digest["sha256"]),
		)
	})
	return all
}

func sha256Of(d cas.Digest) map[string]string { return map[string]string{"sha256": d.String()} }

// purl names an artefact in its ecosystem (package-url specification), or gives ""
// where it has none.
func purl(a snapshot.Artefact) string {
	switch a.Kind {
	case snapshot.KindNPM, snapshot.KindNode, snapshot.KindTool:
		if a.Facts["resolution"] != "" {
			return "" // an address or a file: a purl without it would be the registry's package
		}
		namespace, name := "", a.Name
		if at := strings.LastIndexByte(a.Name, '/'); at >= 0 {
			namespace, name = a.Name[:at], a.Name[at+1:]
		}
		return packageurl.NewPackageURL(packageurl.TypeNPM, namespace, name, a.Version, nil, "").ToString()
	case snapshot.KindDeb:
		var q packageurl.Qualifiers
		if _, arch, ok := strings.Cut(a.Platform, "/"); ok {
			q = packageurl.QualifiersFromMap(map[string]string{"arch": arch})
		}
		return packageurl.NewPackageURL(packageurl.TypeDebian, "debian", a.Name, a.Version, q, "").ToString()
	}
	return ""
}

// sortedSet returns a sorted copy without duplicates.
func sortedSet(list []string) []string {
	set := map[string]bool{}
	for _, s := range list {
		set[s] = true
	}
	return slices.Sorted(maps.Keys(set))
}
