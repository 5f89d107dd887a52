package reach

import (
	"slices"
	"strings"
	"testing"
)

// TestNamesThatAreHandedOnAreFollowed has a name that is asked for somewhere else than
// where it stands. Every program must find the package plume, and the one that it does
// not name must not be found.
func TestNamesThatAreHandedOnAreFollowed(t *testing.T) {
	const framework = `node_modules/wayside/index.js: class Inner {
		constructor() { this.settings = {} }
		set(name, value) { this.settings[name] = value }
		render(view) { return require(this.settings['view engine']).draw(view) }
	}
	class Adapter {
		constructor() { this.instance = new Inner() }
		setViewEngine(engine) { return this.instance.set('view engine', engine) }
	}
	exports.create = () => new Adapter()`
	tests := map[string][]string{
		"express":                          {`a.js: require('express')().set('view engine', 'plume')`},
		"a wrapper in a package":           {`a.js: require('wayside').create().setViewEngine('plume')`, framework},
		"the wrapper is found later":       {`a.js: app.setViewEngine('plume'); require('./b')`, `b.js: exports.app = require('wayside').create()`, framework},
		"a function of the project":        {`a.js: const { setUp } = require('./b'); setUp(app, 'plume')`, `b.js: exports.setUp = (app, engine) => app.set('view engine', engine)`},
		"... under another name":           {`a.js: import { setUp as start } from './b.mjs'; start(app, 'plume')`, `b.mjs: function up(app, engine) { app.set('view engine', engine) } export { up as setUp }`},
		"... the default of a module":      {`a.js: import anything from './b.mjs'; anything(app, 'plume')`, `b.mjs: export default function (app, engine) { app.set('view engine', engine) }`},
		"... module.exports":               {`a.js: require('./b')(app, 'plume')`, `b.js: module.exports = function (app, engine) { app.set('view engine', engine) }`},
		"... compiled":                     {`a.js: const b_1 = __importDefault(require('./b')); (0, b_1.default)(app, 'plume')`, `b.js: exports.default = function (app, engine) { app.set('view engine', engine) }`},
		"... through two":                  {`a.js: require('./b').first('plume')`, `b.js: exports.first = (engine) => require('./c').second({ views: 'x', engine })`, `c.js: exports.second = ({ engine = 'none' }) => app.set('view engine', engine)`},
		"an object of options":             {`a.js: require('./b').setUp({ view: { engine: 'plume' } })`, `b.js: exports.setUp = (options) => app.set('view engine', options.view.engine || 'none')`},
		"options that are spread":          {`a.js: const more = { engine: 'plume' }; require('./b').setUp({ ...more })`, `b.js: exports.setUp = (options) => { const all = { views: 1, ...options }; const { engine } = all; app.set('view engine', engine) }`},
		"a class":                          {`a.js: const { Site } = require('./b'); new Site({ engine: 'plume' })`, `b.js: class Site { constructor(options) { this.options = options } start() { app.set('view engine', this.options.engine) } } exports.Site = Site`},
		"a property of the class":          {`a.js: class Site { engine = 'plume'; start() { app.set('view engine', this.engine) } }`},
		"a property that is assigned":      {`a.js: class Site { constructor() { this.engine = 'plume' } start() { app.set('view engine', this.engine) } }`},
		"a constant of another file":       {`a.js: import { ENGINE } from './b.mjs'; app.set('view engine', ENGINE)`, `b.mjs: export const ENGINE = 'plume'`},
		"a configuration":                  {`a.js: const config = require('./b'); app.set('view engine', config.view.engine)`, `b.js: module.exports = { view: { engine: process.env.ENGINE || 'plume' } }`},
		"a configuration, taken apart":     {`a.js: const { engine } = require('./b').view; app.set('view engine', engine)`, `b.js: exports.view = { engine: 'plume' }`},
		"a configuration that is imported": {`a.js: import config from './b.mjs'; app.set('view engine', config.engine)`, `b.mjs: const engine = 'plume'; export default { engine }`},
		"a configuration of JSON":          {`a.js: app.set('view engine', require('./b.json').engine)`, `b.json: {"engine": "plume"}`},
		"a require of a parameter":         {`a.js: require('./b').load('plume')`, `b.js: exports.load = (name) => require(name)`},
		"an import of a parameter":         {`a.js: require('./b').load('plume')`, `b.js: exports.load = async (name) => (await import(name)).default`},
		"a method of a package":            {`a.js: require('wayside')`, `node_modules/wayside/index.js: class Base { _load(name) { return require(name) } } class Kind extends Base { connect() { return this._load('plume') } }`},
		"a view's ending":                  {"a.js: app.get('/', (req, res) => res.render(`pages/${req.page}.plume`))"},
		"a plugin of glue":                 {`a.js: require('@hapi/glue').compose({ register: { plugins: [{ plugin: 'plume' }] } })`},
		"an appender of log4js":            {`a.js: require('log4js').configure({ appenders: { out: { type: 'plume' } } })`},
		"a transport in a variable":        {`a.js: const transport = { targets: [{ level: 'info', target: 'plume' }] }; require('pino')({ transport })`},
		"a transport of Fastify's logger":  {`a.js: import Fastify from 'fastify'; const logger = { transport: { target: 'plume' } }; Fastify({ logger })`},
	}
	for name, lines := range tests {
		t.Run(name, func(t *testing.T) {
			lines = append(slices.Clone(lines), `node_modules/plume/index.js: exports.draw = 1`, `node_modules/none/index.js: `, `node_modules/other/index.js: `)
			got, _ := found(t, Options{}, lines...)
			if !slices.ContainsFunc(got, func(f string) bool { return strings.HasPrefix(f, "node_modules/plume/index.js ") }) {
				t.Errorf("plume is not found: %q", got)
			}
			if slices.ContainsFunc(got, func(f string) bool { return strings.HasPrefix(f, "node_modules/other/") }) {
				t.Errorf("other is found: %q", got)
			}
		})
	}
}

// TestNamesThatAreNotHandedOnAreNot: what another package calls by the same name, or
// what everything has a method for, says nothing.
func TestNamesThatAreNotHandedOnAreNot(t *testing.T) {
	const carrier = `node_modules/wayside/index.js: exports.loadDriver = (name) => require(name); exports.get = (name) => require(name)`
	tests := map[string][]string{
		"a stranger calls a method of that name":   {`a.js: require('wayside'); require('stranger')`, carrier, `node_modules/stranger/index.js: x.loadDriver('plume')`},
		"a name that everything has":               {`a.js: require('wayside'); headers.get('plume')`, carrier},
		"another argument":                         {`a.js: require('wayside').loadDriver(x, 'plume')`, carrier},
		"a carrier of the project is no package's": {`a.js: exports.loadDriver = (name) => require(name); require('stranger')`, `node_modules/stranger/index.js: x.loadDriver('plume')`},
		"another setting":                          {`a.js: require('express')().set('views', 'plume')`},
	}
	for name, lines := range tests {
		t.Run(name, func(t *testing.T) {
			got, _ := found(t, Options{}, append(slices.Clone(lines), `node_modules/plume/index.js: `)...)
			if slices.ContainsFunc(got, func(f string) bool { return strings.HasPrefix(f, "node_modules/plume/") }) {
				t.Errorf("plume is found: %q", got)
			}
		})
	}
}

// TestHandingOnIsBounded has functions that hand on to each other in a circle, and files
// that give out each other's constants.
func TestHandingOnIsBounded(t *testing.T) {
	var circle []string
	circle = append(circle, `a.js: import { x } from './b.mjs'; export const y = x; require('./c')`, `b.mjs: import { y } from './a.js'; export const x = y`)
	circle = append(circle, `c.js: exports.one = (n) => require('./d').two(n); app.set('view engine', require('./d').name.of.it)`, `d.js: exports.two = (n) => { require('./c').one(n); require(n) }; exports.name = require('./c').name`)
	found(t, Options{}, circle...)
	var deep strings.Builder
	for range 200 {
		deep.WriteString("const f = (o) => g(o.a.b.c.d.e.f.g.h.i.j.k); ")
	}
	found(t, Options{}, "a.js: "+deep.String()+" app.set('view engine', o.a.b.c.d.e.f.g.h.i.j.k.l.m)")
}
