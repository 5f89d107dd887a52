package rule

import (
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/rulefile"
)

// Page returns a rule as Markdown: what it finds, what each set does with it, and
// the rule itself in the words of build.hcl.
func Page(r *Rule) (string, error) {
	var out strings.Builder
	fmt.Fprintf(&out, "# %s: %s\n\nWhy it matters: %s.\n\nWhat to do: %s.\n\n%s\n", r.ID, r.Message, r.Reason, r.Remedy, what(r))
	does, err := severities(newLibrary(), r.ID)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&out, "\n%s. A project changes that with `deny = [%q]` or `warn = [%q]`, and allows what was reviewed with an `allow` block.\n\n```hcl\n%s```\n", does, r.ID, r.ID, inHCL(r))
	return out.String(), nil
}

// severities says what each set does with a rule.
func severities(l *library, id string) (string, error) {
	var parts []string
	for _, name := range rulefile.Sets {
		rules, err := l.rules(name)
		if err != nil {
			return "", err
		}
		does := "does not have it"
		if i := find(rules, id); i >= 0 {
			does = map[rulefile.Severity]string{rulefile.Deny: "stops a build for it", rulefile.Warn: "tells it"}[rules[i].Severity]
		}
		parts = append(parts, fmt.Sprintf("%s %s", name, does))
	}
	return "The set " + strings.Join(parts, ", "), nil
}

// what says in words what a rule asks about.
func what(r *Rule) string {
	switch {
	case r.Unread == "file":
		return "It finds files that could not be read, because they are too long."
	case r.Unread == "part":
		return "It finds files of which a part could not be read; the rest was."
	case len(r.Kinds) > 0:
		return "It finds the kinds of finding " + quoted(r.Kinds) + "."
	case len(r.Assign) > 0:
		return "It finds assignments to " + quoted(r.Assign) + conditions(r.When) + "."
	}
	return "It finds calls of " + quoted(r.Call) + conditions(r.When) + "."
}

func conditions(when []rulefile.Condition) string {
	var parts []string
	for _, w := range when {
		of := "an argument"
		if w.Argument != rulefile.AnyArgument {
			of = fmt.Sprintf("argument %d", w.Argument)
		}
		if len(w.Property) > 0 {
			of = fmt.Sprintf("property `%s` of %s", strings.Join(w.Property, "` or `"), of)
		}
		var is []string
		if len(w.Shape) > 0 {
			is = append(is, "is "+strings.Join(w.Shape, " or "))
		}
		if w.Matches != "" {
			is = append(is, "matches `"+w.Matches+"`")
		}
		if w.Below > 0 {
			is = append(is, fmt.Sprintf("is below %d", w.Below))
		}
		if w.Absent {
			is = append(is, "is not there")
		}
		if len(is) > 0 {
			parts = append(parts, of+" "+strings.Join(is, " and "))
		} else if len(w.Property) > 0 {
			parts = append(parts, of+" is there")
		}
		if w.Target != "" {
			parts = append(parts, "the result is given to a name that matches `"+w.Target+"`")
		}
		if w.Compared {
			parts = append(parts, "the result is compared with == or ===")
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ", where " + strings.Join(parts, ", and where ")
}

func quoted(list []string) string { return "`" + strings.Join(list, "`, `") + "`" }

// inHCL writes a rule in the words of build.hcl, as `nbuild fmt` would.
func inHCL(r *Rule) string {
	var out strings.Builder
	fmt.Fprintf(&out, "rule %q {\n", r.ID)
	head := []attribute{
		{"kinds", list(r.Kinds)}, {"call", list(r.Call)}, {"assign", list(r.Assign)}, {"unread", text(r.Unread)},
		{"severity", text(string(r.Severity))}, {"message", text(r.Message)}, {"reason", text(r.Reason)}, {"remedy", text(r.Remedy)},
	}
	write(&out, "  ", head)
	for _, w := range r.When {
		out.WriteString("\n  when {\n")
		write(&out, "    ", []attribute{
			{"argument", when(w.Argument != rulefile.AnyArgument, fmt.Sprint(w.Argument))}, {"property", list(w.Property)}, {"shape", list(w.Shape)},
			{"matches", text(w.Matches)}, {"below", when(w.Below > 0, fmt.Sprint(w.Below))}, {"absent", when(w.Absent, "true")},
			{"compared", when(w.Compared, "true")}, {"target", text(w.Target)},
		})
		out.WriteString("  }\n")
	}
	out.WriteString("}\n")
	return out.String()
}

type attribute struct{ name, value string }

// write writes the attributes that have a value, with the signs below each other.
func write(out *strings.Builder, indent string, attrs []attribute) {
	width := 0
	for _, a := range attrs {
		if a.value != "" {
			width = max(width, len(a.name))
		}
	}
	for _, a := range attrs {
		if a.value != "" {
			fmt.Fprintf(out, "%s%-*s = %s\n", indent, width, a.name, a.value)
		}
	}
}

func when(there bool, value string) string {
	if !there {
		return ""
	}
	return value
}

// text writes a string of HCL, whose templates begin with ${ and %{.
func text(s string) string {
	if s == "" {
		return ""
	}
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(fmt.Sprintf("%q", s))
}

func list(items []string) string {
	if len(items) == 0 {
		return ""
	}
	var out []string
	for _, i := range items {
		out = append(out, text(i))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

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

A rule finds places in what production can load, by the inventory, and says what is wrong with them. ` + "`rules = \"strict\"`" + ` in the dynamism block of build.hcl takes a set: strict has all of common, experimental all of strict. Common only tells. Strict stops a build (exit 13) where a rule tells well. Experimental is for looking.

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
