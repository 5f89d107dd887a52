package production

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/builder/guard"
	"github.com/nbuild/nbuild/pipelines"
)

// Names are kept under the first folder that Node looks in, and what files import is
// distinguished from what only loads by require.
func TestNamesMeanWhatRequireAnswers(t *testing.T) {
	r := list(t, contents(`
-- package.json --
{"name":"shop"}
-- server.js --
require('ejs'); require('./lib'); require('.'); require('/app/lib/index.js'); require('fs')
-- index.js --
-- lib/index.js --
require('..'); exports.load = (name) => import(name)
-- node_modules/ejs/package.json --
{"name":"ejs","main":"main","type":"module"}
-- node_modules/ejs/main.cjs --
-- node_modules/ejs/main.js --
import './later.js'
-- node_modules/ejs/later.js --
export const later = () => import('./main.js')
`, "server.js"), pipelines.Dynamism{}, nil)
	want := guard.Meanings{
		"/app":              {"./lib": "/app/lib/index.js", ".": "/app/index.js"},
		"/app/node_modules": {"ejs": "/app/node_modules/ejs/main.js"},
		"/app/lib":          {"..": "/app/index.js"},
	}
	if diff := cmp.Diff(want, r.Meanings); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"/app/lib/index.js", "/app/node_modules/ejs/later.js"}, r.Imports); diff != "" {
		t.Error(diff)
	}
}

// Node is given conditions on its command line, and the list knows them.
func TestTheCommandsConditionsCount(t *testing.T) {
	const app = `
-- server.js --
require('p')
-- node_modules/p/package.json --
{"name":"p","exports":{"edge":"./edge.js","default":"./main.js"}}
-- node_modules/p/edge.js --
-- node_modules/p/main.js --
`
	for want, command := range map[string][]string{
		"/app/node_modules/p/main.js": {"server.js", "--conditions=edge"},
		"/app/node_modules/p/edge.js": {"--conditions=edge", "server.js"},
	} {
		r := list(t, contents(app, command...), pipelines.Dynamism{}, nil)
		if _, ok := r.List.Find(want); !ok || len(r.List.Entries) != 3 {
			t.Errorf("%q: %+v", command, r.List.Entries)
		}
	}
}
