package production

import (
	"bytes"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/sources"
)

// mayImport reports whether a source could import while it runs: it has an import() in
// it, or is not plainly of its format. The guard leaves its hooks out while nothing
// runs that could, so what is in doubt may import. What a module's declarations bring
// comes while it is linked, and is no import here.
func mayImport(src []byte, format sources.Format) bool {
	if !bytes.Contains(src, []byte("import")) && !bytes.Contains(src, []byte("export")) {
		return false // a keyword has no other spelling
	}
	if len(src) > bounds.SourceFile {
		return true
	}
	goal := js.CommonJS
	if format == sources.Module {
		goal = js.Module
	}
	tree := js.Parse(src, goal)
	if len(tree.Errors) > 0 {
		return true
	}
	for i := range tree.Nodes {
		switch tree.Nodes[i].Kind {
		case js.ImportExpression:
			return true
		case js.ImportDeclaration, js.ExportNamedDeclaration, js.ExportDefaultDeclaration, js.ExportAllDeclaration, js.MetaProperty:
			if goal == js.CommonJS && tree.Nodes[i].Op != js.OpNewTarget {
				return true
			}
		}
	}
	return false
}
