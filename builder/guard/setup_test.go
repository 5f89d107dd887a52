package guard

import (
	"encoding/json"
	"slices"
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
			got, err := ReadSetup(command, doc, test.o.Node, test.o.Minor)
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
		"no flags": func(s string) string {
			return s[:strings.Index(s, "\"flags\"")] + "\"flags\": [],\n  \"environment\": []\n}\n"
		},
	} {
		bad := change(string(doc))
		if bad == string(doc) {
			t.Fatalf("%s: the case changes nothing", name)
		}
		if _, err := ReadSetup(command, []byte(bad), 22, 23); err == nil {
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
		if _, err := ReadSetup(strings.Fields(other), doc, 22, 23); err == nil {
			t.Errorf("%s: taken: %q", name, other)
		}
	}
}

// Whatever is written for one Node is taken for it, and for another only where that calls
// for the same flags; and what lacks any flag, in the settings and the command both, or has
// one more, is taken for none.
func TestSettingsHaveTheFlagsThatTheirNodeCallsFor(t *testing.T) {
	versions := []release{{20, 12}, {20, 19}, {22, 13}, {22, 14}, {22, 23}, {24, 0}, {26, 10}, {27, 0}}
	shapes := map[string]func(*Options) Mode{
		"enforce":  func(*Options) Mode { return Enforce },
		"eval off": func(o *Options) Mode { o.Eval = Off; return Enforce },
		"report":   func(*Options) Mode { return Report },
		"permissions": func(o *Options) Mode {
			o.Permission = &Permission{Write: []string{"/a", "/b"}, Addons: true, Workers: true}
			return Enforce
		},
		"no rights": func(o *Options) Mode { o.Permission = &Permission{}; return Enforce },
	}
	for name, shape := range shapes {
		for _, v := range versions {
			o := Options{Node: v.major, Minor: v.minor}
			command, doc := written(t, shape(&o), o)
			given := flags(script(), shape(&o), modeOfEval(shape(&o), o), v, o.Permission)
			for _, other := range versions {
				_, err := ReadSetup(command, doc, other.major, other.minor)
				same := slices.Equal(given, flags(script(), shape(&o), modeOfEval(shape(&o), o), other, o.Permission))
				if same != (err == nil) {
					t.Errorf("%s: written for Node %v, read for %v: %v", name, v, other, err)
				}
			}
			for i, f := range given[2:] {
				if strings.HasPrefix(f, "--allow-") && f != "--allow-fs-read=*" {
					continue // without it, it is another permission
				}
				without := slices.Delete(slices.Clone(given), i+2, i+3)
				altered(t, name+" without "+f, command, doc, given, without, v)
			}
			for _, more := range []string{"--no-warnings", "--allow-fs-write", "--allow-all", "--permission-audit", "--experimental-vm-modules", "--disable-sigusr1", "--allow-wasi=1"} {
				if !slices.Contains(given, more) {
					altered(t, name+" with "+more, command, doc, given, append(slices.Clone(given), more), v)
				}
			}
		}
	}
}

func modeOfEval(mode Mode, o Options) Mode {
	if o.Eval != "" {
		return o.Eval
	}
	return mode
}

// altered has the settings and the command both have other flags.
func altered(t *testing.T, what string, command []string, doc []byte, was, now []string, v release) {
	t.Helper()
	var s settings
	if err := json.Unmarshal(doc, &s); err != nil {
		t.Fatal(err)
	}
	s.Flags = now
	other, err := s.text()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSetup(slices.Concat(command[:1], now, command[1+len(was):]), other, v.major, v.minor); err == nil {
		t.Errorf("%s: taken for Node %v", what, v)
	}
}

func FuzzReadSetup(f *testing.F) {
	command, doc := written(f, Enforce, Options{Node: 22, Children: []string{"/bin/git"}})
	f.Add(doc)
	f.Add([]byte("null\n"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		s, err := ReadSetup(command, doc, 22, 0)
		if err != nil {
			return
		}
		if !s.Mode.on() || !s.Eval.Known() || len(s.Permissions(22)) == 0 {
			t.Errorf("%+v", s)
		}
	})
}
