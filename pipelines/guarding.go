package pipelines

import (
	"fmt"

	"github.com/zclconf/go-cty/cty"

	"github.com/nbuild/nbuild/internal/hclfile"
)

// Guarding is what an image says about its guard beside the mode. The zero value bounds
// eval as the guard does, lets no program but Node be started, and sets no permission.
type Guarding struct {
	Eval        string   // the mode of bounded eval alone; "" is the guard's
	Children    []string // absolute paths of programs, beside Node, that may be started
	Environment []string // variables that children may be given although they can make a program run other code
	Console     string   // "module" makes console lines name their module
	Permission  bool     // Node's permission model is set from the inventory
	Write       []string // with Permission, paths that may be written; none means all
}

var guardingBlock = hclfile.Block{
	Name: "guarding", Doc: "How the guard of the image behaves, beside its mode.",
	Body: hclfile.Schema{Attrs: []hclfile.Attr{
		{Name: "eval", Type: text, OneOf: []string{"off", "report", "enforce"}, Default: "the guard's own mode", Doc: "What happens where a string becomes code in a module that is not approved."},
		{Name: "children", Type: texts, Doc: "Absolute paths of programs, beside Node itself, that may be started."},
		{Name: "environment", Type: texts, Doc: "Variables that children may be given although they can make a program run other code, such as LD_LIBRARY_PATH."},
		{Name: "console", Type: text, OneOf: []string{"plain", "module"}, Default: `"plain"`, Doc: "module makes each console line name the module that wrote it, one record a line."},
		{Name: "permission", Type: cty.Bool, Default: "false", Doc: "Sets Node's permission model from the inventory: child processes, workers, addons, WASI and, from Node 25 on, the network are allowed only where a listed module was found to use them."},
		{Name: "write", Type: texts, Default: "everywhere", Doc: "With permission, the paths that may be written, as in \"/tmp/*\"."},
	}},
}

// guarding reads the block of an image.
func (e *evaluator) guarding(b *hclfile.Body, guard string) Guarding {
	g := b.One("guarding")
	if g == nil {
		return Guarding{}
	}
	if guard == "off" {
		e.Problem(g.Range, CodeForm, "the guard of this image is off", "the block would change nothing", `set guard = "enforce" in the image block, or take the block out`)
	}
	out := Guarding{
		Eval: e.String(g, "eval"), Children: e.Strings(g, "children"), Environment: e.Strings(g, "environment"),
		Permission: e.Bool(g, "permission", false), Write: e.Strings(g, "write"),
	}
	if e.String(g, "console") == "module" {
		out.Console = "module"
	}
	for _, p := range out.Children {
		if p == "" || p[0] != '/' {
			e.Problem(g.At("children"), CodeForm, fmt.Sprintf("%q is no absolute path", p), "a name would be looked for in folders that the process can choose", `write it as children = ["/usr/bin/git"]`)
		}
	}
	if len(out.Write) > 0 && !out.Permission {
		e.Problem(g.At("write"), CodeForm, "write needs permission = true", "without Node's permission model nothing holds it", "add permission = true, or take write out")
	}
	return out
}
