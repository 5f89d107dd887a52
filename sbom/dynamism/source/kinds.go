package source

import "slices"

// Kind is what a finding says. The list is closed (docs/formats.md, "Kinds of
// finding"); each kind has a page in docs/kinds.
type Kind string

// The kinds of finding by file: a line of its JavaScript.
const (
	Eval              Kind = "eval"               // a string becomes code in the scope of eval
	FunctionCtor      Kind = "function-ctor"      // a string becomes a function
	CtorTrick         Kind = "ctor-trick"         // ... and Function was reached through a constructor property
	StringTimer       Kind = "string-timer"       // a timer that is given a string
	VM                Kind = "vm"                 // node:vm
	Wasm              Kind = "wasm"               // WebAssembly is compiled or run
	NonliteralRequire Kind = "nonliteral-require" // require of what is not a constant
	NonliteralImport  Kind = "nonliteral-import"  // import() of what is not a constant
	LazyRequire       Kind = "lazy-require"       // require of a constant that runs later or not at all
	RequireResolve    Kind = "require-resolve"    // a file's place is asked for
	CreateRequire     Kind = "create-require"     // a require is made
	ModuleInternals   Kind = "module-internals"   // the loader's own parts
	ChildProcess      Kind = "child_process"      // another program is run
	Worker            Kind = "worker"             // another thread or process of Node
	ProcessBinding    Kind = "process-binding"    // Node's internal bindings
	MonkeyPatch       Kind = "monkey-patch"       // what all code shares is changed
	Obfuscated        Kind = "obfuscated"         // the text hides what it does
	Network           Kind = "network"            // the network is reached
	Filesystem        Kind = "filesystem"         // files are read or written
	Environment       Kind = "environment"        // process.env
)

// The kinds of finding by package. A native addon is found both ways: as a file of
// machine code, and as a line that loads one.
const (
	InstallScript  Kind = "install-script"  // a script that npm runs when it installs the package
	ImplicitGyp    Kind = "implicit-gyp"    // a binding.gyp that makes npm run node-gyp without a script
	NativeAddon    Kind = "native-addon"    // machine code that Node loads into its process (*.node)
	PrebuiltBinary Kind = "prebuilt-binary" // machine code in the tarball, addons among it

	NonJSExecutable Kind = "non-js-executable" // a program that is neither JavaScript nor machine code
	TestCode        Kind = "test-code"         // tests that were published with the package
)

var kindsByFile = []Kind{
	Eval, FunctionCtor, CtorTrick, StringTimer, VM, Wasm, NonliteralRequire, NonliteralImport,
	LazyRequire, RequireResolve, CreateRequire, ModuleInternals, ChildProcess, Worker, NativeAddon,
	ProcessBinding, MonkeyPatch, Obfuscated, Network, Filesystem, Environment,
}

var kindsByPackage = []Kind{InstallScript, ImplicitGyp, NativeAddon, PrebuiltBinary, NonJSExecutable, TestCode}

// KindsByPackage returns the kinds that a package's file index shows, in the order in
// which findings are sorted.
func KindsByPackage() []Kind { return slices.Clone(kindsByPackage) }

// Kinds returns every kind once: those by package, then those by file.
func Kinds() []Kind {
	all := KindsByPackage()
	for _, k := range kindsByFile {
		if !slices.Contains(all, k) {
			all = append(all, k)
		}
	}
	return all
}
