package guard

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/sources"
)

func listed(paths ...string) *sources.List {
	l := &sources.List{Node: "22.20.0"}
	for _, p := range paths {
		l.Entries = append(l.Entries, sources.Entry{Path: p, SHA256: digest([]byte(p)), Format: sources.CommonJS, Reasons: []sources.Reason{sources.Static}})
	}
	return l
}

func TestMeaningsNameEntriesAndAreSpelledOneWay(t *testing.T) {
	l := listed("/app/a.js", "/app/b.js")
	m := Meanings{"/app": {"./b": "/app/b.js", "./gone": "/app/gone.js", "./<a>": "/app/a.js"}, "/app/node_modules": {"x": "/app/gone.js"}}
	got, err := m.Format(l)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"schema":"nbuild.meanings/v1","node":"22.20.0","names":{"/app":{"./<a>":0,"./b":1}}}` + "\n"
	if string(got) != want {
		t.Errorf("%s", got)
	}
	if err := CheckMeanings(got, l); err != nil {
		t.Error(err)
	}
	for _, c := range []struct{ name, old, new string }{
		{"an entry that is not there", `"./b":1`, `"./b":2`},
		{"a negative one", `"./b":1`, `"./b":-1`},
		{"another Node", "22.20.0", "22.20.1"},
		{"another schema", "meanings/v1", "meanings/v2"},
		{"twice the same", `"./b":1`, `"./b":0,"./b":1`},
		{"another case", `"names"`, `"Names"`},
		{"a space", `"./b":1`, `"./b": 1`},
		{"nothing", `{"/app":{"./<a>":0,"./b":1}}`, "null"},
		{"nothing of a folder", `"/app":{`, `"/":{},"/app":{`},
		{"no number", `"./b":1`, `"./b":"/etc/x"`},
	} {
		bad := strings.Replace(want, c.old, c.new, 1)
		if bad == want {
			t.Fatalf("%s changes nothing", c.name)
		}
		if err := CheckMeanings([]byte(bad), l); err == nil {
			t.Errorf("%s was taken", c.name)
		}
	}
}

func FuzzCheckMeanings(f *testing.F) {
	l := listed("/app/a.js", "/app/b.js")
	f.Add([]byte(`{"schema":"nbuild.meanings/v1","node":"22.20.0","names":{"/app":{"./b":1}}}` + "\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		if CheckMeanings(src, l) != nil {
			return
		}
		var doc struct{ Names map[string]map[string]int }
		if err := json.Unmarshal(src, &doc); err != nil {
			t.Fatal(err)
		}
		m := Meanings{}
		for dir, requests := range doc.Names {
			m[dir] = map[string]string{}
			for request, i := range requests {
				m[dir][request] = l.Entries[i].Path
			}
		}
		if again, err := m.Format(l); err != nil || string(again) != string(src) {
			t.Errorf("two ways to say the same: %v\n%q\n%q", err, src, again)
		}
	})
}

// Names are answered for the Node and the flags that they were worked out for, under
// enforce, and never out of what objects inherit.
func TestMeaningsAreAskedWhereTheyAreTrue(t *testing.T) {
	w := newWorld(t, `
-- package.json --
{"name": "app"}
-- main.js --
const Module = require('module');
const ask = (request, options) => { try { return require.resolve(request, options).split('/').pop(); } catch (e) { return e.code; } };
Object.prototype.inherited = 0;
console.log([ask('./a'), ask('./none'), ask('constructor', { paths: ['constructor'] }), ask('./inherited'), ask('./toString'), ask('x', { paths: [__dirname] }), require('./a')].join(' '));
-- again.js --
const { spawnSync } = require('child_process');
for (const flags of [[], ['--conditions=other']]) console.log(String(spawnSync(process.execPath, [...flags, 'main.js']).stdout).trim());
-- a.js --
module.exports = 'a';
-- b.js --
module.exports = 'b';
`)
	w.list()
	eachNode(t, func(t *testing.T, n node) {
		l, err := sources.Parse([]byte(readFile(t, w.home+"/"+SourcesName)))
		if err != nil {
			t.Fatal(err)
		}
		// As no nbuild would say it, so that it shows who answered.
		names := Meanings{w.app: {"./a": w.path("b.js")}, w.app + "/node_modules": {"x": w.path("b.js")}}
		const known, unknown = "b.js MODULE_NOT_FOUND MODULE_NOT_FOUND MODULE_NOT_FOUND MODULE_NOT_FOUND b.js b", "a.js MODULE_NOT_FOUND MODULE_NOT_FOUND MODULE_NOT_FOUND MODULE_NOT_FOUND MODULE_NOT_FOUND a"
		for _, c := range []struct {
			name, node, file string
			mode             Mode
			want             string
		}{
			{"the same Node", n.version(), "main.js", Enforce, known},
			{"another Node", "20.12.0", "main.js", Enforce, unknown},
			{"only a line of Node", "22", "main.js", Enforce, unknown},
			{"report", n.version(), "main.js", Report, unknown},
			{"a child, and one under other conditions", n.version(), "again.js", Enforce, known + "\n" + unknown},
		} {
			l.Node = c.node
			doc, err := names.Format(l)
			if err != nil {
				t.Fatal(err)
			}
			w.put(w.home+"/"+MeaningsName, doc)
			w.mode = c.mode
			if got := w.start(n, c.file); strings.TrimSpace(got.stdout) != c.want {
				t.Errorf("%s: %q, stderr %s", c.name, got.stdout, got.stderr)
			}
		}
	})
}
