package pipelines

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// opened evaluates the body of a build file in a folder of its own.
func opened(t *testing.T, body string) (*Project, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"build.hcl": "nbuild = \"1\"\nproject \"x\" {}\n" + body, "package.json": "{}"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Open(dir, "build.hcl", Options{})
}

func TestALabelNamesAPackageOrOneVersionOfIt(t *testing.T) {
	for label, wrong := range map[string]string{
		"left": "", "left@1.2.3": "", "@scope/left": "", "@scope/left@2.0.0": "",
		"left@": "is no package", "@scope": "is no package", "a b": "is no package", "a b@1": "is no package", "": "is no package",
	} {
		p, err := opened(t, "npm \"deps\" {\n  unbuilt \""+label+"\" {\n    reason = \"x\"\n  }\n}\nimage \"x\" {\n  cmd = [\"node\"]\n}\n")
		switch {
		case wrong == "" && err != nil, wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)):
			t.Errorf("%q: %v", label, err)
		case wrong == "":
			name, version, _ := strings.Cut(strings.TrimPrefix(label, "@"), "@")
			if strings.HasPrefix(label, "@") {
				name = "@" + name
			}
			for asked, want := range map[string]bool{version: true, "9.9.9": version == ""} {
				if got := p.Npm[0].Accepts(name, asked) != nil; got != want {
					t.Errorf("%q takes %s@%s: %t", label, name, asked, got)
				}
			}
		}
	}
}

// A single fetched file gets its own name where a layer gives no path, or a folder.
func TestAFetchedFileStandsWhereItsLayerSays(t *testing.T) {
	for to, want := range map[string]string{
		"": "/app/geo.mmdb", "to = \"/data/\"": "/data/geo.mmdb", "to = \"/data/other.bin\"": "/data/other.bin",
	} {
		p, err := opened(t, "fetch \"geo\" {\n  url = \"https://data.example.com/a/geo.mmdb\"\n}\nimage \"x\" {\n  cmd = [\"node\"]\n  layer \"data\" {\n    from = fetch.geo\n    "+to+"\n  }\n}\n")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, p.Images[0].Layers[0].To); diff != "" {
			t.Errorf("%s: %s", to, diff)
		}
	}
}

// A variable of the environment that ends in the middle would be another to the kernel.
func TestNoValueOfTheEnvironmentHasANul(t *testing.T) {
	for value, ok := range map[string]bool{"a b": true, "": true, "a\\u0000b": false, "\\u0000": false} {
		_, err := opened(t, "step \"s\" {\n  run = [\"true\"]\n  env = { NAME = \""+value+"\" }\n}\n")
		if ok != (err == nil) {
			t.Errorf("%q: %v", value, err)
		}
	}
}
