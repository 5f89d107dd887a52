package production

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/nbuild/nbuild/builder"
	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/builder/launch"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/internal/sources/tracefile"
	"github.com/nbuild/nbuild/pipelines"
)

const shop = `
-- package.json --
{"name":"shop"}
-- server.js --
require('ejs'); require('./views/' + name); require('esm');
-- views/index.js --
module.exports = 1
-- plugins/mail.js --
require('./smtp')
-- plugins/smtp.js --
-- traced.js --
'loaded by a name in a database'
-- node_modules/ejs/package.json --
{"name":"ejs","version":"3.1.10","main":"lib/ejs.js"}
-- node_modules/ejs/lib/ejs.js --
exports.compile = s => new Function('locals', s); require('./utils')
-- node_modules/ejs/lib/utils.js --
-- node_modules/ejs/test/ejs.js --
'is not reached'
-- node_modules/esm/package.json --
{"name":"esm","version":"1.0.0","type":"module","exports":"./main.js"}
-- node_modules/esm/main.js --
export const run = s => (0, eval)(s)
`

// contents is an image of a txtar: packages in one member, as a tarball hands them
// out, the project's files in another.
func contents(text string, cmd ...string) builder.Contents {
	var own, packages []image.File
	for _, f := range txtar.Parse([]byte(text)).Files {
		if name, ok := strings.CutPrefix(f.Name, "node_modules/"); ok {
			packages = append(packages, image.File{Path: name, Data: f.Data})
		} else {
			own = append(own, image.File{Path: f.Name, Data: f.Data})
		}
	}
	return builder.Contents{
		Block: &pipelines.Image{
			Name: "shop", Workdir: "/app",
			Layers: []pipelines.Layer{{From: []pipelines.Source{{Kind: pipelines.FromNpm}, {Kind: pipelines.FromProject}}, To: "/app"}},
		},
		Platform: "linux/amd64", Node: "22.20.0", Command: append([]string{"node"}, cmd...),
		Members: []image.Member{
			image.Files(packages, "app/node_modules", "packages", "npm"),
			image.Files(own, "app", "the project", "project"),
		},
	}
}

func list(t *testing.T, c builder.Contents, d pipelines.Dynamism, trace *tracefile.File) *Result {
	t.Helper()
	r, err := List(t.Context(), c, d, trace)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.List.Format(); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheListHoldsWhatTheCommandReachesAndWhy(t *testing.T) {
	d := pipelines.Dynamism{Load: []pipelines.Load{{Glob: "plugins/ma*.js", Reason: "by name"}}}
	trace := &tracefile.File{Files: []tracefile.Loaded{
		{Path: "traced.js", SHA256: cas.Sum([]byte("'loaded by a name in a database'\n")), Format: sources.CommonJS},
		{Path: "server.js", SHA256: cas.Sum([]byte("other bytes")), Format: sources.CommonJS},
		{Path: "gone.js", SHA256: cas.Sum(nil), Format: sources.CommonJS},
	}}
	r := list(t, contents(shop, "server"), d, trace)
	var got []string
	for _, e := range r.List.Entries {
		var why []string
		for _, reason := range e.Reasons {
			why = append(why, string(reason))
		}
		got = append(got, strings.Join([]string{e.Path, string(e.Format), e.Package, strings.Join(why, "+")}, " "))
	}
	want := []string{
		"/app/node_modules/ejs/lib/ejs.js cjs /app/node_modules/ejs/package.json static",
		"/app/node_modules/ejs/lib/utils.js cjs /app/node_modules/ejs/package.json static",
		"/app/node_modules/ejs/package.json json /app/node_modules/ejs/package.json static",
		"/app/node_modules/esm/main.js esm /app/node_modules/esm/package.json static",
		"/app/node_modules/esm/package.json json /app/node_modules/esm/package.json static",
		"/app/package.json json /app/package.json static",
		"/app/plugins/mail.js cjs /app/package.json listed",
		"/app/plugins/smtp.js cjs /app/package.json static",
		"/app/server.js cjs /app/package.json static",
		"/app/traced.js cjs /app/package.json traced",
		"/app/views/index.js cjs /app/package.json static",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the list (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"server.js", "gone.js"}, r.Stale); diff != "" {
		t.Errorf("stale (-want +got):\n%s", diff)
	}
}

func TestOnlyWhatIsApprovedMayEvaluate(t *testing.T) {
	tests := []struct {
		name     string
		approved pipelines.Evaluator
		want     []string
		proposed []string
		unused   bool
	}{
		{"a package", pipelines.Evaluator{Reason: "it has to", Purl: "pkg:npm/ejs"}, []string{"/app/node_modules/ejs/lib/ejs.js"}, []string{"pkg:npm/esm"}, false},
		{"a package of that version", pipelines.Evaluator{Reason: "it has to", Purl: "pkg:npm/ejs@3.1.10"}, []string{"/app/node_modules/ejs/lib/ejs.js"}, []string{"pkg:npm/esm"}, false},
		{"a package of another version", pipelines.Evaluator{Reason: "it has to", Purl: "pkg:npm/ejs@3.1.9"}, nil, []string{"pkg:npm/ejs", "pkg:npm/esm"}, true},
		{"files that the inventory does not find", pipelines.Evaluator{Reason: "it has to", Purl: "pkg:npm/ejs", Files: []string{"lib/u*.js"}}, []string{"/app/node_modules/ejs/lib/utils.js"}, []string{"pkg:npm/ejs", "pkg:npm/esm"}, false},
		{"a file that is not on the list", pipelines.Evaluator{Reason: "it has to", Purl: "pkg:npm/ejs", Files: []string{"test/*.js"}}, nil, []string{"pkg:npm/ejs", "pkg:npm/esm"}, true},
		{"the project does not evaluate", pipelines.Evaluator{Reason: "it has to", Purl: "project"}, nil, []string{"pkg:npm/ejs", "pkg:npm/esm"}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := pipelines.Dynamism{Evaluators: []pipelines.Evaluator{test.approved}}
			r := list(t, contents(shop, "server.js"), d, nil)
			var got, proposed []string
			for _, e := range r.List.Evaluators {
				got = append(got, e.Path)
			}
			for _, p := range r.Proposed {
				proposed = append(proposed, p.Label)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("approved (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.proposed, proposed); diff != "" {
				t.Errorf("proposed (-want +got):\n%s", diff)
			}
			if unused := Unused(d, []*Result{r}); (len(unused) > 0) != test.unused {
				t.Errorf("unused: %v", unused)
			}
		})
	}
}

func TestAnEntryThatIsNotThereIsToldWithItsPath(t *testing.T) {
	_, err := List(t.Context(), contents(shop, "dist/server.js"), pipelines.Dynamism{}, nil)
	problems := diag.All(err)
	if len(problems) != 1 || problems[0].Code != launch.CodeEntry || !strings.Contains(problems[0].What, "/app/dist/server.js") {
		t.Errorf("%v", err)
	}
}

func TestTheListIsTheSameEachTime(t *testing.T) {
	d := pipelines.Dynamism{Load: []pipelines.Load{{Glob: "**"}}}
	var first []byte
	for range 8 {
		text, err := list(t, contents(shop, "server.js"), d, nil).List.Format()
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = text
		}
		if string(first) != string(text) {
			t.Fatalf("it differs:\n%s", cmp.Diff(string(first), string(text)))
		}
	}
}
