package rulefile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/internal/lazyregexp"
)

var (
	ruleID  = lazyregexp.New(`^[A-Z][A-Z0-9]{0,15}(-[A-Z0-9]{1,15}){0,3}-[0-9]{1,4}$`)
	pattern = lazyregexp.New(`^[A-Za-z0-9_$.:/@*#-]{1,200}$`)
)

// Read evaluates a dynamism block that was held to Language. What is wrong is
// recorded in r; what is right is returned.
func Read(r *hclfile.Reader, b *hclfile.Body) Block {
	x := reader{r}
	out := Block{Rules: r.String(b, "rules"), Deny: x.subjects(b, "deny"), Warn: x.subjects(b, "warn")}
	for _, s := range out.Warn {
		if slices.Contains(out.Deny, s) {
			r.Problem(b.At("warn"), CodeRule, fmt.Sprintf("%q stands in deny and in warn", s), "", "take it out of one of the two")
		}
	}
	for _, c := range b.Of("rule") {
		if rule, ok := x.rule(c); ok {
			out.Own = append(out.Own, rule)
		}
	}
	asks := 0 // each place of the inventory is held to each of these
	for i := range out.Own {
		asks += max(len(out.Own[i].Call)+len(out.Own[i].Assign), 1) * max(len(out.Own[i].When), 1)
	}
	if asks > bounds.Rules {
		r.Problem(b.Range, CodeRule, fmt.Sprintf("rules with more than %d patterns and conditions", bounds.Rules), "every call of every package is held to each of them",
			"join rules that ask about the same thing, or use * in a pattern")
		out.Own = nil
	}
	for _, c := range b.Of("allow") {
		out.Allow = append(out.Allow, x.allow(c, true))
	}
	return out
}

// ID reports whether a text can be the id of a rule.
func ID(s string) bool { return ruleID().MatchString(s) }

type reader struct{ *hclfile.Reader }

// subjects reads a list of kinds and ids.
func (x reader) subjects(b *hclfile.Body, name string) []string {
	list := x.Strings(b, name)
	for _, s := range list {
		if slices.Contains(kinds, s) || ID(s) {
			continue
		}
		remedy := "use an id as SHP-1, or one of " + strings.Join(kinds, ", ")
		if near := diag.Nearest(s, kinds); near != "" {
			remedy = fmt.Sprintf("did you mean %q?", near)
		}
		x.Problem(b.At(name), hclfile.CodeValue, fmt.Sprintf("%s can't be %q", name, s), "it holds kinds of finding and ids of rules", remedy)
	}
	return list
}

// ids reads a list of ids.
func (x reader) ids(b *hclfile.Body, name string) []string {
	list := x.Strings(b, name)
	for _, s := range list {
		if !ID(s) {
			x.Problem(b.At(name), CodeRule, fmt.Sprintf("%q is no id of a rule", s), "", fmt.Sprintf(`write it as %s = ["SHP-1"]`, name))
		}
	}
	return list
}

func (x reader) position(b *hclfile.Body) diag.Pos { return x.File.Pos(b.Range) }

// sentence reads a text that may not be empty. The dots of a pasted exception are.
func (x reader) sentence(b *hclfile.Body, name string) string {
	s := x.String(b, name)
	if b.Has(name) && !strings.ContainsFunc(s, unicode.IsLetter) {
		x.Problem(b.At(name), CodeRule, "the "+name+" is empty", "whoever reads this has to know why", fmt.Sprintf(`write %s = "…" with a sentence`, name))
	}
	return s
}

// expression reads a regular expression.
func (x reader) expression(b *hclfile.Body, name string) string {
	s := x.String(b, name)
	if _, err := regexp.Compile(s); err != nil || len(s) > bounds.RuleText {
		x.Problem(b.At(name), CodeRule, name+" is no regular expression", "the syntax is RE2's, without look-around and references, so that a rule costs time by the length of the text only",
			fmt.Sprintf(`write it as %s = "(?i)^(md5|sha1)$"`, name))
		return ""
	}
	return s
}

func (x reader) patterns(b *hclfile.Body, name string) []string {
	list := x.Strings(b, name)
	for _, s := range list {
		method, isMethod := strings.CutPrefix(s, ".")
		if !pattern().MatchString(s) || isMethod && (method == "" || strings.ContainsAny(method, ".:/@")) || strings.Trim(s, "*.") == "" {
			x.Problem(b.At(name), CodeRule, fmt.Sprintf("%q is no pattern of names", s), "", fmt.Sprintf(`write it as %s = ["node:child_process.exec", "npm:pg.*", ".query"]`, name))
		}
	}
	return list
}

func (x reader) rule(b *hclfile.Body) (Rule, bool) {
	before := len(x.Problems)
	r := Rule{
		ID: b.Labels[0], Kinds: x.Strings(b, "kinds"), Call: x.patterns(b, "call"), Assign: x.patterns(b, "assign"), Unread: x.String(b, "unread"),
		Severity: Severity(x.String(b, "severity")), Message: x.sentence(b, "message"), Reason: x.sentence(b, "reason"), Remedy: x.sentence(b, "remedy"),
		At: x.position(b),
	}
	if r.Severity == "" {
		r.Severity = Deny
	}
	if !ID(r.ID) {
		x.Problem(b.Range, CodeRule, fmt.Sprintf("%q is no id of a rule", r.ID), "an id is short and stays, because exceptions name it", `write it as: rule "TEAM-1" {`)
	}
	subjects := 0
	for _, there := range []bool{len(r.Kinds) > 0, len(r.Call) > 0, len(r.Assign) > 0, r.Unread != ""} {
		if there {
			subjects++
		}
	}
	if subjects != 1 && len(x.Problems) == before {
		x.Problem(b.Range, CodeRule, fmt.Sprintf("rule %q asks about %d things", r.ID, subjects), "a rule has exactly one of kinds, call, assign and unread",
			`keep one, as call = ["node:child_process.exec"]`)
	}
	for _, c := range b.Of("when") {
		if len(r.Call) == 0 && len(r.Assign) == 0 {
			x.Problem(c.Range, CodeRule, "a when block in a rule without call or assign", "only a call and an assignment have arguments", "remove the block")
			break
		}
		r.When = append(r.When, x.condition(c))
	}
	for _, c := range b.Of("allow") {
		r.Allow = append(r.Allow, x.allow(c, false))
	}
	return r, len(x.Problems) == before
}

func (x reader) condition(b *hclfile.Body) Condition {
	before := len(x.Problems)
	c := Condition{
		Argument: int(x.Int(b, "argument", AnyArgument, 0)), Property: x.Strings(b, "property"), Shape: x.Strings(b, "shape"),
		Matches: x.expression(b, "matches"), Below: x.Int(b, "below", 0, 1), Absent: x.Bool(b, "absent", false), Target: x.expression(b, "target"),
		Compared: x.Bool(b, "compared", false),
	}
	asks := len(c.Shape) > 0 || c.Matches != "" || c.Below > 0
	switch {
	case len(x.Problems) > before: // the rest would be a consequence
	case c.Absent && asks:
		x.Problem(b.At("absent"), CodeRule, "what is absent has no shape and no value", "", "remove absent, or the other lines")
	case c.Absent && c.Argument == AnyArgument && len(c.Property) == 0:
		x.Problem(b.At("absent"), CodeRule, "absent says of nothing that it is not there", "", "add a line: argument = 1, or property = [\"…\"]")
	case !c.Absent && !asks && c.Target == "" && !c.Compared && len(c.Property) == 0:
		x.Problem(b.Range, CodeRule, "the condition is empty", "", `add a line, as shape = ["built"]`)
	}
	return c
}

func (x reader) allow(b *hclfile.Body, names bool) Allow {
	a := Allow{
		Purl: b.Labels[0], Sites: x.Int(b, "sites", 0, 1), Reason: x.sentence(b, "reason"),
		Owner: x.String(b, "owner"), Expires: x.String(b, "expires"), At: x.position(b),
	}
	if names {
		a.Kinds, a.Rules = x.Strings(b, "kinds"), x.ids(b, "rules")
		if len(a.Kinds) == 0 && len(a.Rules) == 0 && !b.Has("kinds") && !b.Has("rules") {
			x.Problem(b.Range, hclfile.CodeMissing, fmt.Sprintf("allow %q says neither kinds nor rules", a.Purl), "an exception is for what was reviewed, not for all that a package may do",
				`add a line: rules = ["SHP-1"], or kinds = ["eval"]`)
		}
	}
	if name, ok := strings.CutPrefix(a.Purl, "pkg:npm/"); a.Purl != Project && (!ok || name == "") {
		x.Problem(b.Range, CodeRule, fmt.Sprintf("%q is no purl of an npm package", a.Purl), "", `write it as: allow "pkg:npm/lodash" {, or allow "project" { for the project's own files`)
	}
	if _, err := time.Parse(time.DateOnly, a.Expires); a.Expires != "" && err != nil {
		x.Problem(b.At("expires"), CodeRule, fmt.Sprintf("%q is no date", a.Expires), "", `write it as expires = "2027-06-30"`)
	}
	return a
}
