package launch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/builder/rootfs"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/linkage"
	"github.com/nbuild/nbuild/internal/linkage/linkagetest"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// shelf is a store with packages, and the tree that an image has of them.
type shelf struct {
	t         *testing.T
	store     *cas.Store
	artefacts []snapshot.Artefact
	tree      locked.Tree
	members   []image.Member
	block     pipelines.Npm
}

func newShelf(t *testing.T) *shelf {
	return &shelf{t: t, store: newStore(t), block: pipelines.Npm{Name: "deps", Implied: true}}
}

// put publishes a package and installs it.
func (s *shelf) put(name string, files map[string]string, change ...func(*locked.Package)) {
	s.t.Helper()
	must := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	if files["package.json"] == "" {
		files["package.json"] = fmt.Sprintf(`{"name":%q,"version":"1.0.0"}`, name)
	}
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	archive := tar.NewWriter(zip)
	for _, f := range slices.Sorted(maps.Keys(files)) {
		must(archive.WriteHeader(&tar.Header{Name: "package/" + f, Mode: 0o644, Size: int64(len(files[f])), Typeflag: tar.TypeReg}))
		_, err := archive.Write([]byte(files[f]))
		must(err)
	}
	must(archive.Close())
	must(zip.Close())
	index, err := tarball.Index(bytes.NewReader(b.Bytes()), tarball.Options{})
	must(err)
	doc, err := snapshot.EncodeIndex(index)
	must(err)
	named, err := s.store.PutBytes(s.t.Context(), doc)
	must(err)
	digest, err := s.store.PutBytes(s.t.Context(), b.Bytes())
	must(err)
	a := snapshot.Artefact{
		Kind: snapshot.KindNPM, Name: name, Version: "1.0.0", SHA256: digest, Size: int64(b.Len()), Facts: map[string]string{"index": named.String()},
	}
	s.artefacts = append(s.artefacts, a)
	p := locked.Package{Path: "node_modules/" + name, Name: name, Version: "1.0.0"}
	for _, c := range change {
		c(&p)
	}
	member, err := image.NPM(s.store, a, "app/"+p.Path, "npm.deps")
	must(err)
	s.members = append(s.members, member)
	s.tree.Packages = append(s.tree.Packages, p)
	slices.SortFunc(s.tree.Packages, func(a, b locked.Package) int { return strings.Compare(a.Path, b.Path) })
}

func (s *shelf) packages() Packages {
	s.t.Helper()
	lock, err := snapshot.New(s.artefacts)
	if err != nil {
		s.t.Fatal(err)
	}
	return Packages{Store: s.store, Lock: lock, Placed: []Placed{{Tree: &s.tree, At: "app", Block: &s.block}}}
}

func (s *shelf) check(base *Listing, loads func(string) bool) (problems, warnings diag.Problems) {
	s.t.Helper()
	root, err := rootfs.New(s.t.Context(), base.Nodes(), s.members)
	if err != nil {
		s.t.Fatal(err)
	}
	p := s.packages()
	p.Loads = loads
	problems, warnings, err = CheckPackages(context.Background(), root, Start{
		Image: "shop", Platform: "linux/amd64", Node: "22.20.0", Base: Base{Name: "node", Packages: []string{"tzdata"}},
	}, p)
	if err != nil {
		s.t.Fatal(err)
	}
	return problems, warnings
}

func addon(platform string, has []string, libraries ...string) string {
	return string(linkagetest.Write(linkagetest.Spec{Object: linkage.Object{Platform: platform, Needs: needs(libraries...)}, Has: has}))
}

const gyp = `{"name":"metal","version":"1.0.0","scripts":{"install":"node-gyp rebuild"}}`

var ofNodeAPI = []string{"napi_register_module_v1"}

func TestAPackageIsInTheImageWithWhatItsScriptMakes(t *testing.T) {
	const built = "metal@1.0.0 is in image \"shop\" without what its install script makes"
	tests := []struct {
		name  string
		files map[string]string
		want  string // how the problem begins, "" where there is none
	}{
		{"no script", map[string]string{"index.js": ""}, ""},
		{"a script and no machine code", map[string]string{"package.json": gyp, "binding.gyp": "{}"}, built},
		{"a binding.gyp alone", map[string]string{"binding.gyp": "{}"}, built},
		{"a binding.gyp that is not to be built", map[string]string{"binding.gyp": "{}", "package.json": `{"name":"metal","version":"1.0.0","gypfile":false}`}, ""},
		{"a key that npm does not read", map[string]string{"binding.gyp": "{}", "package.json": `{"name":"metal","version":"1.0.0","gypFile":false,"gypfile":0}`}, built},
		{"a script that makes who knows what", map[string]string{"package.json": `{"name":"metal","version":"1.0.0","scripts":{"postinstall":"node print.js"}}`}, built},
		{"a script that only its author runs", map[string]string{"package.json": `{"name":"metal","version":"1.0.0","scripts":{"prepare":"node-gyp rebuild","test":"x"}}`}, ""},
		{"an addon of Node-API", map[string]string{"package.json": gyp, "binding.gyp": "{}", "prebuilds/linux-x64/node.napi.node": addon("linux/amd64", ofNodeAPI, "libc.so.6")}, ""},
		{"an addon of this Node", map[string]string{"package.json": gyp, "lib/binding/node-v127-linux-x64/a.node": addon("linux/amd64", []string{"node_register_module_v127"}, "libc.so.6")}, ""},
		{"an addon of another Node", map[string]string{"package.json": gyp, "lib/binding/node-v115-linux-x64/a.node": addon("linux/amd64", []string{"node_register_module_v115"}, "libc.so.6")}, built},
		{"an addon of another machine", map[string]string{"package.json": gyp, "prebuilds/linux-arm64/a.node": addon("linux/arm64", ofNodeAPI, "libc.so.6")}, built},
		{"an addon of another musl, beside one that fits", map[string]string{"package.json": gyp, "a.glibc.node": addon("linux/amd64", ofNodeAPI, "libc.so.6"), "a.musl.node": addon("linux/amd64", ofNodeAPI, "libc.so")}, ""},
		{"an addon of musl", map[string]string{"package.json": gyp, "prebuilds/linux-x64/a.musl.node": addon("linux/amd64", ofNodeAPI, "libc.musl-x86_64.so.1")}, built},
		{"an addon of Windows", map[string]string{"package.json": gyp, "prebuilds/win32-x64/a.node": "MZ" + strings.Repeat("\x00", 58) + "\x40\x00\x00\x00PE\x00\x00"}, built},
		{"a library and no addon", map[string]string{"package.json": gyp, "binding.gyp": "{}", "vendor/lib.so": addon("linux/amd64", nil)}, built},
		{"a file that is named as an addon", map[string]string{"package.json": gyp, "a.node": addon("linux/amd64", nil, "libc.so.6")}, built},
		{"a program", map[string]string{"package.json": `{"name":"metal","version":"1.0.0","scripts":{"postinstall":"node install.js"}}`, "bin/tool": string(linkagetest.Program("linux/amd64"))}, ""},
		{"an addon whose library is lacking", map[string]string{"package.json": gyp, "a.node": addon("linux/amd64", ofNodeAPI, "libc.so.6", "libsecret-1.so.0")},
			"image \"shop\" can't start: /app/node_modules/metal/a.node needs libsecret-1.so.0, which is not in it"},
		{"an addon of a package without a script, whose library is lacking", map[string]string{"a.node": addon("linux/amd64", ofNodeAPI, "libc.so.6 GLIBC_2.99")},
			"image \"shop\" can't start: /app/node_modules/metal/a.node needs libc.so.6 with GLIBC_2.99"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newShelf(t)
			s.put("metal", test.files)
			problems, warnings := s.check(system(t, s.store), nil)
			if len(warnings) > 0 || (test.want == "") != (len(problems) == 0) || test.want != "" && !strings.HasPrefix(problems[0].What, test.want) {
				t.Errorf("%q, warnings %q, want %q", shown(problems), shown(warnings), test.want)
			}
			again, _ := s.check(system(t, s.store), nil) // from what the store keeps
			if fmt.Sprint(shown(again)) != fmt.Sprint(shown(problems)) {
				t.Errorf("again: %q", shown(again))
			}
			s.block.Unbuilt = []pipelines.Unbuilt{{Package: "metal@1.0.0", Reason: "a test"}}
			if problems, _ := s.check(system(t, s.store), nil); len(problems) > 0 {
				t.Errorf("accepted, and yet %q", shown(problems))
			}
			s.block.Unbuilt = []pipelines.Unbuilt{{Package: "metal@1.0.1", Reason: "a test"}}
			if problems, _ := s.check(system(t, s.store), nil); (len(problems) == 0) != (test.want == "") {
				t.Errorf("another version is accepted, and %q", shown(problems))
			}
		})
	}
}

func TestAPackageForThePlatformBringsTheMachineCode(t *testing.T) {
	for want, code := range map[int]string{0: addon("linux/amd64", ofNodeAPI, "libc.so.6"), 1: addon("linux/arm64", ofNodeAPI, "libc.so.6")} {
		s := newShelf(t)
		s.put("metal", map[string]string{"package.json": gyp}, func(p *locked.Package) {
			p.Dependencies = []locked.Edge{{Name: "@metal/linux-x64", To: "node_modules/@metal/linux-x64", Kind: locked.Optional}}
		})
		s.put("@metal/linux-x64", map[string]string{"metal.node": code})
		if problems, _ := s.check(system(t, s.store), nil); len(problems) != want {
			t.Errorf("%q", shown(problems))
		}
	}
}

func TestWhatOnlyOptionalDependenciesAskForIsTold(t *testing.T) {
	s := newShelf(t)
	s.put("metal", map[string]string{"package.json": gyp}, func(p *locked.Package) { p.Optional = true })
	problems, warnings := s.check(system(t, s.store), nil)
	if len(problems) != 0 || len(warnings) != 1 || warnings[0].Code != CodeUnbuilt {
		t.Errorf("%q, warnings %q", shown(problems), shown(warnings))
	}
}

// Under a guard that enforces, what is on no list can't be loaded.
func TestOnlyWhatMayBeLoadedIsHeld(t *testing.T) {
	s := newShelf(t)
	s.put("metal", map[string]string{"package.json": gyp})
	for path, want := range map[string]int{"/app/node_modules/metal": 1, "/app/node_modules/other": 0} {
		if problems, _ := s.check(system(t, s.store), func(dir string) bool { return dir == path }); len(problems) != want {
			t.Errorf("%s: %q", path, shown(problems))
		}
	}
}

func TestAnAcceptanceMeansAPackage(t *testing.T) {
	s := newShelf(t)
	s.put("metal", map[string]string{"package.json": gyp})
	s.put("plain", map[string]string{"index.js": ""})
	s.block.Unbuilt = []pipelines.Unbuilt{{Package: "metal"}, {Package: "plain"}, {Package: "gone"}}
	problems, err := Meaningless(t.Context(), s.packages())
	if err != nil {
		t.Fatal(err)
	}
	if len(problems) != 2 || !strings.HasPrefix(problems[0].What, `unbuilt "plain"`) || !strings.HasPrefix(problems[1].What, `unbuilt "gone"`) {
		t.Errorf("%q", shown(problems))
	}
}

// NODE_MODULE_VERSION is what each Node that is installed says about itself.
func TestModuleVersionsAreNodes(t *testing.T) {
	paths := filepath.SplitList(os.Getenv("NBUILD_TEST_NODES"))
	if p, err := exec.LookPath("node"); err == nil {
		paths = append(paths, p)
	}
	if len(paths) == 0 {
		t.Skip("node is not installed; CI names Node 20, 22, 24 and 26 in NBUILD_TEST_NODES")
	}
	for _, p := range paths {
		out, err := exec.Command(p, "-p", "process.versions.node + ' ' + process.versions.modules").Output()
		if err != nil {
			t.Fatal(err)
		}
		var major, abi int
		if _, err := fmt.Sscanf(string(out), "%d.", &major); err != nil {
			t.Fatal(err)
		}
		_, text, _ := strings.Cut(string(out), " ")
		if _, err := fmt.Sscanf(text, "%d", &abi); err != nil {
			t.Fatal(err)
		}
		if known, ok := moduleVersions[major]; ok && known != abi {
			t.Errorf("Node %d says %d, and the table %d", major, abi, known)
		}
	}
}

// What a script would bring from a server may be fetched, and laid where the package looks
// for it: an addon that fits is one, wherever it came from.
func TestALayerMayBringTheAddonThatAScriptWouldBring(t *testing.T) {
	for name, test := range map[string]struct {
		code string
		want int
	}{
		"one that fits":         {addon("linux/amd64", ofNodeAPI, "libc.so.6"), 0},
		"one of another Node":   {addon("linux/amd64", []string{"node_register_module_v115"}, "libc.so.6"), 1},
		"one without its parts": {addon("linux/amd64", ofNodeAPI, "libsecret-1.so.0"), 1},
		"no machine code":       {"text", 1},
	} {
		s := newShelf(t)
		s.put("metal", map[string]string{"package.json": gyp})
		s.members = append(s.members, image.Files([]image.File{{Path: "a.node", Data: []byte(test.code)}}, "app/node_modules/metal/build/Release", "fetch.metal", "fetch.metal"))
		if problems, _ := s.check(system(t, s.store), nil); len(problems) != test.want {
			t.Errorf("%s: %q", name, shown(problems))
		}
	}
}

func TestAPackageWhoseScriptsRanIsHeldToWhatTheyLeft(t *testing.T) {
	const left = "postinstall"
	for name, test := range map[string]struct {
		code string // of build/a.node, "" where there is none
		left bool   // a script that no block allows
		want string // in the problem, "" where there is none
	}{
		"nothing":                           {"", false, ""},
		"an addon":                          {addon("linux/amd64", ofNodeAPI, "libc.so.6"), false, ""},
		"an addon, and a script is left":    {addon("linux/amd64", ofNodeAPI, "libc.so.6"), true, ""},
		"nothing, and a script is left":     {"", true, "without what its postinstall script makes"},
		"an addon of another machine":       {addon("linux/arm64", ofNodeAPI, "libc.so.6"), false, "without an addon that fits it"},
		"an addon whose library is lacking": {addon("linux/amd64", ofNodeAPI, "libsecret-1.so.0"), false, "needs libsecret-1.so.0"},
	} {
		s := newShelf(t)
		s.put("metal", map[string]string{"package.json": gyp})
		built := Built{}
		if test.code != "" {
			digest, err := s.store.PutBytes(t.Context(), []byte(test.code))
			if err != nil {
				t.Fatal(err)
			}
			built.Files = []snapshot.Entry{{Path: "build/a.node", Mode: 0o755, Size: int64(len(test.code)), SHA256: digest}}
			s.members = append(s.members, image.Stored(s.store, built.Files, "app/node_modules/metal", "npm.deps"))
		}
		if test.left {
			built.Left = []pipelines.Lifecycle{{Event: left, Text: "x"}}
		}
		root, err := rootfs.New(t.Context(), system(t, s.store).Nodes(), s.members)
		if err != nil {
			t.Fatal(err)
		}
		p := s.packages()
		p.Placed[0].Built = map[string]Built{"node_modules/metal": built}
		problems, _, err := CheckPackages(t.Context(), root, Start{Image: "shop", Platform: "linux/amd64", Node: "22.20.0", Base: Base{Name: "node"}}, p)
		if err != nil {
			t.Fatal(err)
		}
		if (test.want == "") != (len(problems) == 0) || test.want != "" && !strings.Contains(problems[0].What, test.want) {
			t.Errorf("%s: %q", name, shown(problems))
		}
	}
}
