package guard

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nbuild/nbuild/builder/recorder"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/sources"
)

// popular are the programs that CI starts on each Node, with what each says: more than
// sixty of the packages that servers are made of, and those that rewrite, wrap, start
// threads and start processes by trade.
var popular = []struct{ program, says string }{
	{"popular.js", "popular: all run\n"},
	{"spans.js", "spans: GET, GET /user/:id, middleware - <anonymous>, request handler"},
	{"sentry.js", "sentry: 1 error, spans of auto.http.express, auto.http.http_server\n"},
	{"logs.js", "logs: written by a worker\n"},
	{"pool.js", "pool: 3\n"},
	{"workers.js", "cluster: a member says: 200\n"},
}

// evaluating and rewriting are the packages of these programs that the list approves.
var (
	popularEvaluators = []string{
		"ajv", "fast-json-stringify", "find-my-way", "@fastify/fast-json-stringify-compiler", "lodash", "bluebird", "depd", "ejs", "handlebars", "pug", "pug-runtime", "real-require", "mysql2",
		"generate-function", "morgan", "zod", "promise", "function-bind", "protobufjs",
	}
	// The WebAssembly that long has in its text.
	popularGenerated = "ed97339a3c2cdcd30fe7903ecad11562b7b9bfcfde24e0e584346f54c9247148"
	popularRewriters = []string{"@sentry/server-runtime-injection"}
)

// A program is listed by what it loads without the guard, as a traced test is.
func (w *world) traced(n node, program string) {
	w.t.Helper()
	dir := w.t.TempDir()
	env, err := recorder.Install(dir, append([]string{"PATH=/usr/bin:/bin", "HOME=" + w.home}, w.env...))
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, n.path, program)
	cmd.Dir, cmd.Env = w.app, env
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("%s by itself: %v\n%s", program, err, out)
	}
	record, err := recorder.ReadInstalled(dir)
	if err != nil {
		w.t.Fatal(err)
	}
	l := sources.List{Node: n.version()}
	entries := map[string]sources.Entry{}
	for _, loaded := range record.Loads {
		data, err := os.ReadFile(loaded.File)
		if err != nil || !strings.HasPrefix(loaded.File, w.app+"/") {
			continue
		}
		e := sources.Entry{Path: loaded.File, SHA256: digest(data), Format: sources.Format(loaded.Format), Package: w.governing(loaded.File), Reasons: []sources.Reason{sources.Traced}}
		entries[e.Path] = e
		if e.Package != "" {
			manifest := sources.Entry{Path: e.Package, SHA256: digest([]byte(readFile(w.t, e.Package))), Format: sources.JSON, Reasons: []sources.Reason{sources.Static}}
			if _, ok := entries[manifest.Path]; !ok {
				entries[manifest.Path] = manifest
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(entries)) {
		e := entries[path]
		l.Entries = append(l.Entries, e)
		if e.Format != sources.CommonJS && e.Format != sources.Module {
			continue
		}
		switch name := packageOfFile(path); {
		case slices.Contains(popularEvaluators, name):
			l.Evaluators = append(l.Evaluators, sources.Evaluator{Path: path, SHA256: e.SHA256, Reason: "a test"})
		case slices.Contains(popularRewriters, name):
			l.Instrumenters = append(l.Instrumenters, sources.Instrumenter{Path: path, SHA256: e.SHA256, Reason: "a test"})
		}
	}
	approved, err := cas.ParseDigest(popularGenerated)
	if err != nil {
		w.t.Fatal(err)
	}
	l.Generated = append(l.Generated, sources.Generated{SHA256: approved, Reason: "a test"})
	l.Sort()
	out, err := l.Format()
	if err != nil {
		w.t.Fatal(err)
	}
	w.put(filepath.Join(w.home, SourcesName), out)
}

// governing is the package.json that governs a file.
func (w *world) governing(file string) string {
	for d := filepath.Dir(file); len(d) >= len(w.app); d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "package.json")); err == nil {
			return filepath.Join(d, "package.json")
		}
	}
	return ""
}

// packageOfFile names the package that a file belongs to.
func packageOfFile(file string) string {
	_, rest, _ := cutLast(file, "/node_modules/")
	parts := strings.SplitN(rest, "/", 3)
	if strings.HasPrefix(parts[0], "@") && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// TestPopularProgramsRunUnderTheGuard needs the packages of testdata/popular, which CI
// installs with npm ci.
func TestPopularProgramsRunUnderTheGuard(t *testing.T) {
	from := os.Getenv("NBUILD_TEST_POPULAR")
	if from == "" {
		t.Skip("NBUILD_TEST_POPULAR names no folder with the packages of testdata/popular installed")
	}
	from, err := filepath.EvalSymlinks(from)
	if err != nil {
		t.Fatal(err)
	}
	eachNode(t, func(t *testing.T, n node) {
		for _, p := range popular {
			t.Run(strings.TrimSuffix(p.program, ".js"), func(t *testing.T) {
				w := newWorld(t, "")
				w.app = from
				w.traced(n, p.program)
				got := w.start(n, p.program)
				if got.exit != 0 || !strings.HasPrefix(got.stdout, p.says) {
					t.Errorf("exit %d, stdout %q, want %q, stderr %s", got.exit, got.stdout, p.says, got.stderr)
				}
				helpful(t, got.stderr)
				for line := range strings.SplitSeq(got.stderr, "\n") {
					var event struct{ Schema, Kind string }
					if json.Unmarshal([]byte(line), &event) == nil && event.Schema == EventSchema && (event.Kind != "hooks" || p.program != "sentry.js") {
						t.Errorf("it was denied something: %s", line)
					}
				}
			})
		}
	})
}
