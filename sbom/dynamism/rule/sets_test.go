package rule

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/internal/rulefile"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

var update = flag.Bool("update", false, "rewrite docs/rules.md")

func TestSetsAreInTheStandardForm(t *testing.T) {
	for _, name := range rulefile.Sets {
		src, err := sets.ReadFile("sets/" + name + ".hcl")
		if err != nil {
			t.Fatal(err)
		}
		formatted, err := hclfile.Format(src, name+".hcl")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(formatted), string(src)); diff != "" {
			t.Errorf("%s is not as nbuild fmt writes it (-want +got):\n%s", name, diff)
		}
	}
}

func TestEachSetHasAllOfTheOneBefore(t *testing.T) {
	var before []Rule
	for _, name := range rulefile.Sets {
		rules, err := newLibrary().rules(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range before {
			i := find(rules, r.ID)
			if i < 0 {
				t.Errorf("%s lacks %s", name, r.ID)
				continue
			}
			if r.Severity == rulefile.Deny && rules[i].Severity != rulefile.Deny {
				t.Errorf("%s only reports %s, which the set before denies", name, r.ID)
			}
		}
		before = rules
	}
}

func TestAProjectThatSaysNothingIsNeverStopped(t *testing.T) {
	p, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	if p.Denies() {
		t.Error("the default policy denies something")
	}
}

func TestDocsListEveryRule(t *testing.T) {
	got, err := Reference()
	if err != nil {
		t.Fatal(err)
	}
	const page = "../../../docs/rules.md"
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/rules.md is old; run go test ./sbom/dynamism/rule -update (-there +made):\n%s", diff)
	}
}

// What explain prints of a rule can be pasted into build.hcl and is the same rule.
func TestAPageShowsTheRuleItself(t *testing.T) {
	rules, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for i := range rules {
		r := &rules[i]
		page, err := Page(r)
		if err != nil {
			t.Fatal(err)
		}
		_, src, _ := strings.Cut(page, "```hcl\n")
		src, _, _ = strings.Cut(src, "```")
		src = "dynamism {\n" + src + "}\n"
		b, err := readBlock([]byte(src), "page.hcl")
		if err != nil {
			t.Fatalf("%s: %v", r.ID, err)
		}
		if diff := cmp.Diff(r.Rule, b.Own[0], cmpopts.IgnoreFields(rulefile.Rule{}, "At", "Allow")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.ID, diff)
		}
	}
}

func TestPatternsOfNames(t *testing.T) {
	tests := []struct {
		pattern string
		site    source.CallSite
		want    bool
	}{
		{"node:child_process.exec", source.CallSite{Callees: []string{"node:child_process.exec"}}, true},
		{"node:child_process.exec", source.CallSite{Callees: []string{"node:child_process.execFile"}}, false},
		{"node:child_process.exec*", source.CallSite{Callees: []string{"node:child_process.execFile"}}, true},
		{"node:child_process.exec", source.CallSite{Callees: []string{"eval", "node:child_process.exec"}}, true},
		{"npm:pg.*", source.CallSite{Callees: []string{"npm:pg.Client"}}, true},
		{"npm:pg.*", source.CallSite{Callees: []string{"npm:pg-native.Client"}}, false},
		{"*.Client", source.CallSite{Callees: []string{"npm:pg.Client"}}, true},
		{"npm:*.c*t", source.CallSite{Callees: []string{"npm:pg.client"}}, true},
		{"npm:*.c*tt", source.CallSite{Callees: []string{"npm:pg.ct"}}, false},
		{".query", source.CallSite{Method: "query"}, true},
		{".query", source.CallSite{Method: "querySync"}, false},
		{".query*", source.CallSite{Method: "querySync"}, true},
		{".query", source.CallSite{Callees: []string{"npm:pg.query"}}, false},
		{"query", source.CallSite{Method: "query"}, false},
	}
	for _, test := range tests {
		n := newNames()
		n.add([]string{test.pattern}, 0)
		if got := len(n.of(&test.site)) > 0; got != test.want {
			t.Errorf("%q of %+v: %t, want %t", test.pattern, test.site, got, test.want)
		}
	}
}

func TestConditions(t *testing.T) {
	object := source.Argument{Shape: source.ShapeObject, Properties: []source.Property{
		{Name: "bits", Value: "1024"}, {Name: "shell", Value: "true"}, {Name: "$where", Value: "a == ", Built: true},
	}}
	site := source.CallSite{Target: "token", Arguments: []source.Argument{
		{Shape: source.ShapeConstant, Values: []string{"md5", "sha256"}}, {Shape: source.ShapeOther}, object,
	}}
	tests := map[string]bool{
		`argument = 0
shape = ["constant"]`: true,
		`argument = 1
shape = ["constant"]`: false,
		`shape = ["other", "function"]`: true,
		`argument = 0
matches = "^md5$"`: true,
		`argument = 0
matches = "^sha1$"`: false,
		`argument = 7
shape = ["other"]`: false,
		`argument = 7
absent = true`: true,
		`argument = 2
absent = true`: false,
		`property = ["bits"]
below = 2048`: true,
		`property = ["bits"]
below = 1024`: false,
		`argument = 1
property = ["bits"]`: false,
		`property = ["shell"]
matches = "^true$"`: true,
		`property = ["$where"]
shape = ["built"]`: true,
		`property = ["shell"]
shape = ["built"]`: false,
		`argument = 2
property = ["iv"]
absent = true`: true,
		`argument = 2
property = ["bits"]
absent = true`: false,
		`property = ["iv"]
absent = true`: false, // argument 1 may hold it
		`target = "(?i)TOKEN"`: true,
		`target = "id"`:        false,
		`compared = true`:      false,
		`target = "token"
argument = 0
matches = "md5"`: true,
	}
	for src, want := range tests {
		p := policyOf(t, "rule \"T-1\" {\ncall = [\"x\"]\nmessage = \"m\"\nreason = \"r\"\nremedy = \"y\"\nwhen {\n"+src+"\n}\n}")
		if got := p.rules[0].hold(&site); got != want {
			t.Errorf("%q: %t, want %t", src, got, want)
		}
	}
}
