package guard

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// written is a command and the settings that EntryPoint makes.
func written(t testing.TB, mode Mode, o Options) ([]string, []byte) {
	t.Helper()
	command, _, files, err := EntryPoint([]string{"node", "--enable-source-maps", "server.js"}, mode, o)
	if err != nil {
		t.Fatal(err)
	}
	return command, files["/.nbuild/guard.json"]
}

func TestReadSetupGivesBackWhatEntryPointWrote(t *testing.T) {
	for name, test := range map[string]struct {
		mode        Mode
		o           Options
		want        Setup
		permissions string
	}{
		"enforce": {Enforce, Options{Node: 22}, Setup{Mode: Enforce, Eval: Enforce}, "*"},
		"report":  {Report, Options{Node: 24, Eval: Enforce}, Setup{Mode: Report, Eval: Enforce}, "*"},
		"eval off, programs, variables": {Enforce, Options{Node: 20, Eval: Off, Children: []string{"/bin/b", "/bin/a"}, Environment: []string{"LD_PRELOAD"}},
			Setup{Mode: Enforce, Eval: Off, Children: []string{"/bin/a", "/bin/b"}, Environment: []string{"LD_PRELOAD"}}, "*"},
		"permissions of Node 26": {Enforce, Options{Node: 26, Permission: &Permission{Write: []string{"/tmp/*"}, Workers: true}},
			Setup{Mode: Enforce, Eval: Enforce}, "fs-write=/tmp/* worker"},
		"permissions of Node 22": {Enforce, Options{Node: 22, Permission: &Permission{Workers: true}},
			Setup{Mode: Enforce, Eval: Enforce}, "net worker"},
		"permissions of Node 20": {Enforce, Options{Node: 20, Permission: &Permission{Addons: true, Net: true}},
			Setup{Mode: Enforce, Eval: Enforce}, "addons net wasi"},
	} {
		t.Run(name, func(t *testing.T) {
			command, doc := written(t, test.mode, test.o)
			if !Starts(command) {
				t.Errorf("%q starts no guard", command)
			}
			got, err := ReadSetup(command, doc)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.permissions, strings.Join(got.Permissions(test.o.Node), " ")); diff != "" {
				t.Error(diff)
			}
			if got.Mode != test.want.Mode || got.Eval != test.want.Eval || !equal(got.Children, test.want.Children) || !equal(got.Environment, test.want.Environment) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func equal(a, b []string) bool { return strings.Join(a, " ") == strings.Join(b, " ") }

func TestStartsTakesTheOneWayAlone(t *testing.T) {
	for command, want := range map[string]bool{
		"node --require /.nbuild/guard.cjs server.js":                    true,
		"/usr/local/bin/node --require /.nbuild/guard.cjs --x server.js": true,
		"node server.js":                    false,
		"":                                  false,
		"node --require /.nbuild/guard.cjs": false,
		"node --require /tmp/guard.cjs server.js":                   false,
		"node --no-warnings --require /.nbuild/guard.cjs server.js": false,
		"node server.js --require /.nbuild/guard.cjs":               false,
		"sh --require /.nbuild/guard.cjs server.js":                 false,
		"tini node --require /.nbuild/guard.cjs server.js":          false,
	} {
		if got := Starts(strings.Fields(command)); got != want {
			t.Errorf("%q: %v", command, got)
		}
	}
}

func TestReadSetupRefusesSettingsThatNodeWouldReadOtherwise(t *testing.T) {
	command, doc := written(t, Enforce, Options{Node: 22, Minor: 23})
	replace := func(old, new string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, new, 1) }
	}
	for name, change := range map[string]func(string) string{
		"another spelling of a field behind the one that counts": replace(`"mode": "enforce",`, "\"mode\": \"report\",\n  \"MODE\": \"enforce\","),
		"a field twice":       replace(`"mode": "enforce",`, "\"mode\": \"enforce\",\n  \"mode\": \"report\","),
		"an unknown field":    replace(`"mode"`, "\"more\": 1,\n  \"mode\""),
		"no mode":             replace(`"mode": "enforce"`, `"mode": "off"`),
		"an unknown mode":     replace(`"mode": "enforce"`, `"mode": "trust"`),
		"no mode of eval":     replace(`"eval": "enforce"`, `"eval": ""`),
		"another schema":      replace("guard-config/v1", "guard-config/v2"),
		"text behind its end": func(s string) string { return s + "{}\n" },
		"no text":             func(string) string { return "" },
		"null":                func(string) string { return "null\n" },
		"fewer flags":         replace("\"--disallow-code-generation-from-strings\",\n    ", ""),
		"no flags": func(s string) string {
			return s[:strings.Index(s, "\"flags\"")] + "\"flags\": [],\n  \"environment\": []\n}\n"
		},
	} {
		bad := change(string(doc))
		if bad == string(doc) {
			t.Fatalf("%s: the case changes nothing", name)
		}
		if _, err := ReadSetup(command, []byte(bad)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestReadSetupHoldsTheCommandToTheSettings(t *testing.T) {
	command, doc := written(t, Enforce, Options{Node: 22, Minor: 23})
	for name, other := range map[string]string{
		"a flag is gone":       strings.Replace(strings.Join(command, " "), " --disallow-code-generation-from-strings", "", 1),
		"a flag stands behind": strings.Replace(strings.Join(command, " "), " --disallow-code-generation-from-strings --disable-sigusr1", " --disable-sigusr1 --disallow-code-generation-from-strings", 1),
		"no guard":             "node server.js",
		"nothing":              "",
		"no file behind":       strings.TrimSuffix(strings.Join(command, " "), " --enable-source-maps server.js"),
	} {
		if _, err := ReadSetup(strings.Fields(other), doc); err == nil {
			t.Errorf("%s: taken: %q", name, other)
		}
	}
}

func FuzzReadSetup(f *testing.F) {
	command, doc := written(f, Enforce, Options{Node: 22, Children: []string{"/bin/git"}})
	f.Add(doc)
	f.Add([]byte("null\n"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		s, err := ReadSetup(command, doc)
		if err != nil {
			return
		}
		if !s.Mode.on() || !s.Eval.Known() || len(s.Permissions(22)) == 0 {
			t.Errorf("%+v", s)
		}
	})
}
