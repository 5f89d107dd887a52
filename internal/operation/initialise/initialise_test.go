package initialise

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/pipelines"
)

func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestWrite(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		cmd   []string
		name  string
		code  diag.Code
	}{
		"start script":   {map[string]string{"package.json": `{"name":"@shop/store.front","scripts":{"start":"node  src/server.js --port 80"}}`}, []string{"node", "src/server.js", "--port", "80"}, "store-front", ""},
		"needs a shell":  {map[string]string{"package.json": `{"name":"x","main":"lib","scripts":{"start":"PORT=1 node a.js && b"}}`, "lib/index.js": ""}, []string{"node", "lib/index.js"}, "x", ""},
		"another script": {map[string]string{"package.json": `{"name":"x","scripts":{"start":"npm run server","server":"npm run-script serve:it","serve:it":"node a/b.js"}}`}, []string{"node", "a/b.js"}, "x", ""},
		"in a circle":    {map[string]string{"package.json": `{"name":"x","scripts":{"start":"npm run again","again":"npm run start"}}`, "server.js": ""}, []string{"node", "server.js"}, "x", ""},
		"more than it":   {map[string]string{"package.json": `{"name":"x","scripts":{"start":"npm run server -- --port 80","server":"node a.js"}}`, "server.js": ""}, []string{"node", "server.js"}, "x", ""},
		"template":       {map[string]string{"package.json": `{"name":"x","main":"a%{b}.js"}`, "a%{b}.js": ""}, []string{"node", "a%{b}.js"}, "x", ""},
		"usual name":     {map[string]string{"package.json": `{"name":"1x"}`, "server.js": ""}, []string{"node", "server.js"}, "app", ""},
		"main leads out": {map[string]string{"package.json": `{"main":"../../etc/passwd"}`}, nil, "", CodeStart},
		"other keys":     {map[string]string{"package.json": `{"Name":"y","name":"x","NAME":"z","Main":"other.js","Scripts":{"start":"node other.js"},"scripts":{"Start":"node other.js"}}`, "other.js": "", "server.js": ""}, []string{"node", "server.js"}, "x", ""},
		"other types":    {map[string]string{"package.json": `{"name":["x"],"main":true,"scripts":{"start":["node","a.js"],"test":5}}`, "server.js": ""}, []string{"node", "server.js"}, "app", ""},
		"the last key":   {map[string]string{"package.json": `{"name":"y","main":"a.js","name":"x","main":"b.js"}`, "a.js": "", "b.js": ""}, []string{"node", "b.js"}, "x", ""},
		"nothing":        {map[string]string{"package.json": `{}`}, nil, "", CodeStart},
		"no manifest":    {nil, nil, "", CodeManifest},
		"broken":         {map[string]string{"package.json": `{`}, nil, "", CodeManifest},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := project(t, test.files)
			r, err := Write(dir, "build.hcl")
			if test.code != "" {
				if ps := diag.All(err); len(ps) != 1 || ps[0].Code != test.code {
					t.Errorf("err = %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.cmd, r.Cmd); diff != "" {
				t.Errorf("cmd (-want +got):\n%s", diff)
			}
			p, err := pipelines.Open(dir, "build.hcl", pipelines.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.cmd, p.Images[0].Cmd); diff != "" || p.Name != test.name {
				t.Errorf("%q (-want +got):\n%s", p.Name, diff)
			}
		})
	}
}

func TestWriteNeverOverwrites(t *testing.T) {
	dir := project(t, map[string]string{"package.json": `{"name":"x"}`, "server.js": "", "build.hcl": "mine"})
	_, err := Write(dir, "build.hcl")
	if ps := diag.All(err); len(ps) != 1 || ps[0].Code != CodeExists {
		t.Errorf("err = %v", err)
	}
	if src, _ := os.ReadFile(filepath.Join(dir, "build.hcl")); string(src) != "mine" {
		t.Errorf("written over: %q", src)
	}
	if err := os.Symlink("../outside.hcl", filepath.Join(dir, "link.hcl")); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(dir, "link.hcl"); err == nil {
		t.Error("written through a link that leads out")
	}
	if _, err := os.Stat(strings.TrimSuffix(dir, "/") + "/../outside.hcl"); err == nil {
		t.Error("a file outside of the project")
	}
}
