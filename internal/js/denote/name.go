package denote

// Name is one thing that an expression may denote. Path is its canonical name, the
// same for every way to it:
//
//   - of a global its name and members: "eval", "Reflect.construct", "process.env",
//     "Array.prototype.map"; the global object itself is "globalThis". What Node also
//     exports from a module is named as the global: "process", "Buffer", "setTimeout";
//   - of a builtin module "node:" and its name, then members: "node:fs",
//     "node:child_process.exec", "node:fs/promises.readFile"; a default export is
//     the module;
//   - of a package "npm:" and the specifier, then members: "npm:lodash.template",
//     "npm:@scope/name/sub.member";
//   - of the module's own: "require", "require.resolve", "module", "import.meta".
//     What createRequire returns is "require" as well;
//   - the constructors that have no global name: "AsyncFunction",
//     "GeneratorFunction", "AsyncGeneratorFunction".
//
// Root is the global, module or package that the path begins with, which a dot in a
// package's name would otherwise hide. ID is the same for equal names of one
// Denoter, so that work over names can be kept by it.
type Name struct {
	Path string
	Root string
	Via  Via
	ID   uint32
}

// Via says what was odd about the way to a name.
type Via uint8

// The ways.
const (
	ViaConstructor Via = 1 << iota // through the constructor property of some value
	ViaComputed                    // a member's name was computed
	ViaThis                        // through this where it may be the global object
	ViaCopy                        // an object with the members of what the path names
	ViaCreated                     // a require that createRequire or the module object gave
)

// Module returns the canonical name of what a constant specifier brings in; ok is
// false for files, URLs and what is not a specifier.
func Module(specifier string) (path string, ok bool) { return modulePath(specifier) }

// Member returns the name of a member of a module whose canonical name Module gave.
func Member(module, name string) Name {
	path := module + "." + name
	if other, ok := same[path]; ok {
		return Name{Path: other, Root: other}
	}
	return Name{Path: path, Root: module}
}
