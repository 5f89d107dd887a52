package sbom

import (
	"fmt"
	"maps"
	"slices"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// references checks what the schema can't: that every bom-ref of a component or a
// service is its own (CycloneDX 1.6 §bom-ref; workflows of the specification's
// samples share theirs), and that the dependency graph names only what is there.
func references(pos diag.Pos, doc map[string]any) diag.Problems {
	var ps diag.Problems
	add := func(format string, args ...any) {
		if len(ps) < bounds.Problems {
			ps = append(ps, &diag.Problem{
				Code: CodeReference, Pos: pos, What: fmt.Sprintf(format, args...),
				Why:    "a reference that names nothing, or two things, means something else to every reader",
				Remedy: "write the BOM again with the tool it came from, or `nbuild sbom > bom.json`",
			})
		}
	}
	refs := map[string]bool{}
	own := map[string]bool{}
	var walk func(v any, component bool)
	walk = func(v any, component bool) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e, component)
			}
		case map[string]any:
			if ref, ok := v["bom-ref"].(string); ok {
				refs[ref] = true
				if component && own[ref] {
					add("the bom-ref %q stands twice", ref)
				}
				own[ref] = own[ref] || component
			}
			for _, key := range slices.Sorted(maps.Keys(v)) {
				walk(v[key], key == "components" || key == "services" || key == "component")
			}
		}
	}
	walk(doc, false)
	nodes := map[string]bool{}
	deps, _ := doc["dependencies"].([]any)
	for _, d := range deps {
		node, _ := d.(map[string]any)
		ref, _ := node["ref"].(string)
		if nodes[ref] {
			add("the dependencies of %q stand twice", ref)
		}
		nodes[ref] = true
		if !refs[ref] {
			add("dependencies are listed of %q, which is no bom-ref", ref)
		}
		on, _ := node["dependsOn"].([]any)
		for _, t := range on {
			if to, _ := t.(string); !refs[to] {
				add("%q depends on %q, which is no bom-ref", ref, to)
			}
		}
	}
	ps.Sort()
	return ps
}
