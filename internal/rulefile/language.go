package rulefile

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/nbuild/nbuild/internal/hclfile"
)

var (
	text  = cty.String
	texts = cty.List(cty.String)
)

// Sets are the names of the sets of rules, each with all of those before it.
var Sets = []string{"common", "strict", "experimental"}

const patterns = "A pattern is a name (`node:child_process.exec`), a name with `*` for any text (`npm:pg.*`), or a method of anything (`.query`)."

// Language returns the schema of a dynamism block.
func Language() hclfile.Schema {
	return hclfile.Schema{
		Attrs: []hclfile.Attr{
			{Name: "rules", Type: text, OneOf: Sets, Default: `"common"`, Doc: "The set of rules."},
			{Name: "deny", Type: texts, Doc: "Kinds of finding, and ids of rules, that stop a build, whatever the set says of them. The kinds are `" + listed(kinds) + "`."},
			{Name: "warn", Type: texts, Doc: "Kinds of finding, and ids of rules, that are only reported, whatever the set says of them."},
		},
		Blocks: []hclfile.Block{
			{Name: "allow", Labels: []string{"purl"}, Repeat: true,
				Doc:  "An exception for a package, `pkg:npm/NAME` or `pkg:npm/NAME@VERSION`, or with the label `project` for the project's own files. It names kinds, rules, or both. A package may have several.",
				Body: allowBody},
			{Name: "rule", Labels: []string{"id"},
				Doc:  "A rule of your own, with an id as `TEAM-1`. It asks about exactly one of kinds, call, assign and unread. What a package says in comments of its own never counts.",
				Body: ruleBody},
		},
	}
}

var allowBody = hclfile.Schema{Attrs: []hclfile.Attr{
	{Name: "kinds", Type: texts, OneOf: Kinds(), Doc: "Which kinds of finding."},
	{Name: "rules", Type: texts, Doc: "Which rules, by id."},
	{Name: "sites", Type: cty.Number, Default: "any number", Doc: "At exactly how many places of one version of the package. One more stops the build; one less is reported, because the exception is wider than it need be."},
	{Name: "reason", Type: text, Required: true, Doc: "Why it is safe."},
	{Name: "owner", Type: text, Doc: "Who says so."},
	{Name: "expires", Type: text, Holds: "a date, 2027-06-30", Doc: "The last day on which it holds, by the date of the build."},
}}

var ruleAllowBody = hclfile.Schema{Attrs: allowBody.Attrs[2:]}

var ruleBody = hclfile.Schema{
	Attrs: []hclfile.Attr{
		{Name: "kinds", Type: texts, OneOf: kinds, Doc: "Finds these kinds of finding."},
		{Name: "call", Type: texts, Doc: "Finds calls and constructions of what one of the patterns names. " + patterns},
		{Name: "assign", Type: texts, Doc: "Finds assignments to what one of the patterns names."},
		{Name: "unread", Type: text, OneOf: []string{"file", "part"}, Doc: "Finds files that could not be read, so that nothing is known of them, or files of which a part could not."},
		{Name: "severity", Type: text, OneOf: []string{string(Deny), string(Warn)}, Default: `"deny"`, Doc: "What a place does: stop the build, or be reported."},
		{Name: "message", Type: text, Required: true, Doc: "What is the case, in a line."},
		{Name: "reason", Type: text, Required: true, Doc: "Why it matters."},
		{Name: "remedy", Type: text, Required: true, Doc: "What to do instead."},
	},
	Blocks: []hclfile.Block{
		{Name: "when", Repeat: true, Doc: "A condition of call and assign; all of them must hold. Within one, all must hold of the same argument.", Body: hclfile.Schema{Attrs: []hclfile.Attr{
			{Name: "argument", Type: cty.Number, Default: "any argument", Doc: "Which argument, from 0. What is assigned is argument 0."},
			{Name: "property", Type: texts, Doc: "Properties of the object literal that is the argument; the rest then asks about any of them."},
			{Name: "shape", Type: texts, OneOf: shapes, Doc: "How it is made: `constant` can be worked out, `built` is a string joined from parts that can't all be, `other` is anything else."},
			{Name: "matches", Type: text, Holds: "a regular expression (RE2)", Doc: "What one of its constants matches, or its constant parts joined by `…` where it is a built string."},
			{Name: "below", Type: cty.Number, Doc: "What one of its constants, a number, is less than."},
			{Name: "absent", Type: cty.Bool, Default: "false", Doc: "It is not there."},
			{Name: "compared", Type: cty.Bool, Default: "false", Doc: "The result is compared with == or ===."},
			{Name: "target", Type: text, Holds: "a regular expression (RE2)", Doc: "What the variable or property is called that the result is given to."},
		}}},
		{Name: "allow", Labels: []string{"purl"}, Repeat: true, Doc: "An exception to this rule alone.", Body: ruleAllowBody},
	},
}

func listed(names []string) string {
	out := ""
	for i, n := range names {
		if i > 0 {
			out += "`, `"
		}
		out += n
	}
	return out
}
