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

// Format returns what a file, named by its realpath, is to Node when it is loaded
// in the mode (Node's documentation, "Modules: Packages", "Determining module
// system"). syntax is asked, where nothing else tells and this Node looks into the
// text, whether the text can only be a module.
func (r *Resolver) Format(file string, mode Mode, syntax func() bool) (Format, error) {
	ext := path.Ext(file)
	switch ext {
	case ".mjs", ".mts":
		return Module, nil
	case ".cjs", ".cts":
		return CommonJS, nil
	case ".json":
		return JSON, nil
	case ".node":
		return Addon, nil
	case ".wasm":
		if mode == Import && r.node.importsWasm() {
			return Wasm, nil
		}
		return r.unknown(mode), nil
	case ".js", "":
	case ".ts":
		if !r.node.stripsTypes() {
			return r.unknown(mode), nil
		}
	default:
		return r.unknown(mode), nil
	}
	m, err := r.Governing(file)
	if err != nil {
		return Other, err
	}
	switch {
	case ext == "" && mode == Require:
		return CommonJS, nil
	case m != nil && m.Type == "module":
		return Module, nil
	case m != nil && m.Type == "commonjs":
		return CommonJS, nil
	case r.node.detects() && syntax != nil && syntax():
		return Module, nil
	}
	return CommonJS, nil
}

func (r *Resolver) unknown(mode Mode) Format {
	if mode == Require {
		return CommonJS
	}
	return Other
}

// Strips reports whether Node would load a TypeScript file by taking its types
// away: in this release, and outside of node_modules.
func (r *Resolver) Strips(file string) bool {
	return r.node.stripsTypes() && !strings.HasPrefix(file, "node_modules/") && !strings.Contains(file, "/node_modules/")
}
