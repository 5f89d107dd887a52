package guard

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nbuild/nbuild/internal/js"
)

var figures = flag.Int("figures", 0, "pairs of starts to take the guard's cost from, with NBUILD_TEST_APPS")

// TestFigures prints what the guard costs at start-up: user and system CPU of whole
// processes, with and without it in turn, and the median of the ratios.
func TestFigures(t *testing.T) {
	if *figures == 0 {
		t.Skip("takes minutes; run with -figures 30")
	}
	w := applications(t)
	w.write("express.js", "const app = require('express4')(); app.get('/', (q, r) => r.send('ok')); const s = app.listen(0, () => { s.close(); });\n")
	w.write("fastify.js", "const app = require('fastify')(); app.get('/', async () => 'ok'); app.listen({ port: 0 }).then(() => app.close());\n")
	approved := w.evaluators
	for _, n := range nodes(t) {
		w.evaluators = approved
		w.production(n, "express.js", "fastify.js")
		w.meanings(n, "express.js", "fastify.js")
		for _, name := range []string{"express.js", "fastify.js"} {
			var ratios, bare, held []float64
			for i := range *figures + 2 {
				plain := exec.Command(n.path, name)
				plain.Dir, plain.Env = w.app, []string{"PATH=/usr/bin:/bin"}
				b, g := cpu(t, plain), cpu(t, w.install(n, name))
				if i >= 2 {
					ratios, bare, held = append(ratios, g/b), append(bare, b), append(held, g)
				}
			}
			t.Logf("node %d, %s: %.1f ms bare, %.1f ms guarded, ratio %.3f (medians of %d)", n.major, name, median(bare)*1000, median(held)*1000, median(ratios), *figures)
		}
	}
}

func cpu(t *testing.T, cmd *exec.Cmd) float64 {
	t.Helper()
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// production leaves on the list what the servers load, as a real list does, which the
// guard itself reports in report mode.
func (w *world) production(n node, servers ...string) {
	w.t.Helper()
	approved, mode := w.evaluators, w.mode
	w.evaluators, w.mode, w.o.Imports = nil, Report, nil
	w.only = map[string]bool{}
	w.list()
	loaded := map[string]bool{}
	for _, name := range servers {
		for line := range strings.Lines(w.start(n, name).stderr) {
			var event struct{ Kind, Path string }
			if json.Unmarshal([]byte(line), &event) == nil && event.Kind == "unlisted" {
				loaded[event.Path] = true
				for d := filepath.Dir(event.Path); len(d) >= len(w.app); d = filepath.Dir(d) {
					loaded[filepath.Join(d, "package.json")] = true
				}
			}
		}
	}
	w.only, w.mode = loaded, mode
	for _, name := range approved {
		if loaded[w.path(name)] {
			w.evaluators = append(w.evaluators, name)
		}
	}
	w.list()
	w.o.Imports = []string{}
	for name := range loaded { // in any order: the guard's settings are sorted
		if filepath.Ext(name) == ".json" {
			continue
		}
		tree := js.Parse([]byte(readFile(w.t, name)), js.Detect)
		if slices.ContainsFunc(tree.Nodes, func(n js.Node) bool { return n.Kind == js.ImportExpression }) {
			w.o.Imports = append(w.o.Imports, name)
		}
	}
	w.t.Logf("%d files may be loaded, %d of them may import", len(loaded), len(w.o.Imports))
}
