package guarded

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/nbuild/nbuild/builder/guard"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/sbom"
)

// world is an image with a guard, before it is put together: tests change it.
type world struct {
	t       testing.TB
	config  v1.ConfigFile
	list    *sources.List
	entries []*file
	kind    types.MediaType
	tail    []byte     // behind the archive
	above   []v1.Layer // over the guard's
}

type file struct {
	tar.Header
	content []byte
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, kind: types.OCILayer, list: &sources.List{Node: "22.20.0", Entries: []sources.Entry{
		{Path: "/app/server.js", SHA256: cas.Sum([]byte("listen()")), Format: sources.CommonJS, Reasons: []sources.Reason{sources.Static}},
	}}}
	command, env, files, err := guard.EntryPoint([]string{"node", "server.js"}, guard.Enforce, guard.Options{Node: 22, Minor: 20, Children: []string{"/bin/git"}})
	w.must(err)
	w.config = v1.ConfigFile{OS: "linux", Architecture: "amd64", Config: v1.Config{
		Entrypoint: command[:len(command)-1], Cmd: command[len(command)-1:], Env: env, WorkingDir: "/app",
	}}
	files["/.nbuild/sources.json"], err = w.list.Format()
	w.must(err)
	w.entries = []*file{{Header: tar.Header{Name: ".nbuild/", Typeflag: tar.TypeDir, Mode: 0o755}}}
	for _, name := range []string{"guard.cjs", "guard.json", "sources.json"} {
		w.add(".nbuild/"+name, string(files["/.nbuild/"+name]))
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) add(name, content string) *file {
	f := &file{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(content))}, []byte(content)}
	w.entries = append(w.entries, f)
	return f
}

func (w *world) find(name string) *file {
	for _, f := range w.entries {
		if f.Name == ".nbuild/"+name {
			return f
		}
	}
	w.t.Fatalf("no file %s", name)
	return nil
}

func (w *world) set(name, content string) {
	f := w.find(name)
	f.content, f.Size = []byte(content), int64(len(content))
}

// archive is the guard's layer, unpacked.
func (w *world) archive() []byte {
	w.t.Helper()
	var b bytes.Buffer
	a := tar.NewWriter(&b)
	for _, f := range w.entries {
		w.must(a.WriteHeader(&f.Header))
		_, err := a.Write(f.content)
		w.must(err)
	}
	w.must(a.Close())
	return append(b.Bytes(), w.tail...)
}

// layer is bytes as a layer of a type.
type layer struct {
	packed, plain []byte
	kind          types.MediaType
}

func pack(t testing.TB, plain []byte, kind types.MediaType) *layer {
	t.Helper()
	var b bytes.Buffer
	var z io.WriteCloser
	switch kind {
	case types.OCILayer, types.DockerLayer:
		z = gzip.NewWriter(&b)
	case types.OCILayerZStd:
		enc, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		z = enc
	default:
		return &layer{plain, plain, kind}
	}
	if _, err := z.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return &layer{b.Bytes(), plain, kind}
}

func sum(b []byte) (v1.Hash, error) { return oci.Hash(cas.Sum(b)), nil }

func (l *layer) Digest() (v1.Hash, error) { return sum(l.packed) }
func (l *layer) DiffID() (v1.Hash, error) { return sum(l.plain) }
func (l *layer) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.packed)), nil
}
func (l *layer) Uncompressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.plain)), nil
}
func (l *layer) Size() (int64, error)                { return int64(len(l.packed)), nil }
func (l *layer) MediaType() (types.MediaType, error) { return l.kind, nil }

// image puts the image together.
func (w *world) image() v1.Image {
	w.t.Helper()
	img, err := mutate.ConfigFile(mutate.MediaType(empty.Image, types.OCIManifestSchema1), &w.config)
	w.must(err)
	layers := append([]v1.Layer{pack(w.t, []byte("a base"), types.OCILayer), pack(w.t, w.archive(), w.kind)}, w.above...)
	img, err = mutate.AppendLayers(img, layers...)
	w.must(err)
	return img
}

// refused fails the test unless the guard can't be read, for a reason that is named.
func (w *world) refused(img v1.Image, why string) {
	w.t.Helper()
	_, err := Of(context.Background(), img, "")
	ps := diag.All(err)
	if len(ps) != 1 || ps[0].Code != CodeGuard || ps[0].Remedy == "" || !strings.Contains(err.Error(), why) {
		w.t.Errorf("want %q: %v", why, err)
	}
}

func TestOfGivesBackWhatTheImageWasBuiltWith(t *testing.T) {
	for _, kind := range []types.MediaType{types.OCILayer, types.OCILayerZStd, types.OCIUncompressedLayer, types.DockerLayer} {
		w := newWorld(t)
		w.kind = kind
		got, err := Of(context.Background(), w.image(), "linux/amd64")
		w.must(err)
		want := sbom.Guard{
			Platform: "linux/amd64", Workdir: "/app", Mode: "enforce", Eval: "enforce",
			Lets: []sbom.Setting{{Name: "guard.children", Value: "/bin/git"}, {Name: "guard.permission", Value: "*"}},
			Files: []sbom.Setting{
				{Name: "/.nbuild/guard.cjs", Value: cas.Sum(guard.Script()).OCI()},
			},
			List: w.list,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
	}
}

func TestAnImageWithoutAGuardHasNoListAndIsNotRead(t *testing.T) {
	w := newWorld(t)
	w.config.Config.Entrypoint = []string{"node"}
	w.config.Config.Env = nil
	w.above = []v1.Layer{&layer{[]byte("no archive"), []byte("no archive"), "application/x-unknown"}}
	got, err := Of(context.Background(), w.image(), "")
	w.must(err)
	if diff := cmp.Diff(sbom.Guard{Workdir: "/app"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAGuardRefusesAListThatIsTwiceInItsLayer(t *testing.T) {
	w := newWorld(t)
	w.add(".nbuild/sources.json", string(w.find("sources.json").content))
	w.refused(w.image(), "stands twice")
}

func TestAGuardRefusesALinkInPlaceOfItsList(t *testing.T) {
	for name, kind := range map[string]byte{"a link": tar.TypeSymlink, "another name": tar.TypeLink, "a device": tar.TypeChar, "a pipe": tar.TypeFifo} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			f := w.find("sources.json")
			f.Typeflag, f.Linkname, f.Size, f.content = kind, "/app/sources.json", 0, nil
			w.refused(w.image(), "no regular file")
		})
	}
	w := newWorld(t)
	f := w.entries[0]
	f.Name, f.Typeflag, f.Linkname = ".nbuild", tar.TypeSymlink, "app"
	w.refused(w.image(), `holds ".nbuild"`)
}

// A layer that holds more could reach into the folder through a link below it.
func TestAGuardRefusesALayerThatHoldsMoreThanItsFolder(t *testing.T) {
	for _, name := range []string{
		"app/more.js", "x/sources.json", ".nbuild/../.nbuild/sources.json", "./.nbuild/sources.json", "/.nbuild/sources.json", ".nbuild/a/b",
		".nbuild/.wh.sources.json", ".nbuild/.wh..wh..opq", ".wh..nbuild", ".nbuildx/a", ".nbuild//sources.json",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.add(name, "x")
			w.refused(w.image(), "which is no file of the guard's folder")
		})
	}
}

func TestAGuardRefusesALayerOverItsOwn(t *testing.T) {
	w := newWorld(t)
	var b bytes.Buffer
	a := tar.NewWriter(&b)
	w.must(a.WriteHeader(&tar.Header{Name: "app/server.js", Typeflag: tar.TypeReg, Mode: 0o644}))
	w.must(a.Close())
	w.above = []v1.Layer{pack(t, b.Bytes(), types.OCILayer)}
	w.refused(w.image(), `holds "app/server.js"`)
	other := newWorld(t)
	other.list.Entries = nil
	text, err := other.list.Format()
	w.must(err)
	other.set("sources.json", string(text))
	other.entries = slices.DeleteFunc(other.entries, func(f *file) bool { return f.Name != ".nbuild/" && f.Name != ".nbuild/sources.json" })
	w.above = []v1.Layer{pack(t, other.archive(), types.OCILayer)}
	w.refused(w.image(), "has no /.nbuild/guard.json")
}

func TestAListThatDoesNotParseIsNoListThatIsAbsent(t *testing.T) {
	good := newWorld(t)
	text := string(good.find("sources.json").content)
	for name, content := range map[string]string{
		"nothing": "", "no JSON": "sources", "another spelling": strings.Replace(text, ":", ": ", 1),
		"cut": text[:len(text)/2], "of another version": strings.Replace(text, "sources/v1", "sources/v2", 1),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.set("sources.json", content)
			w.refused(w.image(), "/.nbuild/sources.json")
		})
	}
	for _, name := range []string{"sources.json", "guard.json"} {
		w := newWorld(t)
		w.find(name).Name = ".nbuild/other.json"
		w.refused(w.image(), "has no /.nbuild/"+name)
	}
	w := newWorld(t)
	w.set("guard.json", strings.Replace(string(w.find("guard.json").content), `"enforce"`, `"off"`, 1))
	w.refused(w.image(), "/.nbuild/guard.json")
}

func TestAGuardThatIsStartedInAnotherWayIsNoAbsentGuard(t *testing.T) {
	for name, change := range map[string]func(*v1.Config){
		"by a shell": func(c *v1.Config) {
			c.Entrypoint = []string{"sh", "-c", "exec node --require /.nbuild/guard.cjs server.js"}
		},
		"behind another": func(c *v1.Config) { c.Entrypoint = append([]string{"tini", "--"}, c.Entrypoint...) },
		"by a variable": func(c *v1.Config) {
			c.Entrypoint, c.Env = []string{"node"}, []string{"NODE_OPTIONS=--require=/.nbuild/guard.cjs"}
		},
		"behind other flags": func(c *v1.Config) { c.Entrypoint = slices.Insert(slices.Clone(c.Entrypoint), 1, "--no-warnings") },
		"without a file":     func(c *v1.Config) { c.Cmd = nil },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			change(&w.config.Config)
			w.refused(w.image(), "")
		})
	}
}

func TestAGuardsLayerIsBounded(t *testing.T) {
	t.Run("packed", func(t *testing.T) {
		w := newWorld(t)
		w.kind, w.tail = types.OCIUncompressedLayer, make([]byte, bounds.GuardLayer)
		w.refused(w.image(), "at most")
	})
	t.Run("unpacked", func(t *testing.T) {
		w := newWorld(t)
		w.tail = make([]byte, bounds.GuardLayer)
		w.refused(w.image(), "unpacks to more than")
	})
	t.Run("one file", func(t *testing.T) {
		w := newWorld(t)
		w.set("guard.cjs", strings.Repeat("x", bounds.GuardLayer))
		w.refused(w.image(), "more than")
	})
	t.Run("settings", func(t *testing.T) {
		w := newWorld(t)
		w.set("guard.json", strings.Repeat(" ", bounds.GuardSettings)+string(w.find("guard.json").content))
		w.refused(w.image(), "at most are read")
	})
	t.Run("files", func(t *testing.T) {
		w := newWorld(t)
		for i := range bounds.GuardFiles {
			w.add(".nbuild/more"+string(rune('A'+i)), "x")
		}
		w.refused(w.image(), "entries")
	})
	t.Run("a file that says more than it has", func(t *testing.T) {
		w := newWorld(t)
		sparse := record("GNU.sparse.map", "0,0") + record("GNU.sparse.numblocks", "1") + record("GNU.sparse.size", "107374182400")
		comment := strings.Repeat("x", len(sparse)-len("99 comment=\n"))
		w.add(".nbuild/sparse", "").PAXRecords = map[string]string{"comment": comment}
		plain := w.archive()
		at := bytes.Index(plain, []byte(record("comment", comment)))
		if at < 0 {
			t.Fatal("the record is not found")
		}
		copy(plain[at:], sparse)
		if _, _, err := unpack(bytes.NewReader(plain), types.OCIUncompressedLayer); err == nil || !strings.Contains(err.Error(), "have more than") {
			t.Errorf("got %v", err)
		}
	})
}

// record is a record of a PAX header.
func record(key, value string) string {
	for n := len(key) + len(value) + 3; ; n++ {
		if text := fmt.Sprintf("%d %s=%s\n", n, key, value); len(text) == n {
			return text
		}
	}
}

func TestAGuardRefusesWhatGoesOnBehindItsArchive(t *testing.T) {
	w := newWorld(t)
	w.tail = make([]byte, 1024)
	if _, err := Of(context.Background(), w.image(), ""); err != nil {
		t.Errorf("zeros are padding: %v", err)
	}
	other := newWorld(t)
	w.tail = other.archive()
	w.refused(w.image(), "behind the end")
	layers, err := newWorld(t).image().Layers()
	w.must(err)
	packed := layers[1].(*layer)
	w.above = []v1.Layer{&layer{append(slices.Clone(packed.packed), "more"...), packed.plain, packed.kind}}
	w.refused(w.image(), "last layer")
}

func TestAGuardsLayerIsWhatTheConfigurationSays(t *testing.T) {
	w := newWorld(t)
	layers, err := w.image().Layers()
	w.must(err)
	honest := layers[1].(*layer)
	w.above = []v1.Layer{&layer{honest.packed, []byte("another archive"), honest.kind}}
	w.refused(w.image(), "its configuration says")
	img, err := mutate.ConfigFile(newWorld(t).image(), &v1.ConfigFile{Config: w.config.Config})
	w.must(err)
	w.refused(img, "layers")
	w = newWorld(t)
	w.kind = "application/x-unknown"
	w.refused(w.image(), "of the type")
}

// The layer is held to its digest while it is read, in a layout as in a registry.
func TestADamagedGuardLayerIsTold(t *testing.T) {
	ctx := context.Background()
	for name, damage := range map[string]func([]byte) []byte{
		"a byte":     func(b []byte) []byte { b[len(b)/2]++; return b },
		"the end":    func(b []byte) []byte { return b[:len(b)-1] },
		"the start":  func(b []byte) []byte { b[0]++; return b },
		"more of it": func(b []byte) []byte { return append(b, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			dir := t.TempDir()
			store, err := oci.OpenLayout(dir)
			w.must(err)
			desc, err := store.PushImage(ctx, w.image())
			w.must(err)
			img, err := oci.Image(ctx, store, desc.Digest)
			w.must(err)
			if _, err := Of(ctx, img, ""); err != nil {
				t.Fatal(err)
			}
			manifest, err := img.Manifest()
			w.must(err)
			blob := filepath.Join(dir, "blobs", "sha256", manifest.Layers[1].Digest.Hex)
			b, err := os.ReadFile(blob)
			w.must(err)
			w.must(os.Chmod(blob, 0o600))
			w.must(os.WriteFile(blob, damage(b), 0o600))
			_, err = Of(ctx, img, "")
			if ps := diag.All(err); len(ps) != 1 || ps[0].Code == CodeGuard {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestOfEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Of(ctx, newWorld(t).image(), ""); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func FuzzUnpack(f *testing.F) {
	w := newWorld(f)
	w.set("guard.cjs", "guard")
	w.set("sources.json", "sources")
	plain := w.archive()
	f.Add(plain, uint8(0))
	f.Add(pack(f, plain, types.OCILayer).packed, uint8(1))
	f.Add(pack(f, plain, types.OCILayerZStd).packed, uint8(2))
	kinds := []types.MediaType{types.OCIUncompressedLayer, types.OCILayer, types.OCILayerZStd}
	f.Fuzz(func(t *testing.T, packed []byte, kind uint8) {
		files, _, err := unpack(bytes.NewReader(packed), kinds[int(kind)%len(kinds)])
		if err != nil {
			return
		}
		total := 0
		for name, content := range files {
			if name == "" || strings.ContainsAny(name, "/") {
				t.Errorf("a file %q", name)
			}
			total += len(content)
		}
		if total > bounds.GuardLayer || len(files) > bounds.GuardFiles {
			t.Errorf("%d files of %d bytes", len(files), total)
		}
	})
}
