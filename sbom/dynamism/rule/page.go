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
			does = map[rulefile.Severity]string{rulefile.Deny: "stops a build for it", rulefile.Warn: "reports it"}[rules[i].Severity]
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
