package production

import (
	"testing"

	"github.com/nbuild/nbuild/internal/sources"
)

func TestScriptsThatMayImportAreTold(t *testing.T) {
	for _, c := range []struct {
		name, src string
		want      bool
	}{
		{"a plain script", "module.exports = require('./a')", false},
		{"the word in a comment", "/** @type {import('./a')} */ exports.a = 1", false},
		{"the word in a string", "exports.help = 'import(x) and export default'", false},
		{"a property", "a.import('x'); a.export()", false},
		{"an import", "exports.load = (name) => import(name)", true},
		{"in a template", "`\n/**\n * ${import('x')}\n */`", true},
		{"behind a comment", "import/* */('x')", true},
		{"in a block", "if (a) {import('x')}", true},
		{"in a regular expression's place", "a = b / import('x') / c", true},
		{"a keyword with an escape, which is none", "\\u0069mport('x')", false},
		{"a declaration", "import a from './a'", true},
		{"an export", "export * from './a'", true},
		{"another phase", "import.source('./a.wasm')", true},
		{"what is no script", "import(", true},
		{"await of a module", "await import('x')", true},
		{"new.target, and the word", "function A() { new.target } // import", false},
		{"bytes that are no text", "\xff\xfe import('x')", true},
	} {
		if got := mayImport([]byte(c.src), sources.CommonJS); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestModulesThatMayImportLaterAreTold(t *testing.T) {
	for _, c := range []struct {
		name, src string
		want      bool
	}{
		{"declarations", "import a from './a'; export * from './b'; export default a", false},
		{"where it stands", "import a from './a'; export const here = import.meta.url", false},
		{"an import", "export const load = (name) => import(name)", true},
		{"await of one", "const a = await import('./a')", true},
		{"what is no module", "import a from './a'; with (a) {}", true},
	} {
		if got := mayImport([]byte(c.src), sources.Module); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
