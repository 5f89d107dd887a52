package reach

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/resolution"
)

// files lays out files, each "name" or "name: text"; the first is the entry.
func files(lines ...string) (fstest.MapFS, string) {
	m := fstest.MapFS{}
	first := ""
	for _, line := range lines {
		name, text, _ := strings.Cut(line, ": ")
		if first == "" {
			first = name
		}
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m, first
}

// found says each file but the entry as "path reason".
func found(t *testing.T, o Options, lines ...string) (list []string, warnings []Warning) {
	t.Helper()
	fsys, entry := files(lines...)
	res, err := Run(fsys, []string{entry}, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range res.Files {
		if f.Path != entry {
			list = append(list, f.Path+" "+string(f.Reason))
		}
	}
	return list, res.Warnings
}

func TestEveryWayToAFileIsFollowed(t *testing.T) {
	tests := map[string]struct {
		code string // of a.js
		want string // the files found of those below
	}{
		"require":              {`require('./b')`, "b.js require"},
		"alias":                {`const r = require; r('./b')`, "b.js require"},
		"module.require":       {`module.require('./b')`, "b.js require"},
		"shadowed":             {`(function (require) { })(); { let require = () => {}; require('./b') }`, ""},
		"method":               {`x.require('./b')`, ""},
		"comment and string":   {`// require('./b')` + "\n" + `'require("./b")'`, ""},
		"parts":                {`const d = './'; require(d + ['b'].join(''))`, "b.js require"},
		"template":             {"const n = 'b'; require(`./${n}`)", "b.js require"},
		"both branches":        {`require(x ? './b' : './d/c')`, "b.js require d/c.js require"},
		"fallback":             {`require(process.env.X || './b')`, "b.js require"},
		"two writes":           {`let n = './b'; if (x) n = './d/c'; require(n)`, "b.js require d/c.js require"},
		"in a loop":            {`for (const n of ['b', 'd/c']) require('./' + n)`, "b.js require d/c.js require"},
		"by a walker":          {`['b', 'd/c'].map((n) => require('./' + n))`, "b.js require d/c.js require"},
		"through a function":   {`function load(n) { return require('./d/' + n) } load('c')`, "d/c.js require"},
		"of a table":           {`const t = { one: './b', two: './d/c' }; require(t[x])`, "b.js require d/c.js require"},
		"wildcard":             {`require('./d/' + x)`, "d/c.js wildcard d/data.json wildcard d/e.mjs wildcard d/w.js wildcard"},
		"wildcard, ended":      {"require(`./d/${x}.json`)", "d/data.json wildcard"},
		"wildcard package":     {`require('plug-' + x)`, "node_modules/plug-one/index.js wildcard node_modules/plug-two/index.js wildcard"},
		"require.resolve":      {`require.resolve('./b')`, "b.js resolve"},
		"createRequire":        {`require('module').createRequire(__dirname + '/d/')('./c')`, "d/c.js require"},
		"import":               {`import './d/e.mjs'; import x from 'plug-one'`, "d/e.mjs import node_modules/plug-one/index.js import"},
		"export from":          {`export * from './d/e.mjs'; export { x } from './b.js'`, "b.js import d/e.mjs import"},
		"dynamic import":       {`import('./d/e.mjs')`, "d/e.mjs import"},
		"import.meta.resolve":  {`import.meta.resolve('./d/e.mjs'); export {}`, "d/e.mjs resolve"},
		"worker":               {`const { Worker } = require('worker_threads'); new Worker(require('path').join(__dirname, 'd', 'w.js'))`, "d/w.js worker"},
		"worker by URL":        {`import { Worker } from 'node:worker_threads'; new Worker(new URL('./d/w.js', import.meta.url))`, "d/w.js worker"},
		"worker from cwd":      {`const w = require('worker_threads'); new w.Worker('./d/w.js')`, "d/w.js worker"},
		"fork":                 {`require('child_process').fork(__dirname + '/d/w')`, "d/w.js fork"},
		"asset":                {`require('fs').readFileSync(__dirname + '/d/text.txt')`, "d/text.txt asset"},
		"asset in a variable":  {`const dir = require('path').resolve(__dirname, 'd'); const f = require('path').join(dir, 'text.txt')`, "d/c.js asset d/data.json asset d/e.mjs asset d/text.txt asset d/w.js asset"},
		"asset by dirname":     {`import fs from 'fs'; fs.readFileSync(import.meta.dirname + '/d/text.txt')`, "d/text.txt asset"},
		"own folder":           {`x(__dirname)`, ""},
		"deeper than there is": {"x(`${__dirname}/d/${x}/${y}`)", ""},
		"own folder, by holes": {"x(`${__dirname}/${x}/${y}`)", ""},
		"search of packages":   {"x(`${__dirname}/node_modules/${x}/${y}/index.js`)", ""},
		"file of a package":    {"x(`${__dirname}/node_modules/plug-one/${x}.js`)", "node_modules/plug-one/index.js asset"},
		"above":                {`x(__dirname + '/../..')`, ""},
		"pino":                 {`require('plug-one').pino({ transport: { targets: [{ target: 'plug-two' }, { target: './b' }] } })`, "b.js plugin node_modules/plug-one/index.js require node_modules/plug-two/index.js plugin"},
		"view engine":          {`app.set('view engine', 'plug-one')`, "node_modules/plug-one/index.js plugin"},
		"bindings":             {`require('bindings')('addon')`, "build/Release/addon.node plugin node_modules/bindings/index.js require"},
		"interop":              {`var _p = _i(require('path')); function _i(e) { return e && e.__esModule ? e : { default: e } } _p.default.join(__dirname, 'd', 'text.txt')`, "d/text.txt asset"},
		"factory":              {`(function (f) { f(require) })(function (require) { require('./b') })`, "b.js require"},
		"browserify":           {`(function () {})({ 1: [function (require, module, exports) { }, { './b': undefined }] }, {}, [1])`, "b.js require"},
		"missing, tried":       {`try { require('nothing') } catch {}`, ""},
		"module of Node":       {`require('fs'); require('node:test')`, ""},
		"compiled import":      {`Promise.resolve().then(() => require('./b'))`, "b.js require"},
		"extension of import":  {`import './b'`, ""},
		"URL of another place": {`new URL('https://x/y', import.meta.url); export {}`, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, _ := found(t, Options{}, "a.js: "+test.code, "b.js", "d/c.js", "d/e.mjs", "d/w.js", "d/data.json: {}", "d/text.txt",
				"build/Release/addon.node", "node_modules/plug-one/index.js", "node_modules/plug-two/index.js", "node_modules/bindings/index.js")
			if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}

// Many holes lead to one file in many ways. It is listed once, and the ways are not
// walked one by one: here they are more than a machine could walk.
func TestManyHolesCostOneWalk(t *testing.T) {
	lines := []string{"a.js: require('fs').readFileSync(`${__dirname}/deep/${a}/${b}/${c}/${d}/${e}/${f}/${g}/${h}.txt`)"}
	var want []string
	for dir, i := "deep", 0; i < 60; i++ {
		dir += "/" + string(rune('a'+i%26))
		lines = append(lines, dir+"/x.txt", dir+"/y.js")
		if i >= 6 {
			want = append(want, dir+"/x.txt asset")
		}
	}
	got, _ := found(t, Options{}, lines...)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeNarrowedIsTold(t *testing.T) {
	tests := map[string]struct{ code, want string }{
		"require":         {"x\nrequire(name)", "2:1 a require whose name is not known: it may load anything"},
		"import":          {"  import(name)", "1:3 an import whose name is not known: it may load anything"},
		"worker":          {"new (require('worker_threads').Worker)(text, { eval: true })", "1:1 a worker made of a string: what it loads is not known"},
		"fork":            {"require('child_process').fork(x)", "1:1 a program to start whose file is not known"},
		"missing":         {"require('nothing')", "1:1 it leads nowhere: MODULE_NOT_FOUND: \"nothing\" from a.js"},
		"missing, tried":  {"try { require('nothing') } catch {}", ""},
		"partly":          {"require('./d/' + x)", ""},
		"not JavaScript":  {"a b", "1:3 not read from here: "},
		"one of two":      {"require(x || './a.js')", "1:1 a require whose name is not known: it may load anything"},
		"a parameter":     {"exports.load = (n) => require(n)", "1:23 a require whose name is not known: it may load anything"},
		"called with one": {"const load = (n) => require(n); load('./a.js')", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, warnings := found(t, Options{}, "a.js: "+test.code)
			var got []string
			for _, w := range warnings {
				got = append(got, fmt.Sprintf("%d:%d %s", w.Line, w.Column, w.Message))
			}
			if s := strings.Join(got, "\n"); s != test.want && (test.want == "" || !strings.HasPrefix(s, test.want)) {
				t.Errorf("warnings: %s\nwant: %s", s, test.want)
			}
		})
	}
}

func TestResultSaysHowEachFileIsGoverned(t *testing.T) {
	fsys, _ := files("app/a.js: require('p'); import('p')", "app/package.json: {}", "app/node_modules/p/package.json: {\"type\":\"module\",\"exports\":{\"import\":\"./i.js\",\"require\":\"./r.cjs\"}}",
		"app/node_modules/p/i.js: import data from './d.json' with { type: 'json' }", "app/node_modules/p/r.cjs", "app/node_modules/p/d.json: {}")
	got, err := Run(fsys, []string{"app/a.js"}, Options{Node: "22"})
	if err != nil {
		t.Fatal(err)
	}
	const p = "app/node_modules/p/package.json"
	want := &Result{Files: []File{
		{Path: "app/a.js", Format: resolution.CommonJS, Package: "app/package.json", Reason: Entry},
		{Path: "app/node_modules/p/d.json", Format: resolution.JSON, Package: p, From: []string{"app/node_modules/p/i.js"}, Reason: Imported},
		{Path: "app/node_modules/p/i.js", Format: resolution.Module, Package: p, From: []string{"app/a.js"}, Reason: Imported},
		{Path: p, Format: resolution.JSON, Package: p, From: []string{"app/a.js", "app/node_modules/p/i.js"}, Reason: Governs},
		{Path: "app/node_modules/p/r.cjs", Format: resolution.CommonJS, Package: p, From: []string{"app/a.js"}, Reason: Required},
		{Path: "app/package.json", Format: resolution.JSON, Package: "app/package.json", From: []string{"app/a.js"}, Reason: Governs},
	}, Meanings: []Meaning{{"app", "p", "app/node_modules/p/r.cjs"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

// A package.json in a folder of a package governs what is there, also a file whose name
// says what it is: each file's Package is a file of the result.
func TestEveryGoverningFileIsOfTheResult(t *testing.T) {
	fsys, _ := files("app/a.js: require('p/b/c.cjs'); require('p/d/e.json')", "app/node_modules/p/package.json: {}", "app/node_modules/p/b/package.json: {\"type\":\"module\"}", "app/node_modules/p/b/c.cjs",
		"app/node_modules/p/d/package.json: {}", "app/node_modules/p/d/e.json: {}")
	got, err := Run(fsys, []string{"app/a.js"}, Options{Node: "22"})
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{"": true}
	for _, f := range got.Files {
		there[f.Path] = true
	}
	if !there["app/node_modules/p/b/package.json"] || !there["app/node_modules/p/d/package.json"] {
		t.Errorf("files: %v", got.Files)
	}
	for _, f := range got.Files {
		if !there[f.Package] {
			t.Errorf("%s is governed by %s, which is no file of the result", f.Path, f.Package)
		}
	}
}

func TestMeaningsAreWhatRequireAnswers(t *testing.T) {
	fsys, entry := files(
		"app/a.js: require('./lib'); require('p/x'); require.resolve('./data.json'); require('fs'); require('/app/lib'); import('./lib/index.js'); require('./none'); require(`./w/${x}.js`); require('node:fs')",
		"app/lib/index.js: require('.'); require('..'); require('p'); require('#own')", "app/index.js", "app/data.json: {}", "app/w/b.js", "app/w/c.txt",
		"app/node_modules/p/package.json: {\"main\":\"m\"}", "app/node_modules/p/m.js: require('p/x')", "app/node_modules/p/x.js", "app/package.json: {\"imports\":{\"#own\":\"./index.js\"}}")
	got, err := Run(fsys, []string{entry}, Options{Node: "22"})
	if err != nil {
		t.Fatal(err)
	}
	want := []Meaning{
		{"app", "./data.json", "app/data.json"}, {"app", "./lib", "app/lib/index.js"}, {"app", "p/x", "app/node_modules/p/x.js"},
		{"app/lib", ".", "app/lib/index.js"}, {"app/lib", "..", "app/index.js"}, {"app/lib", "p", "app/node_modules/p/m.js"},
		{"app/node_modules/p", "p/x", "app/node_modules/p/x.js"},
	}
	if diff := cmp.Diff(want, got.Meanings); diff != "" {
		t.Error(diff)
	}
}

func TestEntryMustBeAFile(t *testing.T) {
	fsys, _ := files("a/b.js")
	for _, entry := range []string{"a", "none.js", "../a/b.js", ""} {
		if _, err := Run(fsys, []string{entry}, Options{}); err == nil {
			t.Errorf("%q was taken", entry)
		}
	}
	if _, err := Run(fsys, []string{"a/b.js"}, Options{Node: "18"}); err == nil {
		t.Error("Node 18 was taken")
	}
}

func TestTypeScriptIsFollowed(t *testing.T) {
	got, warnings := found(t, Options{Node: "24"}, "a.ts: import type { X } from './none.ts'; import { b } from './b.ts'; const c: string = './c.cts'; require(c)", "b.ts: export const b = 1", "c.cts: exports.c = 1 as number")
	if diff := cmp.Diff([]string{"b.ts import", "c.cts require"}, got); diff != "" || len(warnings) > 0 {
		t.Errorf("files (-want +got):\n%s%v", diff, warnings)
	}
}

func TestMachineCodeIsNotRead(t *testing.T) {
	got, warnings := found(t, Options{}, "a.js: require('./lib.so.8'); require('./tool')", "lib.so.8: \x7fELF\x00", "tool: \x7fELF\x00")
	if diff := cmp.Diff([]string{"lib.so.8 require", "tool require"}, got); diff != "" || len(warnings) > 0 {
		t.Errorf("files (-want +got):\n%s%v", diff, warnings)
	}
}

func FuzzRun(f *testing.F) {
	for _, seed := range []string{"require('./' + x)", "const a = a + a; require(a)", "function f(x) { return f(x + '/') } require(f(__dirname))", "let s = ''; for (;;) s += __dirname + s; import(s)",
		"const o = { ...o, p: o.p }; require(o.p)", "[].map((x) => require(x))", "require(require.resolve('./a.js'))", "new URL('..', new URL('//', import.meta.url))"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, code string) {
		fsys, entry := files("d/a.js: "+code, "d/b.js", "c.json: {}", "node_modules/p/index.js: "+code, "package.json: {}")
		first, err := Run(fsys, []string{entry}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range first.Files {
			if fsys[file.Path] == nil {
				t.Fatalf("%q is no file", file.Path)
			}
		}
		again, err := Run(fsys, []string{entry}, Options{})
		if diff := cmp.Diff(first, again); err != nil || diff != "" {
			t.Fatalf("two runs differ: %v\n%s", err, diff)
		}
	})
}
