package pipelines

import (
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/hclfile"
)

// Reference returns every block, attribute, function and standard pipeline of the
// language as Markdown: the second half of docs/build-hcl.md.
func Reference() string {
	var out strings.Builder
	out.WriteString("## The file\n\n")
	writeAttrs(&out, Language().Attrs)
	for _, b := range Language().Blocks {
		out.WriteString("\n")
		writeBlock(&out, b, "##")
	}
	out.WriteString("\n## Functions\n\nAll are pure. `files(globs…)` gives the project's files that the globs name, sorted bytewise; `file(name)` the text of one.\n\n")
	for i, n := range sorted(functions(&tree{}, new(hclfile.Budget))) {
		if i > 0 {
			out.WriteString(", ")
		}
		out.WriteString("`" + n + "`")
	}
	out.WriteString(".\n\n## Standard pipelines\n")
	for _, n := range StandardNames() {
		s, _ := Standard(n)
		fmt.Fprintf(&out, "\n### %s\n\n%s\n\n```hcl\n%s```\n", n, s.Doc, s.Text)
	}
	return out.String()
}
