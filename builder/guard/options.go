package guard

// Options is what an image may say about its guard beside the mode. The zero value
// bounds eval as the mode does, starts no program but Node, and sets no permission.
type Options struct {
	// Eval is the mode of bounded eval alone; "" is the guard's own mode.
	Eval Mode
	// Home is the folder of the guard in the image; "" is /.nbuild.
	Home string
	// Children are the real paths of programs, beside Node, that may be started.
	Children []string
	// Environment are names of variables, such as LD_LIBRARY_PATH, that children may
	// be given although they can make a program run other code.
	Environment []string
	// Console "module" makes console lines name their module, one record a line.
	Console string
	// Imports are the paths of those listed files that have an import() in them. While
	// none of them runs, the guard leaves out what its hooks cost. nil says nothing of
	// them.
	Imports []string
	// Libraries are what listed addons link to, by the path of the addon.
	Libraries map[string]Linked
	// Permission sets Node's permission model; nil leaves it off.
	Permission *Permission
	// Node is the major version of the image's Node: 20, 22, 24 or 26. It decides how
	// flags are spelled.
	Node int
	// Minor is the minor version, or a large number for the last of its line. It decides
	// which flags there are.
	Minor int
}

// RequiresModules reports whether require takes ECMAScript modules in a guarded Node of
// a major version. Node 20 asks no hook for what such a module imports, so there the
// guard turns that off, as it was for most of that line's life.
func RequiresModules(major int) bool { return major != 20 }

// Permission is what Node's permission model allows. Reading is allowed everywhere:
// the list says what may run, and images have no secrets to hide from themselves.
type Permission struct {
	Write    []string // paths that may be written; "*" is all
	Children bool     // child processes may be started
	Workers  bool     // worker threads may be started
	Addons   bool     // native addons may be loaded
	WASI     bool     // WASI may be used
	Net      bool     // the network may be used (Node 25 and later ask)
}

// Linked is what the loader takes for an addon before it runs.
type Linked struct {
	// Load are the libraries of the image, each behind those that it needs itself. They
	// are on the source list.
	Load []string `json:"load"`
	// Absent are the paths where the loader looks before it finds the libraries of the
	// base. Nothing stands there.
	Absent []string `json:"absent"`
}
