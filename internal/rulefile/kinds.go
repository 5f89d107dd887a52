package rulefile

import "slices"

// kinds is the closed list of the inventory (docs/formats.md, "Kinds of finding").
// It is that of the room sbom, in the order of the page; a test there holds the two
// equal.
var kinds = []string{
	"eval", "function-ctor", "ctor-trick", "string-timer", "vm", "wasm", "nonliteral-require", "nonliteral-import", "lazy-require",
	"require-resolve", "create-require", "module-internals", "child_process", "worker", "native-addon", "process-binding", "monkey-patch",
	"obfuscated", "network", "filesystem", "environment", "install-script", "implicit-gyp", "prebuilt-binary", "non-js-executable", "test-code",
}

// Kinds returns the kinds of finding that a rule or an exception can name.
func Kinds() []string { return slices.Clone(kinds) }

// shapes are how an argument can be made (sbom/dynamism, Shape).
var shapes = []string{"constant", "built", "function", "object", "array", "other"}
