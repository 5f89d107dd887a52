package production

import (
	"bytes"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/js"
)

// mayImport reports whether a script could import: it has an import() in it, or is not
// plainly a script at all. The guard takes a file that is not so for one that loads by
// require alone, so what is in doubt may import.
func mayImport(src []byte) bool {
	if !bytes.Contains(src, []byte("import")) && !bytes.Contains(src, []byte("export")) {
		return false // a keyword has no other spelling
	}
	if len(src) > bounds.SourceFile {
		return true
	}
	tree := js.Parse(src, js.CommonJS)
	if len(tree.Errors) > 0 {
		return true
	}
	for i := range tree.Nodes {
		switch tree.Nodes[i].Kind {
		case js.ImportExpression, js.ImportDeclaration, js.ExportNamedDeclaration, js.ExportDefaultDeclaration, js.ExportAllDeclaration, js.MetaProperty:
			return true
		}
	}
	return false
}
