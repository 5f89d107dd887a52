package pipelines

import (
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/hclfile"
)

// Topic is a word of the language and what it means, as Markdown.
type Topic struct {
	Name string
	Text string
}

// Topics returns what `nbuild explain` knows about the language: each block, then each
// standard pipeline.
func Topics() []Topic {
	var topics []Topic
	for _, b := range Language().Blocks {
		var out strings.Builder
		writeBlock(&out, b, "#")
		topics = append(topics, Topic{b.Name, out.String()})
	}
	for _, n := range StandardNames() {
		s, _ := Standard(n)
		topics = append(topics, Topic{n, fmt.Sprintf("# %s\n\n%s\n\n```hcl\n%s```\n", n, s.Doc, s.Text)})
	}
	return topics
}

func writeBlock(out *strings.Builder, b hclfile.Block, level string) {
	title := b.Name
	for _, l := range b.Labels {
		title += ` "` + strings.ToUpper(l) + `"`
	}
	fmt.Fprintf(out, "%s %s\n\n%s\n", level, title, b.Doc)
	if len(b.Body.Attrs) > 0 {
		out.WriteString("\n")
		writeAttrs(out, b.Body.Attrs)
	}
	for _, c := range b.Body.Blocks {
		out.WriteString("\n")
		writeBlock(out, c, level+"#")
	}
}

func writeAttrs(out *strings.Builder, attrs []hclfile.Attr) {
	out.WriteString("| attribute | holds | without it | |\n|---|---|---|---|\n")
	for _, a := range attrs {
		otherwise := a.Default
		if a.Required {
			otherwise = "required"
		} else if strings.ContainsAny(otherwise, `"[{`) {
			otherwise = "`" + otherwise + "`"
		}
		doc := a.Doc
		if len(a.OneOf) > 0 {
			doc += " One of `" + strings.Join(a.OneOf, "`, `") + "`."
		}
		fmt.Fprintf(out, "| `%s` | %s | %s | %s |\n", a.Name, a.TypeName(), otherwise, doc)
	}
}
