package dynamism

import (
	"bytes"
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/resolution"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// isCode reports whether a file's name says that it is JavaScript, TypeScript or
// JSX. What has no extension has to be looked into.
func isCode(name string) bool {
	return source.Reads(name) && resolution.Extension(name) != ""
}

// runtimes are the programs that run JavaScript, as shebangs name them.
var runtimes = map[string]bool{
	"node": true, "nodejs": true, "bun": true, "deno": true, "ts-node": true, "tsx": true, "zx": true, "babel-node": true, "iojs": true,
}

// interpreter returns the program that the first line of a file names behind "#!",
// without its folder, and that line; "" where it names none. What env is asked to set
// or to split is looked past.
func interpreter(src []byte) (program, line string) {
	if !bytes.HasPrefix(src, []byte("#!")) {
		return "", ""
	}
	head, _, _ := bytes.Cut(src[:min(len(src), 512)], []byte("\n"))
	line = strings.ToValidUTF8(strings.TrimSpace(string(head)), "\uFFFD")
	words := strings.Fields(line[2:])
	if len(words) == 0 {
		return "", ""
	}
	program = path.Base(words[0])
	if program == "env" {
		program = ""
		for _, w := range words[1:] {
			if !strings.HasPrefix(w, "-") && !strings.Contains(w, "=") {
				program = path.Base(w)
				break
			}
		}
	}
	return strings.TrimSuffix(program, ".exe"), line
}

// packageType returns "type" of a package.json, "" where it says nothing that Node
// understands.
func packageType(src []byte) string {
	m, err := resolution.ParseManifest(src)
	if err != nil {
		return ""
	}
	return m.Type
}

// mainFile returns the file that "main" of a package.json names, cleaned and below
// the package, or "".
func mainFile(src []byte) string {
	m, err := resolution.ParseManifest(src)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(path.Clean("/"+m.Main), "/")
}

// isMain reports whether a file is the main one of its package and JavaScript
// whatever its extension: Node reads as JavaScript what it does not know.
func isMain(name, main string) bool {
	ext := path.Ext(name)
	return name == main && ext != ".json" && ext != ".node"
}

// mayRun reports whether a file that is not code by its name has to be looked into,
// since it may be a program.
func mayRun(name string, mode uint32) bool {
	ext := path.Ext(name)
	return ext == "" || mode&0o111 != 0 || scripts[strings.ToLower(ext)] != ""
}

// Relevant reports whether OfArtefact looks into a file of a package: src is the
// package's package.json, facts what it says, both nil where there is none. Whoever
// makes an index of a folder need not read the others.
func Relevant(src []byte, facts *snapshot.PackageFacts) func(name string, mode uint32) bool {
	main := mainFile(src)
	commands := map[string]bool{}
	if facts != nil {
		for _, target := range facts.Bin {
			commands[target] = true
		}
	}
	return func(name string, mode uint32) bool {
		return isCode(name) || path.Base(name) == manifest || isMain(name, main) || mayRun(name, mode) || commands[name]
	}
}
