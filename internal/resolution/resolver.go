package resolution

import (
	"io/fs"
	"slices"
)

// Target is the Node that resolves.
type Target struct {
	Node Version
	// Conditions are those given with --conditions, beside Node's own.
	Conditions []string
	// NoRequireModule is Node's --no-experimental-require-module: require takes no
	// ECMAScript module, and the condition module-sync does not hold.
	NoRequireModule bool
}

// Resolver answers for one fs.FS and one target. It remembers what it read, so it
// holds that the files do not change; it may not be used from two goroutines at
// once.
type Resolver struct {
	fsys      fs.FS
	tree      *Tree
	node      Version
	sync      bool // the condition module-sync holds
	custom    []string
	manifests map[string]loaded
	used      []string
	blind     blindness
	name      string // under which the file was found
}

// Result is what a specifier means: a module of Node itself (Builtin, its name
// without "node:"), a data: URL (Data, the whole of it), or the file at Path.
type Result struct {
	Path    string
	Name    string // the file at Path by the name it was found under, before links were followed
	Builtin string
	Data    string
	// Manifests are the package.json files whose name, main, exports or imports
	// decided, sorted.
	Manifests []string
}

// New returns a Resolver over fsys.
func New(fsys fs.FS, target Target) *Resolver {
	return &Resolver{
		fsys: fsys, tree: NewTree(fsys), node: target.Node, custom: target.Conditions,
		sync:      target.Node.requiresModules() && !target.NoRequireModule,
		manifests: map[string]loaded{},
	}
}

// Tree returns what the Resolver looks at files with.
func (r *Resolver) Tree() *Tree { return r.tree }

// Mode is who asks.
type Mode uint8

// The modes: require and its kin, import and its kin, and Node itself, which starts
// a process or a worker with a file. To resolve, Start is as Require.
const (
	Require Mode = iota
	Import
	Start
)

// Resolve returns what a specifier means in a file, which is named by its
// realpath. The error is an *Error where Node itself would throw.
func (r *Resolver) Resolve(specifier, parent string, mode Mode) (Result, error) {
	r.used, r.name = nil, ""
	if mode == Start {
		mode = Require
	}
	var res Result
	var err error
	if mode == Import {
		res, err = r.esm(specifier, parent)
	} else {
		res, err = r.cjs(specifier, parent)
	}
	if err != nil {
		return Result{}, explain(err, specifier, parent)
	}
	if res.Path != "" {
		res.Name = r.name
	}
	slices.Sort(r.used)
	res.Manifests = slices.Compact(r.used)
	return res, nil
}

// use notes that a package.json decided.
func (r *Resolver) use(m *Manifest) { r.used = append(r.used, m.Path) }

// conditions reports whether a key of conditional exports holds (Node's
// documentation, "Conditional exports").
func (r *Resolver) condition(key string, mode Mode) bool {
	switch key {
	case "default", "node", "node-addons":
		return true
	case "require":
		return mode == Require
	case "import":
		return mode == Import
	case "module-sync":
		return r.sync && r.blind != noSync
	}
	return slices.Contains(r.custom, key)
}
