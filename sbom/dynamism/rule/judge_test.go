package rule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/rulefile"
	"github.com/nbuild/nbuild/sbom/dynamism"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

var day = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func policyOf(t *testing.T, src string) *Policy {
	t.Helper()
	b, err := readBlock([]byte("dynamism {\n"+src+"\n}\n"), "build.hcl")
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(b)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func finding(kind source.Kind, file string, line int) source.Finding {
	return source.Finding{Kind: kind, File: file, Line: line, Column: 1, Excerpt: fmt.Sprintf("line %d", line)}
}

// shell is a call of exec with a command that is built.
func shell(file string, line int) dynamism.Call {
	return dynamism.Call{File: file, CallSite: source.CallSite{
		Line: line, Column: 1, Excerpt: "exec('a ' + b)", Callees: []string{"node:child_process.exec"},
		Arguments: []source.Argument{{Shape: source.ShapeBuilt, Values: []string{"a "}}},
	}}
}

// world has two versions of left, one of them at two paths, a scoped package and
// the project's own files.
func world() *dynamism.Inventory {
	left := []source.Finding{finding(source.Eval, "a.js", 1), finding(source.Eval, "a.js", 2), finding(source.VM, "b.js", 7)}
	return &dynamism.Inventory{Packages: []dynamism.Package{
		{Findings: []source.Finding{finding(source.Eval, "server.js", 4)}, Calls: []dynamism.Call{shell("server.js", 9)}},
		{Purl: "pkg:npm/%40a/b@2.0.0", Path: "node_modules/@a/b", Calls: []dynamism.Call{shell("x.js", 3), shell("x.js", 5)}},
		{Purl: "pkg:npm/left@1.0.0", Path: "node_modules/left", Findings: left},
		{Purl: "pkg:npm/left@1.0.0", Path: "node_modules/z/node_modules/left", Findings: left},
		{Purl: "pkg:npm/left@2.0.0", Path: "node_modules/y/node_modules/left", Findings: left[:1]},
	}}
}

// shown renders a result shortly.
func shown(r *Result) []string {
	var out []string
	for _, part := range []struct {
		name      string
		decisions []Decision
	}{{"denied", r.Denied}, {"warned", r.Warned}, {"allowed", r.Allowed}} {
		for _, d := range part.decisions {
			out = append(out, fmt.Sprintf("%s %s %s %d", part.name, d.subject(), d.Rule.ID, len(d.Sites)))
		}
	}
	for _, s := range r.Stale {
		out = append(out, "stale "+s.text())
	}
	return out
}

func TestJudgeCountsEachPlaceOfAVersionOnce(t *testing.T) {
	tests := map[string]struct {
		block string
		want  []string
	}{
		"nothing but what a kind says": {`rules = "common"
			deny = ["eval"]
			warn = ["SHP-1"]`, []string{
			"denied the project eval 1", "denied left@1.0.0 eval 2", "denied left@2.0.0 eval 1",
			"warned the project SHP-1 1", "warned @a/b@2.0.0 SHP-1 2",
		}},
		"a kind that is only reported takes it from the rules of the set": {`rules = "strict"
			warn = ["eval"]`, []string{
			"denied the project SHP-1 1", "denied @a/b@2.0.0 SHP-1 2", "denied left@1.0.0 RCE-3 1",
			"warned the project eval 1", "warned left@1.0.0 eval 2", "warned left@2.0.0 eval 1",
		}},
		"exceptions by kind and by rule, with and without versions": {`rules = "strict"
			allow "pkg:npm/left@1.0.0" {
				kinds = ["eval", "vm"]
				sites = 3
				reason = "x"
			}
			allow "pkg:npm/left" {
				rules = ["RCE-1"]
				sites = 1
				reason = "x"
			}
			allow "pkg:npm/@a/b" {
				rules = ["SHP-1"]
				reason = "x"
			}
			allow "project" {
				rules = ["SHP-1", "RCE-1"]
				sites = 2
				reason = "x"
			}`, []string{
			"allowed the project RCE-1 1", "allowed the project SHP-1 1", "allowed @a/b@2.0.0 SHP-1 2",
			"allowed left@1.0.0 RCE-1 2", "allowed left@1.0.0 RCE-3 1", "allowed left@2.0.0 RCE-1 1",
		}},
		"a third place fails, and fewer are reported": {`deny = ["eval"]
			allow "pkg:npm/left@1.0.0" {
				kinds = ["eval"]
				sites = 1
				reason = "x"
			}
			allow "pkg:npm/left@2.0.0" {
				kinds = ["eval"]
				sites = 2
				reason = "x"
			}
			allow "project" {
				kinds = ["eval"]
				sites = 1
				reason = "x"
			}
			allow "pkg:npm/right" {
				kinds = ["eval"]
				reason = "x"
			}`, []string{
			"denied left@1.0.0 eval 2", "allowed the project eval 1", "allowed left@2.0.0 eval 1",
			`stale build.hcl:8:4: allow "pkg:npm/left@2.0.0" is for 2 places, and left@2.0.0 has 1: write sites = 1`,
			`stale build.hcl:18:4: allow "pkg:npm/right" covers nothing: remove it`,
		}},
		"a rule of one's own, with an exception of its own": {`rule "TEAM-1" {
				call = ["node:child_process.*"]
				message = "m"
				reason = "r"
				remedy = "y"
				allow "project" {
					sites = 1
					reason = "x"
				}
			}`, []string{"denied @a/b@2.0.0 TEAM-1 2", "allowed the project TEAM-1 1"}},
		"a rule of a wider set, alone": {`rules = "common"
			deny = ["RCE-3"]
			warn = ["RCE-1", "SHP-1"]`, []string{
			"denied left@1.0.0 RCE-3 1", "warned the project RCE-1 1", "warned the project SHP-1 1", "warned @a/b@2.0.0 SHP-1 2",
			"warned left@1.0.0 RCE-1 2", "warned left@2.0.0 RCE-1 1",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := policyOf(t, test.block)
			got := shown(Judge(world(), p, day))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			turned := world()
			slices.Reverse(turned.Packages)
			if diff := cmp.Diff(got, shown(Judge(turned, p, day))); diff != "" {
				t.Errorf("the order of packages changes the result (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnExceptionHoldsThroughItsLastDay(t *testing.T) {
	p := policyOf(t, `deny = ["eval"]
		allow "pkg:npm/left" {
			kinds = ["eval"]
			reason = "x"
			expires = "2026-10-31"
		}
		allow "project" {
			kinds = ["eval"]
			reason = "x"
			expires = "2026-11-01"
		}`)
	tests := map[string][]string{
		"2026-10-31T23:59:59Z": {"allowed the project eval 1", "allowed left@1.0.0 eval 2", "allowed left@2.0.0 eval 1"},
		"2026-11-01T00:00:00Z": {"denied left@1.0.0 eval 2", "denied left@2.0.0 eval 1", "allowed the project eval 1"},
		"2026-11-02T00:00:00Z": {"denied the project eval 1", "denied left@1.0.0 eval 2", "denied left@2.0.0 eval 1"},
	}
	for at, want := range tests {
		date, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, shown(Judge(world(), p, date))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", at, diff)
		}
	}
}

func TestARenewedExceptionStandsBesideTheOneThatEnded(t *testing.T) {
	p := policyOf(t, `deny = ["vm"]
		allow "pkg:npm/left@1.0.0" {
			kinds = ["vm"]
			reason = "x"
			expires = "2025-01-01"
		}
		allow "pkg:npm/left" {
			kinds = ["vm"]
			reason = "x"
		}`)
	want := []string{"allowed left@1.0.0 vm 1", `stale build.hcl:3:3: allow "pkg:npm/left@1.0.0" ended on 2025-01-01 and covers nothing: remove it`}
	if diff := cmp.Diff(want, shown(Judge(world(), p, day))); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

// A tarball can bundle anything under the name and version of a package that was
// reviewed; what stands at the same line of it is another place.
func TestABundledImpostorIsNotAllowedWithThePackage(t *testing.T) {
	p := policyOf(t, `deny = ["eval"]
		allow "pkg:npm/left" {
			kinds = ["eval"]
			sites = 2
			reason = "x"
		}`)
	genuine := dynamism.Package{Purl: "pkg:npm/left@1.0.0", Path: "node_modules/left",
		Findings: []source.Finding{finding(source.Eval, "a.js", 1), finding(source.Eval, "a.js", 2)}}
	impostor := genuine
	impostor.Path = "node_modules/host/node_modules/left"
	impostor.Findings = slices.Clone(genuine.Findings)
	inventory := &dynamism.Inventory{Packages: []dynamism.Package{genuine, impostor}}
	if diff := cmp.Diff([]string{"allowed left@1.0.0 eval 2"}, shown(Judge(inventory, p, day))); diff != "" {
		t.Errorf("a copy (-want +got):\n%s", diff)
	}
	impostor.Findings[1].Excerpt = "eval(atob(payload))"
	if diff := cmp.Diff([]string{"denied left@1.0.0 eval 3"}, shown(Judge(inventory, p, day))); diff != "" {
		t.Errorf("an impostor (-want +got):\n%s", diff)
	}
	hidden := dynamism.Package{Purl: "pkg:npm/host@1.0.0#node_modules/evil", Path: "node_modules/host/node_modules/evil",
		Findings: []source.Finding{finding(source.Eval, "index.js", 1)}}
	inventory = &dynamism.Inventory{Packages: []dynamism.Package{genuine, hidden}}
	if diff := cmp.Diff([]string{"denied host@1.0.0 eval 1", "allowed left@1.0.0 eval 2"}, shown(Judge(inventory, p, day))); diff != "" {
		t.Errorf("what no lockfile names (-want +got):\n%s", diff)
	}
}

func TestProblemsCarryEachPlaceAndACode(t *testing.T) {
	p := policyOf(t, `deny = ["eval", "SHP-1"]
		allow "pkg:npm/left" {
			kinds = ["eval"]
			reason = "x"
			sites = 1
		}
		allow "project" {
			rules = ["SHP-1"]
			reason = "x"
			expires = "2025-01-01"
		}`)
	var got []string
	for _, problem := range Judge(world(), p, day).Problems("build.hcl") {
		got = append(got, problem.Text())
	}
	want := `error[NB1303]: SHP-1: the project: a shell command is joined from parts, at 1 place
  at:  server.js:9:1
    server.js:9:1 | exec('a ' + b)
  why: a part that holds ; or $( is a command of its own; the exception of build.hcl:8:3 ended on 2025-01-01
  fix: use execFile or spawn with a list of arguments and without a shell; or review it again and put this in place of the exception of build.hcl:8:3:
       allow "project" {
         rules  = ["SHP-1"]
         sites  = 1
         reason = "…"
       }
error[NB1301]: eval: the project: a string becomes code, at 1 place
  at:  server.js:4:1
    server.js:4:1 | line 4
  why: whoever can change the string runs code in this process, with all that it may do
  fix: parse data with JSON.parse, and call functions by a table of names; or review it and add to the dynamism block of build.hcl, with your reason:
       allow "project" {
         kinds  = ["eval"]
         sites  = 1
         reason = "…"
       }
error[NB1301]: SHP-1: @a/b@2.0.0: a shell command is joined from parts, at 2 places
  at:  node_modules/@a/b/x.js:3:1
    node_modules/@a/b/x.js:3:1 | exec('a ' + b)
    node_modules/@a/b/x.js:5:1 | exec('a ' + b)
  why: a part that holds ; or $( is a command of its own
  fix: use execFile or spawn with a list of arguments and without a shell; or review it and add to the dynamism block of build.hcl, with your reason:
       allow "pkg:npm/%40a/b" {
         rules  = ["SHP-1"]
         sites  = 2
         reason = "…"
       }
error[NB1304]: eval: left@1.0.0: a string becomes code, at 2 places
  at:  node_modules/left/a.js:1:1
    node_modules/left/a.js:1:1 | line 1
    node_modules/left/a.js:2:1 | line 2
  why: whoever can change the string runs code in this process, with all that it may do; the exception of build.hcl:3:3 is for 1 place, and there are 2
  fix: parse data with JSON.parse, and call functions by a table of names; or review what was added and write sites = 2 in the exception of build.hcl:3:3
`
	if diff := cmp.Diff(want, strings.Join(got, "")); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// The block that a denial prints, with a reason, is what makes it pass.
func TestThePastedBlockAllowsWhatWasDenied(t *testing.T) {
	const base = "rules = \"strict\"\n"
	first := Judge(world(), policyOf(t, base), day)
	if len(first.Denied) == 0 {
		t.Fatal("nothing is denied")
	}
	blocks := base
	for i := range first.Denied {
		block := strings.Replace(first.Denied[i].Block(first.alike(i)), "…", "reviewed", 1)
		if !strings.Contains(blocks, block) {
			blocks += block + "\n"
		}
	}
	second := Judge(world(), policyOf(t, blocks), day)
	if len(second.Denied) > 0 || len(second.Stale) > 0 {
		t.Errorf("after pasting %s\nthere is %q", blocks, shown(second))
	}
}

func TestPolicyRefusesRulesThatAreNotThere(t *testing.T) {
	b, err := readBlock([]byte(`dynamism {
		deny = ["SHPP-1"]
		allow "project" {
			rules = ["CRY-99"]
			reason = "x"
		}
		rule "SHP-1" {
			kinds = ["eval"]
			message = "m"
			reason = "r"
			remedy = "y"
		}
	}`), "build.hcl")
	if err != nil {
		t.Fatal(err)
	}
	_, err = New(b)
	var got []string
	for _, p := range diag.All(err) {
		got = append(got, string(p.Code)+" "+p.What)
	}
	want := []string{"NB0391 there is no rule SHPP-1", "NB0391 there is no rule CRY-99", "NB0391 SHP-1 is a rule of the set common"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestWarningsAreALineARule(t *testing.T) {
	p := policyOf(t, `rules = "common"`)
	want := []string{
		"RCE-1: a string becomes code, at 4 places of the project, left@1.0.0, left@2.0.0: see `nbuild scan` and `nbuild explain RCE-1`",
		"SHP-1: a shell command is joined from parts, at 3 places of the project, @a/b@2.0.0: see `nbuild scan` and `nbuild explain SHP-1`",
	}
	if diff := cmp.Diff(want, Judge(world(), p, day).Warnings()); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestUnreadFilesAreAPlace(t *testing.T) {
	inventory := &dynamism.Inventory{Packages: []dynamism.Package{
		{Purl: "pkg:npm/big@1.0.0", Path: "node_modules/big", Unparsed: []dynamism.Unparsed{{File: "a.js", Why: "it has more than 32 MiB"}}},
	}}
	if diff := cmp.Diff([]string{"denied big@1.0.0 MTP-5 1"}, shown(Judge(inventory, policyOf(t, `rules = "strict"`), day))); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

func TestKindsOfTheLanguageAreThoseOfTheInventory(t *testing.T) {
	var want []string
	for _, k := range source.Kinds() {
		want = append(want, string(k))
	}
	slices.Sort(want)
	got := rulefile.Kinds()
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kinds (-inventory +language):\n%s", diff)
	}
}
