package comparison

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestASummaryBeginsWithTheWorstAndEndsWithTests(t *testing.T) {
	text := func(s string) *string { return &s }
	d := Diff{Changes: []Change{
		{Class: NewDynamism, Severity: High, Purl: "pkg:npm/%40s/a@1.0.0", To: text("eval: 2 places\ntest/a.js:1: eval(x)\ntest/b.js:1: eval(x)")},
		{Class: NewDynamism, Severity: High, Purl: "pkg:npm/b@1.0.0", To: text("eval: 2 places\ntest/a.js:1: eval(x)\nlib/b.js:1: eval(x)")},
		{Class: NewDynamism, Severity: High, Purl: "pkg:npm/c@1.0.0", To: text("eval: 2 places")},
		{Class: NewDynamism, Severity: High, Purl: "pkg:npm/d@1.0.0", To: text("eval: 1 place\nd.js:1: eval(x)")},
		{Class: NewDynamism, Severity: High, Purl: "pkg:generic/shop@1.0.0", To: text("eval: 1 place\ntest/a.js:1: eval(x)")},
		{Class: NewDynamism, Severity: Low, Purl: "pkg:npm/b@1.0.0", To: text("test-code: 1 place")},
		{Class: IntegrityChanged, Severity: Critical, Purl: "pkg:npm/b@1.0.0", To: text("x\x1b[2J")},
		{Class: OwnSourceChanged, Severity: Low, Path: "/app/\x1b[2Jserver.js"},
		{Class: Upgrade, Severity: Low, Purl: "pkg:npm/e@1.0.0"},
	}}
	want := []string{
		"9 changes: 1 critical, 5 high, 3 low",
		"  critical  integrity-changed                   1  b@1.0.0",
		"  high      new-dynamism eval                   1  generic/shop@1.0.0",
		"  high      new-dynamism eval                   3  b@1.0.0, c@1.0.0 and 1 more",
		`  low       own-source-changed                  1  /app/\u001b[2Jserver.js`,
		"  low       upgrade                             1  e@1.0.0",
		"  high      new-dynamism eval                   1  only in tests: @s/a@1.0.0",
		"  low       new-dynamism test-code              1  only in tests: b@1.0.0",
	}
	if diff := cmp.Diff(want, d.summary()); diff != "" {
		t.Error(diff)
	}
}

func TestASummaryHasAtMostTwelveLines(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		var d Diff
		for range n {
			c := classes[random.IntN(len(classes))]
			d.Changes = append(d.Changes, Change{Class: c.class, Severity: c.severity, Purl: fmt.Sprintf("pkg:npm/p%d@1.0.0", random.IntN(9))})
		}
		lines := d.summary()
		if len(lines) > 12 {
			t.Fatalf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
		}
		if want := fmt.Sprintf("%d change", n); !strings.HasPrefix(lines[0], want) {
			t.Errorf("%s does not begin with %s", lines[0], want)
		}
	}
}
