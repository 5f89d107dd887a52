package reach

import (
	"encoding/json"
	"flag"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/resolution"
)

var nft = flag.String("nft", "", "a checkout of the node-file-trace project, with the packages that its tests name installed")

// nftNeeds are fixtures that can't run here, with what they need.
var nftNeeds = map[string]string{
	"resolve-hook": "a hook that resolves in place of Node",
}

// nftDiffers are fixtures whose lists are not ours, with the reason.
var nftDiffers = map[string]string{
	"esm-paths":               "its option paths maps specifiers to files, which Node has no word for",
	"esm-paths-trailer":       "its option paths maps specifiers to files, which Node has no word for",
	"module-register":         "its working directory is one for this call and another for the rest",
	"non-analyzable-requires": "a require that is a property of an object is followed, and loads a file more",
	"phantomjs-prebuilt":      "an install script writes one of the files",
}

// TestFindsWhatNodeFileTraceFinds runs the fixtures of another tracer, whose lists
// are an opinion: what it lists and Node never loads is followed with Bundled.
func TestFindsWhatNodeFileTraceFinds(t *testing.T) {
	if *nft == "" {
		t.Skip("needs -nft DIR, a checkout of vercel/nft")
	}
	base, err := filepath.EvalSymlinks(*nft)
	if err != nil {
		t.Fatal(err)
	}
	fixtures, err := os.ReadDir(filepath.Join(base, "test/unit"))
	if err != nil {
		t.Fatal(err)
	}
	exact, covered, all := 0, 0, 0
	for _, d := range fixtures {
		t.Run(d.Name(), func(t *testing.T) {
			if why := nftNeeds[d.Name()]; why != "" {
				t.Skip(why)
			}
			all++
			want, got := nftFixture(t, base, d.Name())
			missing, extra := less(want, got), less(got, want)
			if len(missing) == 0 {
				covered++
			}
			if len(missing)+len(extra) == 0 {
				exact++
				return
			}
			if why := nftDiffers[d.Name()]; why != "" {
				t.Skip(why)
			}
			t.Errorf("missing %q\nextra   %q", cut(missing), cut(extra))
		})
	}
	t.Logf("%d of %d lists alike, %d with nothing missing", exact, all, covered)
}

func cut(s []string) []string { return s[:min(len(s), 20)] }

func less(a, b []string) []string {
	var out []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}

func nftFixture(t *testing.T, base, fixture string) (want, got []string) {
	dir := path.Join("test/unit", fixture)
	input := map[string][]string{
		"jsx-input": {"input.jsx"}, "tsx-input": {"input.tsx"}, "ts-input-esm": {"input.ts"},
		"module-create-require-no-mixed": {"input.mjs"}, "module-create-require-named-require": {"input.mjs"},
		"module-create-require-named-import": {"input.mjs"}, "module-create-require-ignore-other": {"input.mjs"},
		"module-create-require-destructure": {"input.mjs"},
		"multi-input":                       {"input.js", "input-2.js", "input-3.js", "input-4.js"},
	}[fixture]
	if input == nil {
		input = []string{"input.js"}
	}
	var options struct {
		Conditions []string
		Depth      *int
	}
	if text, err := os.ReadFile(filepath.Join(base, dir, "test-opts.json")); err == nil {
		if err := json.Unmarshal(text, &options); err != nil {
			t.Fatal(err)
		}
	}
	o := Options{Node: "22", Cwd: dir, Conditions: options.Conditions, Bundled: !strings.HasPrefix(fixture, "exports-only")}
	if strings.HasSuffix(fixture, "-node20") {
		o.Node = "20.18"
	}
	if options.Depth != nil {
		if o.Depth = *options.Depth; o.Depth == 0 {
			o.Depth = Shallow
		}
	}
	var entries []string
	for _, in := range input {
		entries = append(entries, path.Join(dir, in))
	}
	res, err := Run(resolution.DirFS(base), entries, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range res.Files {
		got = append(got, f.Path)
	}
	got = append(got, res.Links...)
	text, err := os.ReadFile(filepath.Join(base, dir, "output.js"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if fixture == "webpack-wrapper-strs-namespaces-large" {
		// An installer puts this package in either place, and the test it is from says so.
		for i := range want {
			want[i] = strings.Replace(want[i], "prop-types/node_modules/react-is", "react-is", 1)
		}
	}
	// It takes from its own lists what differs by platform.
	if strings.HasSuffix(fixture, "node-gyp") {
		got = slices.DeleteFunc(got, func(s string) bool { return strings.Contains(s, "prebuilds") && strings.HasSuffix(s, ".node") })
	}
	return want, got
}
