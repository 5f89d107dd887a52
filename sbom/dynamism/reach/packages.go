package reach

import (
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/resolution"
)

// knownLoad is what one file of a package is known to load or read in a way that its
// code does not spell: paths below the package's folder, with holes, or all that its
// optional dependencies hold.
type knownLoad struct {
	file     string // by its end
	needs    []string
	optional bool
}

// knownLoads are by package. Each was read in the package's source.
var knownLoads = map[string][]knownLoad{
	// Prisma's client starts the engine of its platform from beside itself.
	"@generated/photon": {{file: "index.js", needs: []string{"/runtime/" + hole}}},
	// Addons by prebuildify, whose folder is found by the platform's name.
	"@serialport/bindings-cpp": {{file: "dist/index.js", needs: []string{"/build/Release/" + hole, "/prebuilds/" + hole}}},
	"argon2":                   {{file: "argon2.js", needs: []string{"/build/Release/" + hole, "/prebuilds/" + hole, "/lib/binding/" + hole}}},
	// Lua scripts, read by their names in a folder.
	"bull":   {{file: "lib/commands/index.js", needs: []string{"/lib/commands/" + hole}}},
	"camaro": {{file: "dist/camaro.js", needs: []string{"/dist/camaro.wasm"}}},
	// A binary in a package for each platform.
	"esbuild":       {{file: "lib/main.js", optional: true}},
	"sharp":         {{file: "lib/index.js", optional: true}, {file: "lib/sharp.js", optional: true}},
	"ffmpeg-static": {{file: "index.js", needs: []string{"/ffmpeg", "/ffmpeg.exe", "/bin/" + hole}}},
	"geo-tz":        {{file: "dist/geo-tz.js", needs: []string{"/data/geo.dat"}}},
	"geoip-lite":    {{file: "lib/geoip.js", needs: []string{"/data/" + hole + ".dat"}}},
	"google-gax":    {{file: "build/src/grpc.js", needs: []string{"/build/protos/" + hole}}},
	"oracledb":      {{file: "lib/oracledb.js", needs: []string{"/build/Release/" + hole + ".node"}}},
	// The browser that its install script unpacks.
	"phantomjs-prebuilt": {{file: "lib/phantomjs.js", needs: []string{"/bin/" + hole}}},
	"pixelmatch":         {{file: "index.js", needs: []string{"/bin/pixelmatch"}}},
	"playwright-core":    {{file: "index.js", needs: []string{"/browsers.json"}}},
	"remark-prism":       {{file: "src/highlight.js", needs: []string{"/../prismjs/components/" + hole}}},
	// Its index has getters that require by a computed name.
	"semver":     {{file: "index.js", needs: []string{"/preload.js"}}},
	"shiki":      {{file: "dist/index.js", needs: []string{"/languages/" + hole, "/themes/" + hole}}},
	"typescript": {{file: "lib/tsc.js", needs: []string{"/lib/" + hole}}},
	// They join their own sources into one text and compile it.
	"uglify-es": {{file: "tools/node.js", needs: []string{"/lib/" + hole, "/tools/exports.js"}}},
	"uglify-js": {{file: "tools/node.js", needs: []string{"/lib/" + hole, "/tools/exports.js"}}},
}

// packageOf returns the folder and the name of the package that an installed file
// belongs to, "" for the project's own.
func packageOf(file string) (dir, pkg string) {
	i := strings.LastIndex("/"+file, "/node_modules/")
	if i < 0 {
		return "", ""
	}
	rest := file[i+len("node_modules/"):]
	pkg, after, _ := strings.Cut(rest, "/")
	if strings.HasPrefix(pkg, "@") {
		second, _, _ := strings.Cut(after, "/")
		pkg += "/" + second
	}
	return file[:i] + "node_modules/" + pkg, pkg
}

// root returns the folder of the package that a file belongs to.
func (w *walk) root(file string) string {
	if dir, _ := packageOf(file); dir != "" {
		return dir
	}
	if m, err := w.r.Governing(file); err == nil && m != nil {
		return path.Dir(m.Path)
	}
	return path.Dir(file)
}

// known returns the files that a file is known to need.
func (w *walk) known(file string) []string {
	dir, pkg := packageOf(file)
	var out []string
	for _, k := range knownLoads[pkg] {
		if file != dir+"/"+k.file {
			continue
		}
		for _, need := range k.needs {
			out = append(out, w.needed(path.Clean(dir+need))...)
		}
		if k.optional {
			out = append(out, w.optional(dir, 2)...)
		}
	}
	return out
}

func (w *walk) needed(name string) []string {
	before, _, partly := strings.Cut(name, hole)
	if !partly {
		if _, kind := w.tree.Real(name); kind == resolution.File {
			return []string{name}
		}
		return nil
	}
	base := before[:strings.LastIndexByte(before, '/')]
	return w.below(base, name[len(base):])
}

// optional returns all files of the optional dependencies of a package that are
// installed, and of theirs.
func (w *walk) optional(dir string, depth int) []string {
	var out []string
	real, kind := w.tree.Real(dir)
	if kind != resolution.Dir || depth == 0 {
		return nil
	}
	m, err := w.r.Governing(path.Join(real, "package.json"))
	if err != nil || m == nil {
		return nil
	}
	for _, dep := range m.OptionalDependencies {
		if found := w.installed(dep, real); found != "" {
			out = append(out, w.below(found, "")...)
			out = append(out, w.optional(found, depth-1)...)
		}
	}
	return out
}

// installed returns the folder of a package as one in dir finds it, "" for none.
func (w *walk) installed(pkg, dir string) string {
	for {
		if path.Base(dir) != "node_modules" {
			at := path.Join(dir, "node_modules", pkg)
			if _, kind := w.tree.Real(at); kind == resolution.Dir {
				return at
			}
		}
		if dir == "." {
			return ""
		}
		dir = path.Dir(dir)
	}
}
