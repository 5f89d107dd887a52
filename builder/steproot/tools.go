package steproot

import (
	"context"
	_ "embed"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// scriptsProgram runs install scripts, in the sandbox.
//
//go:embed install-scripts.js
var scriptsProgram []byte

// compiles reports whether a root is for steps with a compiler: those alone have tools.
func compiles(of []snapshot.Artefact) bool {
	return slices.ContainsFunc(of, func(a snapshot.Artefact) bool { return a.Kind == snapshot.KindTool })
}

// commands are the links that stand beside a compiler where nothing else has their name:
// npm's two, and the names that Debian's packages leave to their maintainer scripts.
var commands = []struct{ at, to string }{
	{"usr/local/bin/npm", pipelines.NPMFolder + "/bin/npm-cli.js"},
	{"usr/local/bin/npx", pipelines.NPMFolder + "/bin/npx-cli.js"},
	{"usr/local/bin/node-gyp", pipelines.NPMFolder + "/node_modules/node-gyp/bin/node-gyp.js"},
	{"usr/bin/cc", "gcc"}, {"usr/bin/c++", "g++"},
}

// withTools adds what a step with a compiler finds beside its base that is no package of
// Debian: npm, the program that runs install scripts, and their commands.
func withTools(ctx context.Context, store *cas.Store, inputs []pipelines.Input, of []snapshot.Artefact) ([]pipelines.Input, error) {
	folder := strings.TrimPrefix(pipelines.NPMFolder, "/")
	there := map[string]bool{}
	for _, in := range inputs {
		there[in.Path] = true
	}
	add := func(in pipelines.Input) {
		if !there[in.Path] {
			there[in.Path] = true
			inputs = append(inputs, in)
		}
	}
	program := strings.TrimPrefix(pipelines.ScriptsProgram, "/")
	inputs = slices.DeleteFunc(inputs, func(in pipelines.Input) bool { return in.Path == program || strings.HasPrefix(in.Path, folder+"/") })
	for _, a := range of {
		if a.Kind != snapshot.KindTool {
			continue
		}
		files, err := filesOf(ctx, store, a, func(name string) string { return path.Join(folder, name) })
		if err != nil {
			return nil, err
		}
		for i := range files {
			files[i].Executable = files[i].Executable || path.Base(path.Dir(files[i].Path)) == "bin" && files[i].Link == ""
		}
		inputs = append(inputs, files...)
	}
	inputs = append(inputs, pipelines.Input{
		Path: program, Content: scriptsProgram, SHA256: cas.Sum(scriptsProgram), Size: int64(len(scriptsProgram)), From: "nbuild",
	})
	for _, c := range commands {
		if strings.HasPrefix(c.at, "usr/bin/") && !there[path.Join("usr/bin", c.to)] {
			continue
		}
		add(pipelines.Input{Path: c.at, Link: c.to, From: "nbuild"})
	}
	return inputs, nil
}
