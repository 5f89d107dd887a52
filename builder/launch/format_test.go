package launch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

const programs = `
-- package.json --
{"type":"module"}
-- plain.js --
-- page.jsx --
-- noending --
-- script.ts --
-- scripts/package.json --
{}
-- scripts/plain.txt --
console.log(1)
-- scripts/module.txt --
import "node:fs"
-- scripts/module --
import "node:fs"
-- wasm/package.json --
{}
`

// What Node refuses to run for its name is refused when the image is built; the Node of
// this machine is asked as well.
func TestAFileThatNodeDoesNotRunIsRefused(t *testing.T) {
	base := system(t, newStore(t))
	for _, test := range []struct{ node, command, want string }{
		{"22.20.0", "node plain.js", ""},
		{"22.20.0", "node noending", ""},
		{"22.20.0", "node page.jsx", `NB1156 image "shop" can't start: Node does not run /app/page.jsx / Node 22.20.0 knows no modules that end with ".jsx", and ends at once: ERR_UNKNOWN_FILE_EXTENSION; /app/package.json says "type": "module" / give the file a name`},
		{"22.20.0", "node script.ts", ""},
		{"20.20.0", "node script.ts", `NB1156 image "shop" can't start: Node does not run /app/script.ts / Node 20.20.0 knows no modules that end with ".ts", and ends at once: ERR_UNKNOWN_FILE_EXTENSION; /app/package.json says "type": "module" / compile it to JavaScript`},
		{"22.20.0", "node scripts/plain.txt", ""},
		{"22.20.0", "node scripts/module.txt", `NB1156 image "shop" can't start: Node does not run /app/scripts/module.txt / Node 22.20.0 knows no modules that end with ".txt", and ends at once: ERR_UNKNOWN_FILE_EXTENSION / give the file a name`},
		{"22.20.0", "node scripts/module", ""},
		{"22.20.0", "node --import ./plain.js page.jsx", ""}, // which may be what reads it
		{"odd", "node page.jsx", ""},
	} {
		t.Run(test.node+" "+test.command, func(t *testing.T) {
			got := shown(check(t, base, files(programs), Start{Command: strings.Fields(test.command), Node: test.node, Env: []string{"PATH=/usr/local/bin:/bin"}}))
			if test.want == "" && len(got) > 0 || test.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], test.want)) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return
	}
	version, err := exec.Command(node, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	a := txtar.Parse([]byte(programs))
	for _, f := range a.Files {
		at := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range a.Files {
		if filepath.Base(f.Name) == "package.json" {
			continue
		}
		cmd := exec.Command(node, f.Name)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		refuses := err != nil && strings.Contains(string(out), "ERR_UNKNOWN_FILE_EXTENSION")
		got := shown(check(t, base, files(programs), Start{Command: []string{"node", f.Name}, Node: strings.TrimPrefix(strings.TrimSpace(string(version)), "v"), Env: []string{"PATH=/usr/local/bin:/bin"}}))
		if refuses != (len(got) > 0) {
			t.Errorf("node %s of %s: it refuses it: %t\n%s\nhere: %q", f.Name, version, refuses, out, got)
		}
	}
}
