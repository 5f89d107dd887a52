package resolution

import (
	"path"
	"strings"
)

// Format is what Node makes of a file that it loads, by the names of sources/v1.
type Format string

// The formats. Other is what import refuses by its extension; require reads any
// such file as CommonJS.
const (
	CommonJS Format = "cjs"
	Module   Format = "esm"
	JSON     Format = "json"
	Addon    Format = "addon"
	Wasm     Format = "wasm"
	Other    Format = ""
)

// Script is no format of a file but what Declared says about a name: it is a script of
// CommonJS or a module, by its text.
const Script Format = "script"

// Syntax is what the text of a file can be to Node, where nothing else says so.
type Syntax uint8

// The kinds of text. One that is valid both as a script and as a module is PlainText.
const (
	PlainText  Syntax = iota
	ModuleText        // only as a module: it imports, exports, awaits at its top or names what a script's wrapper names
	WasmText          // it begins as WebAssembly does
)

// Extension returns what Node takes for the extension of a file's name: its end from
// the last dot on, which is not an extension where the name begins with that dot.
func Extension(name string) string {
	base := path.Base(name)
	if i := strings.LastIndexByte(base, '.'); i > 0 {
		return base[i:]
	}
	return ""
}

// Declared returns what a file is to this Node by its name and by packageType, the
// "type" of the package.json that governs it ("module", "commonjs" or "").
// It is Script where the text decides, and Other where Node refuses the file.
// The rules are those of Node's documentation, "Modules: Packages", "Determining
// module system"; where releases differ, they were asked (the tests ask them again).
func (v Version) Declared(name, packageType string, mode Mode) Format {
	ext := Extension(name)
	if mode == Start {
		// A program that is not a module by its name or its package starts as if required,
		// and as if imported where its text turns out to be a module's.
		if ext == "" && packageType == "commonjs" {
			return CommonJS
		}
		mode = Require
		if packageType == "module" || ext == ".mjs" || ext == ".wasm" || ext == ".mts" && v.stripsTypes() {
			mode = Import
		}
	}
	switch ext {
	case ".mjs":
		return Module
	case ".cjs":
		return CommonJS
	case ".json":
		return JSON
	case ".node":
		return Addon
	case ".js":
		return byType(packageType)
	case ".wasm":
		if mode == Import && v.importsWasm() {
			return Wasm
		}
	case ".ts", ".mts", ".cts":
		switch {
		case !v.stripsTypes():
		case inPackages(name):
			return Other
		case ext == ".mts":
			return Module
		case ext == ".cts":
			return CommonJS
		default:
			return byType(packageType)
		}
	case "":
		if mode == Import || v.requiresByType() {
			return byType(packageType)
		}
	}
	if mode == Import {
		return Other
	}
	return Script
}

func byType(packageType string) Format {
	switch packageType {
	case "module":
		return Module
	case "commonjs":
		return CommonJS
	}
	return Script
}

// Format returns what a file, named by its realpath, is to Node when it is loaded in
// the mode. text is asked where the name and the package do not say; nil says that the
// text is plain.
func (r *Resolver) Format(file string, mode Mode, text func() Syntax) (Format, error) {
	packageType := ""
	switch Extension(file) {
	case ".mjs", ".cjs", ".json", ".node": // whatever the package says
	default:
		m, err := r.Governing(file)
		if err != nil {
			return Other, err
		}
		if m != nil {
			packageType = m.Type
		}
	}
	declared := r.node.Declared(file, packageType, mode)
	if text == nil {
		text = func() Syntax { return PlainText }
	}
	imported := mode == Import && packageType != "commonjs" || mode == Start && packageType == "module"
	switch {
	case Extension(file) == "" && imported && r.node.importsWasm() && text() == WasmText:
		return Wasm, nil
	case declared != Script:
		return declared, nil
	case !r.node.detects() || text() != ModuleText:
		return CommonJS, nil
	}
	if ext := Extension(file); mode == Start && ext != "" && ext != ".js" && (ext != ".ts" || !r.node.stripsTypes()) {
		return Other, nil // Node starts over with it as a module, and then its extension is none
	}
	return Module, nil
}

func inPackages(file string) bool { return strings.Contains("/"+file, "/node_modules/") }
