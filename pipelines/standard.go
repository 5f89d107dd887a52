package pipelines

import (
	"embed"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/nbuild/nbuild/internal/hclfile"
)

// standards holds the standard pipelines, one a file: std/npm/test.hcl is
// "npm/test".
//
//go:embed std
var standards embed.FS

// StandardStep is what a standard pipeline says about a step.
type StandardStep struct {
	Name    string
	Doc     string
	Inputs  []Source // where the step names none; npm.deps is the project's first npm block
	Run     []string
	Env     map[string]string
	Outputs []string
	Timeout time.Duration
	Memory  int64  // bytes; 0 is the language's own
	Text    string // the file, as `nbuild explain` prints it

	Compiler bool
}

var standardSchema = &hclfile.Schema{Attrs: []hclfile.Attr{
	{Name: "doc", Type: text, Required: true},
	{Name: "inputs", Type: anything},
	{Name: "run", Type: texts, Required: true},
	{Name: "env", Type: words},
	{Name: "outputs", Type: texts},
	{Name: "timeout", Type: text},
	{Name: "memory", Type: text},
	{Name: "compiler", Type: cty.Bool},
}}

// StandardNames lists the standard pipelines, sorted.
func StandardNames() []string {
	var names []string
	_ = fs.WalkDir(standards, "std", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && path.Ext(name) == ".hcl" {
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(name, "std/"), ".hcl"))
		}
		return err
	})
	return names
}

// Standard returns the standard pipeline of that name. A test reads them all, so
// one that is there is right.
func Standard(name string) (StandardStep, bool) {
	if !inside(name) {
		return StandardStep{}, false
	}
	src, err := standards.ReadFile("std/" + name + ".hcl")
	if err != nil {
		return StandardStep{}, false
	}
	f, err := hclfile.Parse(src, name+".hcl")
	if err != nil {
		return StandardStep{}, false
	}
	body, problems := f.Decode(standardSchema)
	e := &evaluator{Reader: hclfile.Reader{File: f, Problems: problems, Context: &hcl.EvalContext{Variables: map[string]cty.Value{}}}, body: body}
	e.references()
	s := StandardStep{
		Name: name, Doc: e.String(body, "doc"), Inputs: e.sources(body, "inputs", FromProject, FromNpm), Run: e.argv(body, "run"), Env: e.env(body, "env"), Outputs: e.Strings(body, "outputs"),
		Timeout: e.duration(body, "timeout", 0), Memory: e.size(body, "memory", 0), Compiler: e.Bool(body, "compiler", false), Text: string(src),
	}
	return s, len(e.Problems) == 0
}
