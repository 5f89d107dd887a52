package guard

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The servers of the whole-application test: each serves one request to itself.
const servers = `
-- package.json --
{"name": "app"}
-- express4.js --
const app = require('express4')();
app.set('views', __dirname + '/views'); app.set('view engine', 'ejs'); app.engine('ejs', require('ejs').__express);
app.get('/', (req, res) => res.render('index.ejs', { name: require('lodash.template')('<b><%= a %></b>')({ a: require('handlebars').compile('{{x}}!')({ x: 'handlebars' }) }) + require('lodash').template('<%= y %>')({ y: 'lodash' }) }));
const server = app.listen(0, async () => { const r = await fetch('http://127.0.0.1:' + server.address().port); console.log(await r.text()); process.exit(0); });
-- express5.js --
const app = require('express')();
app.set('views', __dirname + '/views'); app.set('view engine', 'pug');
app.get('/', (req, res) => res.render('index.pug', { name: 'pug' }));
const server = app.listen(0, async () => { const r = await fetch('http://127.0.0.1:' + server.address().port); console.log(await r.text()); process.exit(0); });
-- fastify5.js --
const app = require('fastify')();
app.post('/', { schema: { body: { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } }, response: { 200: { type: 'object', properties: { n: { type: 'integer' } } } } } }, async (req) => ({ n: req.body.n }));
app.listen({ port: 0 }).then(async (a) => { const r = await fetch(a, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"n":"42"}' }); console.log(await r.text()); process.exit(0); });
-- views/index.ejs --
<p><%- name %></p>
-- views/index.pug --
p= name
`

// approved are the modules of these applications that turn strings into code.
var approved = []string{
	"node_modules/ejs/lib/cjs/ejs.js", "node_modules/pug/lib/index.js", "node_modules/pug-runtime/wrap.js", "node_modules/handlebars/dist/cjs/handlebars/compiler/javascript-compiler.js",
	"node_modules/ajv/dist/compile/index.js", "node_modules/lodash/lodash.js", "node_modules/lodash.template/index.js",
	"node_modules/depd/index.js", "node_modules/promise/lib/node-extensions.js", "node_modules/fast-json-stringify/index.js", "node_modules/find-my-way/lib/handler-storage.js",
}

// applications lays out the servers with installed packages beside them. CI installs
// express@4 as express4, express@5, fastify@5, ejs, pug, handlebars, lodash and
// lodash.template with npm.
func applications(t *testing.T) *world {
	t.Helper()
	from := os.Getenv("NBUILD_TEST_APPS")
	if from == "" {
		t.Skip("NBUILD_TEST_APPS names no node_modules; CI installs express, fastify and template engines there")
	}
	w := newWorld(t, servers)
	if err := os.CopyFS(w.path("node_modules"), os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	for _, name := range approved {
		if _, err := os.Stat(w.path(name)); err == nil {
			w.evaluators = append(w.evaluators, name)
		} else {
			t.Logf("%s is not installed", name)
		}
	}
	return w
}

var answers = map[string]string{
	"express4.js": "<p><b>handlebars!</b>lodash</p>\n\n",
	"express5.js": "<p>pug</p>\n",
	"fastify5.js": "{\"n\":42}\n",
}

func TestApplicationsServeUnderTheGuard(t *testing.T) {
	w := applications(t)
	w.list()
	eachNode(t, func(t *testing.T, n node) {
		names := []string{"express4.js", "express5.js", "fastify5.js"}
		for _, known := range []bool{false, true} {
			if known {
				w.meanings(n, names...)
			}
			for _, name := range names {
				if got := w.start(n, name); got.exit != 0 || got.stdout != answers[name] {
					t.Errorf("%s, what requests mean is known: %v: exit %d, stdout %q, stderr %s", name, known, got.exit, got.stdout, got.stderr)
				}
			}
		}
	})
}

// What requests mean is what Node itself answers, for each request of whole programs.
func TestMeaningsAreWhatNodeAnswers(t *testing.T) {
	w := applications(t)
	w.list()
	w.write("watch.cjs", `
const Module = require('module'); const find = Module._findPath; const said = JSON.parse(require('fs').readFileSync(process.env.MEANINGS, 'utf8')).names;
const entries = JSON.parse(require('fs').readFileSync(process.env.SOURCES, 'utf8')).entries; let same = 0; let unknown = 0;
Module._findPath = function (request, paths, isMain) {
  const found = find.apply(this, arguments); const known = said[paths?.[0]]?.[request];
  if (known === undefined) { if (found && request[0] !== '/') unknown++; } else if (entries[known].path === found) same++; else console.error("NOT THE SAME", paths, request, entries[known].path, found);
  return found;
};
process.on('exit', () => console.error('SAME', same, 'UNKNOWN', unknown));
`)
	eachNode(t, func(t *testing.T, n node) {
		for _, name := range []string{"express4.js", "express5.js", "fastify5.js"} {
			w.meanings(n, name)
			cmd := exec.Command(n.path, "--require", "./watch.cjs", name)
			if n.major == 20 {
				cmd.Args = slices.Insert(cmd.Args, 1, "--no-experimental-require-module")
			}
			cmd.Dir = w.app
			cmd.Env = []string{"PATH=/usr/bin:/bin", "MEANINGS=" + filepath.Join(w.home, MeaningsName), "SOURCES=" + filepath.Join(w.home, SourcesName)}
			out, err := cmd.CombinedOutput()
			if err != nil || strings.Contains(string(out), "NOT THE SAME") || !strings.Contains(string(out), "SAME ") {
				t.Errorf("%s: %v\n%s", name, err, out)
				continue
			}
			t.Log(name, strings.TrimSpace(string(out)[strings.Index(string(out), "SAME "):]))
		}
	})
}

func TestOneChangedByteStopsAnApplication(t *testing.T) {
	w := applications(t)
	w.list()
	for _, c := range []struct{ server, file string }{
		{"express4.js", "node_modules/express4/lib/router/layer.js"}, {"express4.js", "node_modules/ejs/lib/cjs/ejs.js"},
		{"express5.js", "node_modules/express/lib/express.js"}, {"fastify5.js", "node_modules/fastify/lib/reply.js"},
		{"fastify5.js", "node_modules/ajv/dist/compile/index.js"}, {"fastify5.js", "fastify5.js"},
	} {
		src := readFile(t, w.path(c.file))
		w.write(c.file, src+" ")
		eachNode(t, func(t *testing.T, n node) {
			if got := w.start(n, c.server); got.exit == 0 || !strings.Contains(got.stderr, "nbuild guard: "+filepath.Join(w.app, c.file)+" is not the file that was signed") {
				t.Errorf("%s: exit %d, stderr %s", c.file, got.exit, got.stderr)
			}
		})
		w.write(c.file, src)
	}
}

func TestAModuleThatIsNotApprovedGetsNoEval(t *testing.T) {
	w := applications(t)
	w.evaluators = nil
	w.list()
	eachNode(t, func(t *testing.T, n node) {
		got := w.start(n, "fastify5.js")
		if !strings.Contains(got.stderr, "EvalError") && !strings.Contains(got.stderr, `"kind":"eval"`) || got.stdout == answers["fastify5.js"] {
			t.Errorf("exit %d, stdout %q, stderr %s", got.exit, got.stdout, got.stderr)
		}
	})
}

func TestReportTellsWhatToApprove(t *testing.T) {
	w := applications(t)
	w.evaluators, w.mode = nil, Report
	w.list()
	eachNode(t, func(t *testing.T, n node) {
		got := w.start(n, "fastify5.js")
		if got.exit != 0 || got.stdout != answers["fastify5.js"] {
			t.Errorf("exit %d, stdout %q, stderr %s", got.exit, got.stdout, got.stderr)
		}
		for _, name := range []string{"ajv/dist/compile/index.js", "fast-json-stringify/index.js", "find-my-way/lib/handler-storage.js"} {
			pkg, _, _ := strings.Cut(name, "/")
			if !strings.Contains(got.stderr, `"kind":"eval"`) || !strings.Contains(got.stderr, name) || !strings.Contains(got.stderr, `"allow":"evaluator \"pkg:npm/`+pkg+`\""`) {
				t.Errorf("nothing is said of %s: %s", name, got.stderr)
			}
		}
	})
}
