package pipelines

import (
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/internal/rulefile"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Project is a build.hcl, evaluated, with every default filled in. Blocks stand in
// source order.
type Project struct {
	Dir       string // the folder of build.hcl, as it was opened
	File      string // build.hcl, as the user would type it
	Root      string // the project's folder relative to Dir, "." or "a/b"
	Edition   string
	Name      string
	Source    string // where the source is kept, "" where it is not given
	Owner     string
	Contact   string
	Platforms []string // "linux/amd64", in source order

	Variables []Variable
	Snapshot  Snapshot
	Npm       []Npm // one named deps where the file has none
	Bases     []Base
	Fetches   []Fetch
	Steps     []Step
	Images    []Image
	Sbom      Sbom
	Dynamism  Dynamism
	Releases  []Release

	source *hclfile.File
}

// Variable is a value from outside. Value is "" of one that is sensitive.
type Variable struct {
	Name      string
	Type      string // string, number, bool
	Doc       string
	Sensitive bool
	Value     string
	Secret    Sensitive
}

// Snapshot says how artefacts are pinned.
type Snapshot struct {
	Cooldown      time.Duration    // how old a version must be to be pinned
	DenyIntegrity []snapshot.Basis // what must not be all that names a package's bytes
}

// Npm is a tree of packages from a lockfile.
type Npm struct {
	Name      string
	Lockfile  string // relative to the project's folder
	Workspace string // the member of the workspace whose packages it holds, by its folder; "" for the project with all members
	Found     bool   // the file names none: it is the one that stands in the folder
	Implied   bool   // no block stands for it
	Scripts   []Script
	Patches   []Patch
	Packed    []Packed
	Unbuilt   []Unbuilt
	At        diag.Pos
}

// Accepts returns the block that says about a package's version that production does
// without what its install script would make; nil where there is none.
func (n *Npm) Accepts(name, version string) *Unbuilt {
	for i := range n.Unbuilt {
		if p := n.Unbuilt[i].Package; p == name || p == name+"@"+version {
			return &n.Unbuilt[i]
		}
	}
	return nil
}

// Unbuilt accepts a package as its tarball has it, without what its install script or its
// binding.gyp would make.
type Unbuilt struct {
	Package string // a name, or name@version
	Reason  string
	At      diag.Pos
}

// Packed names a tarball of the project for a package that the lockfile takes from git or
// from a folder of the project.
type Packed struct {
	Package string // a name, or name@version
	File    string // relative to the project's folder
	At      diag.Pos
}

// Script allows a package's install scripts.
type Script struct {
	Package string   // a name, or name@version
	Allow   []string // preinstall, install, postinstall: in npm's order
	Reason  string
	Base    string // a base's name
	Env     map[string]string
	Timeout time.Duration
	Memory  int64 // bytes
	At      diag.Pos
}

// Patch changes a package under its own name.
type Patch struct {
	Package  string // name@version
	File     string // relative to the project's folder
	Resolves []string
	At       diag.Pos
}

// Base is a root filesystem: Node and .debs, or an image of a registry.
type Base struct {
	Name     string
	Node     string // a version or the beginning of one: "22"
	Suite    string // of Debian
	Packages []string
	// Compiling are packages that only steps with a compiler find beside it, and no image.
	Compiling []string
	Image     string // a reference; then the other fields are empty
	Implied   bool
	At        diag.Pos
}

// Fetch is a file from a URL.
type Fetch struct {
	Name string
	URL  string
	At   diag.Pos
}

// Step is a command that runs in the sandbox.
type Step struct {
	Name    string
	Use     string // the standard pipeline that it was made from, or ""
	Base    string // a base's name
	Inputs  []Source
	Run     []string
	Env     map[string]string
	Outputs []string // relative to the working folder, sorted
	Timeout time.Duration
	Memory  int64 // bytes, of all its processes together
	// Disk is what it may write, in bytes, and Processes what it may have at once, threads
	// among them; 0 is the language's default.
	Disk      int64
	Processes int
	Network   string
	Trace     bool
	Compiler  bool // a compiler, Node's headers and node-gyp stand beside its base
	At        diag.Pos
	rng       hcl.Range

	Unreproducible string // why it is known not to make the same twice; "" of one that does
}

// Image is what is built.
type Image struct {
	Name       string
	Base       string // a base's name
	Repository string // "" where only a layout is written
	Tags       []string
	After      []string // steps that must pass first
	User       string
	Workdir    string
	Entrypoint []string
	Cmd        []string
	Env        map[string]string
	Labels     map[string]string
	Expose     []string
	StopSignal string
	Guard      string
	Guarding   Guarding
	Platforms  []string
	Layers     []Layer
	Checks     []Check
	Implied    bool // the layers are the default ones
	At         diag.Pos
}

// Layer joins sources at a path of the image.
type Layer struct {
	Name string
	From []Source
	To   string // absolute; a folder, or the file's own path where From is one fetch
	At   diag.Pos
}

// Sbom says how the BOM is written and what it may not hold.
type Sbom struct {
	SpecVersion string
	DenyLicense []string
	Denied      diag.Pos // where DenyLicense stands
}

// Dynamism says where code may come to life.
type Dynamism struct {
	rulefile.Block
	Load       []Load
	Evaluators []Evaluator

	Instrumenters []Instrumenter
	Generated     []Generated
}

// Load joins files to the production source list by hand.
type Load struct {
	Glob   string
	Reason string
	At     diag.Pos
}

// Release is a gate that a release of that name goes through.
type Release struct {
	Name     string
	Baseline string
	Deny     []string
	Review   []string
	At       diag.Pos
}

// Step returns the step of that name.
func (p *Project) Step(name string) (*Step, bool) {
	for i := range p.Steps {
		if p.Steps[i].Name == name {
			return &p.Steps[i], true
		}
	}
	return nil, false
}

// Base returns the base of that name.
func (p *Project) Base(name string) (*Base, bool) {
	for i := range p.Bases {
		if p.Bases[i].Name == name {
			return &p.Bases[i], true
		}
	}
	return nil, false
}

// Tree returns the npm block of that name.
func (p *Project) Tree(name string) (*Npm, bool) {
	for i := range p.Npm {
		if p.Npm[i].Name == name {
			return &p.Npm[i], true
		}
	}
	return nil, false
}

// Image returns the image of that name.
func (p *Project) Image(name string) (*Image, bool) {
	for i := range p.Images {
		if p.Images[i].Name == name {
			return &p.Images[i], true
		}
	}
	return nil, false
}
