package pipelines

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nbuild/nbuild/internal/diag"
)

func TestGuardingRefusesWhatWouldHoldNothing(t *testing.T) {
	tests := []struct{ name, guard, block, want string }{
		{"a guard that is off", "off", `console = "module"`, "the guard of this image is off"},
		{"a program by name", "enforce", `children = ["git"]`, `"git" is no absolute path`},
		{"write without permission", "enforce", `write = ["/tmp/*"]`, "write needs permission = true"},
		{"an unknown console", "enforce", `console = "loud"`, "loud"},
		{"what holds", "enforce", "eval = \"report\"\n permission = true\n write = [\"/tmp/*\"]\n children = [\"/usr/bin/git\"]", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := "nbuild = \"1\"\nproject \"p\" {}\nimage \"i\" {\n cmd = [\"node\", \"a.js\"]\n guard = \"" + test.guard + "\"\n guarding {\n " + test.block + "\n }\n}\n"
			p, err := Parse([]byte(text), "build.hcl", fstest.MapFS{}, Options{})
			var got []string
			for _, problem := range diag.All(err) {
				got = append(got, problem.What)
			}
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if g := p.Images[0].Guarding; !g.Permission || g.Eval != "report" || len(g.Children) != 1 || len(g.Write) != 1 {
					t.Errorf("%+v", g)
				}
				return
			}
			if len(got) != 1 || !strings.Contains(got[0], test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
