package npm

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/diag"
)

var desk = Developer{Node: "22.15.0", NPM: "11.4.2", OS: "linux", Release: "6.12.9-amd64", CPU: "x64", Libc: "glibc"}

// devEngineCases are what devEngines may be, with what becomes of it on the desk: "" for
// nothing, "warns", "refused", or "odd" where it can't be read.
var devEngineCases = []struct{ is, want string }{
	{`{}`, ""},
	{`{"runtime":[]}`, ""},
	{`{"runtime":{"name":"node"}}`, ""},
	{`{"runtime":{"name":"node","version":">=20"}}`, ""},
	{`{"runtime":{"name":"node","version":""}}`, ""},
	{`{"runtime":{"name":"node","version":"22"},"packageManager":{"name":"npm","version":"^11.0.0"},"os":{"name":"linux"},"cpu":{"name":"x64"},"libc":{"name":"glibc"}}`, ""},
	{`{"runtime":{"name":"node","version":"<20"}}`, "refused"},
	{`{"runtime":{"name":"node","version":"lts/*"}}`, "refused"},
	{`{"runtime":{"name":"node","version":">=22.0.0-rc.1 <22.15.0"}}`, "refused"},
	{`{"runtime":{"name":"Node"}}`, "refused"},
	{`{"runtime":{"name":"bun","onFail":"download"}}`, "refused"},
	{`{"runtime":{"name":"bun","onFail":"warn"}}`, "warns"},
	{`{"runtime":{"name":"bun","onFail":"ignore"}}`, ""},
	{`{"runtime":[{"name":"bun"},{"name":"node"}]}`, ""},
	{`{"runtime":[{"name":"bun","onFail":"error"},{"name":"deno","onFail":"warn"}]}`, "warns"},
	{`{"runtime":[{"name":"bun","onFail":"warn"},{"name":"deno"}]}`, "refused"},
	{`{"runtime":[{"name":"bun","onFail":"ignore"},{"name":"deno","onFail":"error"}],"os":{"name":"beos","onFail":"warn"}}`, "refused"},
	{`{"packageManager":{"name":"yarn"}}`, "refused"},
	{`{"packageManager":{"name":"npm","version":"10.x"}}`, "refused"},
	{`{"os":{"name":"linux","version":">=6"}}`, "refused"}, // a prerelease, to semver
	{`{"os":{"name":"linux","version":">=6.12.9-a"}}`, ""},
	{`{"os":{"name":"darwin"}}`, "refused"},
	{`{"cpu":{"name":"arm64"}}`, "refused"},
	{`{"cpu":[{"name":"arm64"},{"name":"x64"}]}`, ""},
	{`{"libc":{"name":"musl","onFail":"warn"}}`, "warns"},
	{`{"runtime":{"name":"bun","version":5}}`, "refused"},
	{`null`, "odd"},
	{`false`, "odd"},
	{`"node"`, "odd"},
	{`[]`, "odd"},
	{`{"node":{"name":"node"}}`, "odd"},
	{`{"node":[]}`, "odd"},
	{`{"runtime":null}`, "odd"},
	{`{"runtime":"node"}`, "odd"},
	{`{"runtime":[[{"name":"node"}]]}`, "odd"},
	{`{"runtime":{}}`, "odd"},
	{`{"runtime":{"version":"22"}}`, "odd"},
	{`{"runtime":{"name":5}}`, "odd"},
	{`{"runtime":{"name":"node","version":22}}`, "odd"},
	{`{"runtime":{"name":"node","onFail":"stop"}}`, "odd"},
	{`{"runtime":{"name":"node","onFail":true}}`, "odd"},
	{`{"runtime":{"name":"node","Version":"22"}}`, "odd"},
	{`{"runtime":[{"name":"node"},{"name":"bun","onFail":"no"}]}`, "odd"},
	{`{"cpu":{"name":"x64","version":"1"}}`, "odd"},
	{`{"runtime":{"name":"bun"},"cpu":{}}`, "odd"},
}

// fits is what becomes of devEngines.
func fits(t *testing.T, is string, on Developer, forced bool) string {
	t.Helper()
	m, err := ReadManifest([]byte("{\n  \"name\": \"a\", \"devEngines\": "+is+"}"), "package.json")
	if err != nil {
		t.Fatal(err)
	}
	warnings, err := (&Lockfile{devEngines: m.devEngines}).FitsDeveloper(on, forced)
	switch problems := diag.All(err); {
	case err == nil && len(warnings) > 0:
		return "warns"
	case err == nil:
		return ""
	case problems[0].Code != CodeDevEngines || problems[0].Pos.Line != 2 || problems[0].Remedy == "":
		t.Errorf("%s: %v", is, err)
		return ""
	case strings.Contains(problems[0].What, "can't be read"):
		return "odd"
	}
	return "refused"
}

func TestDevEnginesAreHeldToTheMachine(t *testing.T) {
	for _, c := range devEngineCases {
		if got := fits(t, c.is, desk, false); got != c.want {
			t.Errorf("%s: %q, want %q", c.is, got, c.want)
		}
		forced := c.want
		if forced == "refused" {
			forced = "warns"
		}
		if got := fits(t, c.is, desk, true); got != forced {
			t.Errorf("%s, forced: %q, want %q", c.is, got, forced)
		}
	}
	bare := Developer{OS: "linux", CPU: "x64"} // no Node, no npm, and a C library that is not known
	for is, want := range map[string]string{
		`{"runtime":{"name":"node","version":">=99"},"packageManager":{"name":"npm","version":"1"}}`: "",
		`{"runtime":{"name":"bun"}}`:                            "refused",
		`{"libc":{"name":"glibc"}}`:                             "odd",
		`{"runtime":{"name":"node"},"runtime":{"name":"node"}}`: "odd", // which of the two counts?
	} {
		if got := fits(t, is, bare, false); got != want {
			t.Errorf("%s: %q, want %q", is, got, want)
		}
	}
	if _, err := ReadManifest([]byte(`{"devEngines":{},"devEngines":{}}`), "package.json"); len(diag.All(err)) != 1 || diag.All(err)[0].Code != CodeDuplicate {
		t.Errorf("devEngines twice: %v", err)
	}
}

// TestDevEnginesAreJudgedAsNPMDoes asks npm's own code.
func TestDevEnginesAreJudgedAsNPMDoes(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("no node")
	}
	root, err := exec.Command("npm", "root", "-g").Output()
	if err != nil {
		t.Skip("no npm")
	}
	const program = `const { checkDevEngines } = require(process.argv[1] + "/npm/node_modules/npm-install-checks")
const { current, cases } = JSON.parse(process.argv[2])
console.log(JSON.stringify(cases.map(text => {
  try {
    const failures = checkDevEngines(JSON.parse(text), current)
    return failures.some(f => f.isError) ? "refused" : failures.some(f => f.isWarn) ? "warns" : ""
  } catch (e) { return "odd" }
})))`
	var cases []string
	for _, c := range devEngineCases {
		cases = append(cases, c.is)
	}
	question, err := json.Marshal(map[string]any{"cases": cases, "current": map[string]any{
		"runtime": map[string]string{"name": "node", "version": "v" + desk.Node}, "packageManager": map[string]string{"name": "npm", "version": desk.NPM},
		"os": map[string]string{"name": desk.OS, "version": desk.Release}, "cpu": map[string]string{"name": desk.CPU}, "libc": map[string]string{"name": desk.Libc},
	}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("node", "-e", program, strings.TrimSpace(string(root)), string(question)).Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []string
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(devEngineCases) {
		t.Fatalf("%s: %v", out, err)
	}
	for i, c := range devEngineCases {
		if answers[i] != c.want {
			t.Errorf("%s: npm says %q, want %q", c.is, answers[i], c.want)
		}
	}
}
