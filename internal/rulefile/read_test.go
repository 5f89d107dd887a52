package rulefile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/internal/rulefile"
)

func read(src []byte, name string) (rulefile.Block, diag.Problems) {
	f, err := hclfile.Parse(src, name)
	if err != nil {
		return rulefile.Block{}, diag.All(err)
	}
	body, problems := f.Decode(&hclfile.Schema{Blocks: []hclfile.Block{{Name: "dynamism", Body: rulefile.Language()}}})
	r := &hclfile.Reader{File: f, Problems: problems}
	var out rulefile.Block
	if b := body.One("dynamism"); b != nil {
		out = rulefile.Read(r, b)
	}
	return out, r.Problems
}

const native = `dynamism {
  rules = "strict"
  deny  = ["eval", "SHP-1"]
  warn  = ["vm"]

  allow "pkg:npm/a" {
    kinds   = ["eval"]
    rules   = ["RCE-3"]
    sites   = 2
    reason  = "reviewed"
    owner   = "platform"
    expires = "2027-06-30"
  }
  allow "pkg:npm/a" {
    rules  = ["SHP-1"]
    reason = "reviewed as well"
  }

  rule "TEAM-1" {
    call    = ["node:crypto.*", ".sign"]
    message = "m"
    reason  = "r"
    remedy  = "y"

    when {
      argument = 1
      property = ["bits"]
      below    = 2048
    }
    when {
      target   = "(?i)token"
      compared = true
    }
    allow "project" {
      reason = "ours"
    }
  }
}
`

const inJSON = `{"dynamism": {
  "rules": "strict", "deny": ["eval", "SHP-1"], "warn": ["vm"],
  "allow": {"pkg:npm/a": [
    {"kinds": ["eval"], "rules": ["RCE-3"], "sites": 2, "reason": "reviewed", "owner": "platform", "expires": "2027-06-30"},
    {"rules": ["SHP-1"], "reason": "reviewed as well"}
  ]},
  "rule": {"TEAM-1": {
    "call": ["node:crypto.*", ".sign"], "message": "m", "reason": "r", "remedy": "y",
    "when": [{"argument": 1, "property": ["bits"], "below": 2048}, {"target": "(?i)token", "compared": true}],
    "allow": {"project": {"reason": "ours"}}
  }}
}}`

func TestReadGivesTheSameOfBothForms(t *testing.T) {
	want := rulefile.Block{
		Rules: "strict", Deny: []string{"eval", "SHP-1"}, Warn: []string{"vm"},
		Own: []rulefile.Rule{{
			ID: "TEAM-1", Call: []string{"node:crypto.*", ".sign"}, Severity: rulefile.Deny, Message: "m", Reason: "r", Remedy: "y",
			When: []rulefile.Condition{
				{Argument: 1, Property: []string{"bits"}, Below: 2048},
				{Argument: rulefile.AnyArgument, Target: "(?i)token", Compared: true},
			},
			Allow: []rulefile.Allow{{Purl: "project", Reason: "ours"}},
		}},
		Allow: []rulefile.Allow{
			{Purl: "pkg:npm/a", Kinds: []string{"eval"}, Rules: []string{"RCE-3"}, Sites: 2, Reason: "reviewed", Owner: "platform", Expires: "2027-06-30"},
			{Purl: "pkg:npm/a", Rules: []string{"SHP-1"}, Reason: "reviewed as well"},
		},
	}
	for name, src := range map[string]string{"build.hcl": native, "build.hcl.json": inJSON} {
		got, problems := read([]byte(src), name)
		if len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreTypes(diag.Pos{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// What a denial prints has dots for the reason: pasting it is not yet a review.
func TestAnExceptionNeedsAReasonInWords(t *testing.T) {
	_, problems := read([]byte("dynamism {\n  allow \"project\" {\n    kinds  = [\"eval\"]\n    reason = \"…\"\n  }\n}\n"), "build.hcl")
	if len(problems) != 1 || problems[0].Code != rulefile.CodeRule || problems[0].Pos.Line != 4 {
		t.Errorf("problems: %v", problems)
	}
}

func TestRulesCostABoundedAmount(t *testing.T) {
	patterns := strings.Repeat(`"npm:a*b*c.d",`, bounds.Rules+1)
	got, problems := read([]byte("dynamism {\n  rule \"TEAM-1\" {\n    call    = ["+patterns+"]\n    message = \"m\"\n    reason  = \"r\"\n    remedy  = \"y\"\n  }\n}\n"), "build.hcl")
	if len(problems) != 1 || len(got.Own) > 0 {
		t.Errorf("%d rules, problems: %v", len(got.Own), problems)
	}
}

func TestIDs(t *testing.T) {
	for id, want := range map[string]bool{
		"SHP-1": true, "TEAM-12": true, "A-B2-3": true, "SHP": false, "shp-1": false, "-1": false, "SHP-": false, "SHP-1x": false, "eval": false, "SHP-12345": false,
	} {
		if rulefile.ID(id) != want {
			t.Errorf("ID(%q) is not %t", id, want)
		}
	}
}

// Whatever a block holds, reading it ends, and every problem has a remedy.
func FuzzRead(f *testing.F) {
	f.Add([]byte(native))
	f.Add([]byte(`dynamism { rule "A-1" { when { matches = "(" } } }`))
	f.Fuzz(func(t *testing.T, src []byte) {
		_, problems := read(src, "build.hcl")
		for _, p := range problems {
			if p.Remedy == "" || !p.Code.Valid() {
				t.Errorf("a problem without a remedy or a code: %v", p)
			}
		}
	})
}
