package rule

import (
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/rulefile"
)

// Reference returns docs/rules.md: every rule of the sets.
func Reference() (string, error) {
	l := newLibrary()
	rules, err := l.all()
	if err != nil {
		return "", err
	}
	var out strings.Builder
	out.WriteString(introduction)
	out.WriteString("\n## All of them\n\n| rule | finds | common | strict | experimental |\n|---|---|---|---|---|\n")
	for i := range rules {
		fmt.Fprintf(&out, "| [%s](#%s) | %s |", rules[i].ID, strings.ToLower(rules[i].ID), rules[i].Message)
		for _, name := range rulefile.Sets {
			of, err := l.rules(name)
			if err != nil {
				return "", err
			}
			does := ""
			if k := find(of, rules[i].ID); k >= 0 {
				does = string(of[k].Severity)
			}
			fmt.Fprintf(&out, " %s |", does)
		}
		out.WriteString("\n")
	}
	for i := range rules {
		r := &rules[i]
		fmt.Fprintf(&out, "\n## %s\n\n%s: %s. %s.\n\n%s\n\n```hcl\n%s```\n", r.ID, sentence(r.Message), r.Reason, sentence(r.Remedy), what(r), inHCL(r))
	}
	return out.String(), nil
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

const introduction = `# Rules

<!-- Made by ` + "`go test ./sbom/dynamism/rule -update`" + ` from the sets themselves. -->

A rule finds places in what production can load, by the inventory, and says what is wrong with them. ` + "`rules = \"strict\"`" + ` in the dynamism block of build.hcl takes a set: strict has all of common, experimental all of strict. Common only reports. Strict stops a build (exit 13) where a rule is seldom wrong. Experimental is for looking.

` + "`deny`" + ` and ` + "`warn`" + ` take ids of rules and kinds of finding, and have the last word. A rule of your own is a block in build.hcl, in the words of the rules below ([every word](build-hcl.md)). An id is never given to another rule.

What a package says in comments of its own (the directives of linters, and of nbuild) never counts: a package can't vouch for itself. What was reviewed is allowed in build.hcl, for one package and for what the block names:

` + "```hcl" + `
allow "pkg:npm/left" {
  rules   = ["SHP-1"]
  sites   = 2
  reason  = "both parts are numbers"
  owner   = "platform"
  expires = "2027-06-30"
}
` + "```" + `

` + "`sites`" + ` is exact, for each version of the package: a third place stops the build, and where there is only one the build says so. With ` + "`expires`" + ` the exception holds through that day, by the date of the build (SOURCE_DATE_EPOCH, else the commit's), so that one commit gives one answer. ` + "`allow \"project\"`" + ` is for the project's own files. A denial prints the block that would allow it.
`
