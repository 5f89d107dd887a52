package pipelines

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
)

// chain is a locals block of n rows, each made of the one before it.
func chain(first, next string, n int) string {
	var b strings.Builder
	b.WriteString("locals {\n  a0 = " + first + "\n")
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "  a%d = %s\n", i, strings.ReplaceAll(next, "@", fmt.Sprintf("local.a%d", i-1)))
	}
	return b.String() + "}\n"
}

func many(n int, line string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(line, "#", fmt.Sprint(i)))
	}
	return b.String()
}

// TestNoShapeOfAFileCostsMoreThanItsBudget gives the language what is small as it is
// written and huge as it is meant.
func TestNoShapeOfAFileCostsMoreThanItsBudget(t *testing.T) {
	text := `"` + strings.Repeat("x", 1000) + `"`
	tests := map[string]string{
		"lists":                    chain("[1]", "[@, @]", 60),
		"objects":                  chain("{ k = 1 }", "{ x = @, y = @ }", 60),
		"texts":                    chain(text, `"${@}${@}"`, 60),
		"conditions":               chain("[1]", "true ? [@, @] : [@]", 60),
		"concat":                   chain("[1]", "concat(@, @)", 60),
		"flatten":                  chain("[[1]]", "[flatten(@), flatten(@)]", 60),
		"merge":                    chain("{ k = [1] }", "merge(@, { x = [@, @] })", 60),
		"join":                     chain(text, `join(@, ["", "", ""])`, 60),
		"split":                    chain(text, `join("", concat(split("", @), split("", @)))`, 60),
		"format of one argument":   chain(text, `format("%[1]s%[1]s%[1]s", @)`, 60),
		"format of a list":         chain("[1]", `[format("%#v", @), format("%#v", @)]`, 60),
		"format, nested":           "locals {\n  a = " + strings.Repeat(`format("%[1]s%[1]s%[1]s%[1]s", `, 25) + text + strings.Repeat(")", 25) + "\n}\n",
		"replace, side by side":    "locals {\n  s = " + text + "\n" + many(5_000, "  r# = replace(local.s, \"x\", local.s)\n") + "}\n",
		"all locals of one":        "locals {\n" + many(5_000, "  a# = 1\n  b# = local\n") + "}\n",
		"references to nothing":    "locals {\n" + many(5_000, "  a# = 1\n  b# = local.none\n") + "}\n",
		"distinct":                 chain("[1]", "concat(@, @)", 16) + "variable \"v\" {\n  default = length(distinct(local.a16))\n}\n",
		"a for in a for":           "locals {\n  a = [for x in [1, 2] : [for y in [1, 2] : x]]\n}\n",
		"a for in a template":      "locals {\n  a = \"%{ for x in [1, 2] }x%{ endfor }\"\n}\n",
		"a splat":                  "locals {\n  a = [{ b = 1 }]\n  c = local.a[*].b\n}\n",
		"files, again and again":   "locals {\n" + many(5_000, "  f# = files(\"**\", \"**\")\n") + "}\n",
		"a file, again and again":  "locals {\n" + many(5_000, "  f# = file(\"big\")\n") + "}\n",
		"a long list, many images": chain("[1]", "concat(@, @)", 15) + many(500, "image \"i#\" {\n  cmd = local.a15\n}\n"),
	}
	folder := fstest.MapFS{"big": {Data: []byte(strings.Repeat("x", 1<<20))}}
	for i := range 1000 {
		folder[fmt.Sprintf("f%d", i)] = &fstest.MapFile{}
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			start := cpu(t)
			_, err := Parse([]byte("nbuild = \"1\"\nproject \"p\" {}\n"+body), "build.hcl", folder, Options{})
			took := cpu(t) - start
			if took > detecting*5*time.Second {
				t.Errorf("took %v of processors' time", took)
			}
			ps := diag.All(err)
			if len(ps) == 0 {
				t.Fatalf("got %v, want problems", err)
			}
			t.Logf("%v: %s", took, ps[0].What)
			for _, p := range ps {
				if p.Code == hclfile.CodeCost {
					return
				}
			}
			if name != "references to nothing" {
				t.Errorf("got %v, want %s", ps[0], hclfile.CodeCost)
			}
		})
	}
}

func TestTheJSONFormHasNoLoopsEither(t *testing.T) {
	src := `{"nbuild": "1", "project": {"p": {}}, "locals": {"a": ["${[for x in [1, 2] : x]}"]}}`
	_, err := Parse([]byte(src), "build.hcl.json", fstest.MapFS{}, Options{})
	if ps := diag.All(err); len(ps) != 1 || ps[0].Code != hclfile.CodeCost || ps[0].Pos.Column < 60 {
		t.Errorf("got %v, want one %s", err, hclfile.CodeCost)
	}
}

func TestLocalsThatAreManyAreRead(t *testing.T) {
	src := "nbuild = \"1\"\nproject \"p\" {}\nlocals {\n" + many(5_000, "  a# = \"x#\"\n") + many(5_000, "  b# = [local.a#]\n") + "}\n"
	start := cpu(t)
	if _, err := Parse([]byte(src), "build.hcl", fstest.MapFS{}, Options{}); err != nil {
		t.Error(diag.All(err)[0])
	}
	if took := cpu(t) - start; took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

// cpu is the processors' time that the process has used: other work on the machine
// does not count.
func cpu(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
