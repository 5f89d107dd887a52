package nodemodules

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// pack makes a tarball of "name=content" files; a name that ends in * is
// executable.
func pack(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, f := range files {
		name, content, _ := strings.Cut(f, "=")
		mode := int64(0o644)
		if bare, ok := strings.CutSuffix(name, "*"); ok {
			name, mode = bare, 0o755
		}
		if bare, octal, ok := strings.Cut(name, "^"); ok {
			name = bare
			var err error
			if mode, err = strconv.ParseInt(octal, 8, 64); err != nil {
				t.Fatal(err)
			}
		}
		if strings.HasSuffix(name, "/") {
			if err := w.WriteHeader(&tar.Header{Name: "package/" + name, Mode: 0o755, Typeflag: tar.TypeDir}); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := w.WriteHeader(&tar.Header{Name: "package/" + name, Mode: mode, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// project is a lockfile, a snapshot and a store of a few packages.
type project struct {
	t         *testing.T
	dir       string
	store     *cas.Store
	storeDir  string
	wants     []string
	entries   []string
	artefacts []snapshot.Artefact
}

func newProject(t *testing.T) *project {
	t.Helper()
	storeDir := filepath.Join(t.TempDir(), "store")
	store, err := cas.Open(storeDir)
	if err != nil {
		t.Fatal(err)
	}
	return &project{t: t, dir: t.TempDir(), store: store, storeDir: storeDir}
}

// add puts a package at a path, with more members for its lockfile entry.
func (p *project) add(path, version, more string, files ...string) {
	name := path[strings.LastIndex(path, "node_modules/")+len("node_modules/"):]
	if len(files) == 0 || !strings.HasPrefix(files[0], "package.json=") {
		files = append([]string{fmt.Sprintf(`package.json={"name": %q, "version": %q}`, name, version)}, files...)
	}
	tgz := pack(p.t, files...)
	sum := sha512.Sum512(tgz)
	integrity := "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
	if more != "" {
		more = ", " + more
	}
	p.entries = append(p.entries, fmt.Sprintf(`%q: {"version": %q, "integrity": %q%s}`, path, version, integrity, more))
	if path == "node_modules/"+name {
		p.wants = append(p.wants, fmt.Sprintf("%q: %q", name, version))
	}
	p.artefacts = append(p.artefacts, store1(p.t, p.t.Context(), p.store, name, version, integrity, tgz))
}

func (p *project) options() Options {
	p.t.Helper()
	src := `{"lockfileVersion": 3, "packages": {"": {"dependencies": {` + strings.Join(p.wants, ",") + `}},` + "\n" + strings.Join(p.entries, ",\n") + "}}"
	lock, err := npm.ReadLockfile([]byte(src), "package-lock.json")
	if err != nil {
		p.t.Fatal(err)
	}
	tree, err := locked.Plan(lock, locked.Options{OS: "linux", CPU: "x64", Libc: "glibc"})
	if err != nil {
		p.t.Fatal(err)
	}
	pinned, err := snapshot.New(p.artefacts)
	if err != nil {
		p.t.Fatal(err)
	}
	return Options{Dir: p.dir, Store: p.store, Lock: pinned, Tree: tree}
}

func (p *project) write(name, content string) {
	p.t.Helper()
	at := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(content), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// list returns the project's files and links as "mode name: content".
func (p *project) list() []string {
	p.t.Helper()
	var out []string
	err := filepath.WalkDir(p.dir, func(at string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(p.dir, at)
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode()&os.ModeSymlink != 0 {
			target, err := os.Readlink(at)
			out = append(out, "link "+rel+": "+target)
			return err
		}
		src, err := os.ReadFile(at)
		if filepath.Base(at) != "package.json" {
			out = append(out, fmt.Sprintf("%o %s: %s", info.Mode().Perm(), rel, src))
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

func codes(err error) []diag.Code {
	var out []diag.Code
	for _, p := range diag.All(err) {
		out = append(out, p.Code)
	}
	return out
}

func demo(t *testing.T) *project {
	p := newProject(t)
	p.add("node_modules/a", "1.0.0", `"bin": {"a": "bin/a.js", "gone": "no.js"}, "dependencies": {"b": "2.0.0"}`, "index.js=a", "bin/a.js*=#!a", "lib/x/y/z.js=z", "lib/x.js=x", "lib-x/q.js=q", "lib/x/w.js=w")
	p.add("node_modules/a/node_modules/b", "2.0.0", "", "index.js=b2")
	p.add("node_modules/b", "1.0.0", "", "index.js=b1")
	p.add("node_modules/@s/c", "1.0.0", `"bin": {"a": "never.js"}`, "never.js=c", "empty.js=")
	return p
}

var demoTree = []string{
	"link node_modules/.bin/a: ../@s/c/never.js",
	"644 node_modules/@s/c/empty.js: ",
	"755 node_modules/@s/c/never.js: c",
	"755 node_modules/a/bin/a.js: #!a",
	"644 node_modules/a/index.js: a",
	"644 node_modules/a/lib/x/w.js: w",
	"644 node_modules/a/lib/x/y/z.js: z",
	"644 node_modules/a/lib/x.js: x",
	"644 node_modules/a/lib-x/q.js: q",
	"644 node_modules/a/node_modules/b/index.js: b2",
	"644 node_modules/b/index.js: b1",
}

// TestModes holds the modes to those that npm leaves under several umasks: it makes
// files with what the archive says and 0666 besides, and commands with 0777.
func TestModes(t *testing.T) {
	tests := []struct {
		umask int
		want  []string
	}{
		{0o022, []string{"744 a", "754 b", "754 c", "644 d", "755 e", "755 f", "755 g"}},
		{0o002, []string{"764 a", "774 b", "774 c", "664 d", "775 e", "775 f", "775 g"}},
		{0o077, []string{"700 a", "700 b", "700 c", "600 d", "700 e", "700 f", "700 g"}},
		{0, []string{"766 a", "776 b", "776 c", "666 d", "777 e", "777 f", "777 g"}},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%03o", tt.umask), func(t *testing.T) {
			defer unix.Umask(unix.Umask(tt.umask))
			p := newProject(t)
			p.add("node_modules/m", "1.0.0", `"bin": {"f": "f", "g": "g"}`, "a^744=", "b^754=", "c^750=", "d^600=", "e^4755=", "f^644=#!x\r\ny\r\n", "g^744=#!x\n")
			if _, err := Run(t.Context(), p.options()); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, line := range p.list() {
				if rest, ok := strings.CutPrefix(line, "link "); ok {
					t.Log(rest)
					continue
				}
				mode, name, _ := strings.Cut(line, " node_modules/m/")
				name, body, _ := strings.Cut(name, ": ")
				got = append(got, mode+" "+name)
				if name == "f" && body != "#!x\ny\r\n" {
					t.Errorf("the command holds %q", body)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("modes (-want +got):\n%s", diff)
			}
			o := p.options()
			o.Check = true
			if _, err := Run(t.Context(), o); err != nil {
				t.Errorf("checking: %v", err)
			}
			for name, mode := range map[string]os.FileMode{"a": 0o755&^os.FileMode(tt.umask) | 0o011, "d": 0o700, "g": 0o644, "e": os.ModeSetuid | 0o755&^os.FileMode(tt.umask)} {
				at := filepath.Join(p.dir, "node_modules/m", name)
				before, err := os.Lstat(at)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(at, mode); err != nil {
					t.Fatal(err)
				}
				r, err := Run(t.Context(), o)
				if err == nil || len(r.Differences) != 1 || r.Differences[0].What != "mode" {
					t.Errorf("%s with mode %v: %+v, %v", name, mode, r, err)
				}
				if err := os.Chmod(at, before.Mode()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestTheLockfileMakesCommands has packages whose own package.json and lockfile entry
// disagree on commands: npm goes by the entry.
func TestTheLockfileMakesCommands(t *testing.T) {
	defer unix.Umask(unix.Umask(0o022))
	p := newProject(t)
	p.add("node_modules/none", "1.0.0", "", `package.json={"name":"none","version":"1.0.0","bin":"cli.js"}`, "cli.js=#!x\r\n")
	p.add("node_modules/other", "1.0.0", `"bin": {"other": "b.js"}`, `package.json={"name":"other","version":"1.0.0","bin":{"other":"a.js"}}`, "a.js=a", "b.js=#!x\r\n")
	p.add("node_modules/folder", "1.0.0", "", `package.json={"name":"folder","version":"1.0.0","directories":{"bin":"bin"}}`, "bin/a=a")
	p.add("node_modules/empty", "1.0.0", "", "tmp/", "lib/", "lib/a=a", "tmp/deep/")
	if _, err := Run(t.Context(), p.options()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"link node_modules/.bin/other: ../other/b.js",
		"644 node_modules/empty/lib/a: a",
		"644 node_modules/folder/bin/a: a",
		"644 node_modules/none/cli.js: #!x\r\n",
		"644 node_modules/other/a.js: a",
		"755 node_modules/other/b.js: #!x\n",
	}
	if diff := cmp.Diff(want, p.list()); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "node_modules/empty/tmp")); err == nil {
		t.Error("a folder is there that holds no file")
	}
}

func TestInstall(t *testing.T) {
	defer unix.Umask(unix.Umask(0o022))
	p := demo(t)
	p.write("server.js", "mine")
	p.write("node_modules/old/index.js", "old")
	p.write(".nbuild-new/node_modules/half/index.js", "left by one that was killed")
	r, err := Run(t.Context(), p.options())
	if err != nil {
		t.Fatal(err)
	}
	want := append(slices.Clone(demoTree), "644 server.js: mine")
	if diff := cmp.Diff(want, p.list()); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
	if r.Packages != 4 || r.Files != 14 || r.Links != 1 {
		t.Errorf("result = %+v", r)
	}
	if _, err := Run(t.Context(), p.options()); err != nil {
		t.Errorf("a second time: %v", err)
	}
	o := p.options()
	o.Check = true
	if _, err := Run(t.Context(), o); err != nil {
		t.Errorf("checking: %v", err)
	}
}

func TestCheckTellsEveryDifference(t *testing.T) {
	p := demo(t)
	o := p.options()
	o.Check = true
	if r, err := Run(t.Context(), o); err == nil || len(r.Differences) != 15 {
		t.Errorf("with no tree: %v, %v", r, err)
	}
	if _, err := Run(t.Context(), p.options()); err != nil {
		t.Fatal(err)
	}
	p.write("node_modules/a/index.js", "A")
	p.write("node_modules/a/lib/x.js", "longer")
	p.write("node_modules/.cache/x", "extra")
	p.write("node_modules/.package-lock.json", "{}")
	for _, err := range []error{
		os.Chmod(filepath.Join(p.dir, "node_modules/a/bin/a.js"), 0o644),
		os.Remove(filepath.Join(p.dir, "node_modules/b/index.js")),
		os.Remove(filepath.Join(p.dir, "node_modules/.bin/a")),
		os.Symlink("../a/bin/a.js", filepath.Join(p.dir, "node_modules/.bin/a")),
		os.Remove(filepath.Join(p.dir, "node_modules/a/lib/x/w.js")),
		os.Symlink("/etc/passwd", filepath.Join(p.dir, "node_modules/a/lib/x/w.js")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	before := p.list()
	r, err := Run(t.Context(), o)
	if diff := cmp.Diff([]diag.Code{CodeDiffers}, codes(err)); diff != "" {
		t.Fatalf("codes (-want +got):\n%s", diff)
	}
	want := []Difference{
		{"node_modules/.bin/a", "link"}, {"node_modules/.cache/x", "extra"}, {"node_modules/a/bin/a.js", "mode"}, {"node_modules/a/index.js", "content"},
		{"node_modules/a/lib/x.js", "content"}, {"node_modules/a/lib/x/w.js", "kind"}, {"node_modules/b/index.js", "missing"},
	}
	if diff := cmp.Diff(want, r.Differences); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, p.list()); diff != "" {
		t.Errorf("a check changed the tree:\n%s", diff)
	}
}

// Each of these leaves the old tree as it is and nothing beside it.
func TestInstallRefusesAndKeepsTheOldTree(t *testing.T) {
	tests := map[string]struct {
		change func(t *testing.T, p *project, o *Options)
		want   []diag.Code
	}{
		"what is not pinned": {func(t *testing.T, p *project, o *Options) {
			o.Lock, _ = snapshot.New(p.artefacts[1:3])
		}, []diag.Code{CodeUnpinned, CodeUnpinned}},
		"another integrity than the lockfile's": {func(t *testing.T, p *project, o *Options) {
			as := slices.Clone(p.artefacts)
			as[0].Integrity = as[1].Integrity
			o.Lock, _ = snapshot.New(as)
		}, []diag.Code{CodeIntegrity}},
		"what is not in the store": {func(t *testing.T, p *project, o *Options) {
			for _, a := range p.artefacts[:2] {
				if err := p.store.Remove(t.Context(), a.SHA256); err != nil {
					t.Fatal(err)
				}
			}
		}, []diag.Code{CodeAbsent, CodeAbsent}},
		"a tarball that was changed in the store": {func(t *testing.T, p *project, o *Options) {
			damage(t, p, p.artefacts[0].SHA256)
		}, []diag.Code{CodeCorrupt}},
		"an index that was changed in the store": {func(t *testing.T, p *project, o *Options) {
			d, _ := p.artefacts[2].Index()
			damage(t, p, d)
		}, []diag.Code{CodeCorrupt}},
		"what is not bundled": {func(t *testing.T, p *project, o *Options) {
			p.entries[2] = strings.TrimSuffix(p.entries[2], "}") + `, "bundleDependencies": ["x"], "dependencies": {"x": "1"}}`
			p.entries = append(p.entries, `"node_modules/b/node_modules/x": {"version": "1.0.0", "inBundle": true}`)
			*o = p.options()
		}, []diag.Code{CodeBundle}},
		"two packages at one path": {func(t *testing.T, p *project, o *Options) {
			p.add("node_modules/d", "1.0.0", `"dependencies": {"b": "2.0.0"}`, "node_modules/b/evil.js=x")
			p.entries = append(p.entries, strings.Replace(p.entries[1], "node_modules/a/", "node_modules/d/", 1))
			*o = p.options()
		}, []diag.Code{CodeOverlap}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := demo(t)
			p.write("node_modules/old/index.js", "old")
			o := p.options()
			test.change(t, p, &o)
			before := p.list()
			_, err := Run(t.Context(), o)
			if diff := cmp.Diff(test.want, codes(err)); diff != "" {
				t.Errorf("codes (-want +got):\n%s\n%v", diff, err)
			}
			if diff := cmp.Diff(before, p.list()); diff != "" {
				t.Errorf("project (-before +after):\n%s", diff)
			}
			if _, err := os.Lstat(filepath.Join(p.dir, newName)); err == nil {
				t.Error("a half tree is left")
			}
		})
	}
}

func damage(t *testing.T, p *project, d cas.Digest) {
	t.Helper()
	at := filepath.Join(p.storeDir, "blobs", d.String()[:2], d.String())
	src, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	src[len(src)/2] ^= 1
	if err := os.Chmod(at, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, src, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestInstallFollowsNoLinkOut(t *testing.T) {
	outside := t.TempDir()
	p := demo(t)
	if err := os.Symlink(outside, filepath.Join(p.dir, modules)); err != nil {
		t.Fatal(err)
	}
	_, err := Run(t.Context(), p.options())
	if diff := cmp.Diff([]diag.Code{CodeInTheWay}, codes(err)); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
	if files, err := os.ReadDir(outside); err != nil || len(files) > 0 {
		t.Errorf("outside has %v, %v", files, err)
	}
}

// A link that appears in the growing tree is not followed, and no file is written
// over.
func TestWriterFollowsNoLinkAndOverwritesNothing(t *testing.T) {
	outside, inside := t.TempDir(), t.TempDir()
	top, err := os.Open(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer top.Close()
	for name, target := range map[string]string{"lib": outside, "file.js": filepath.Join(outside, "file.js")} {
		if err := os.Symlink(target, filepath.Join(inside, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"lib/x.js", "file.js"} {
		w := &writer{top: top}
		if err := w.file(snapshot.Entry{Path: name, Mode: 0o644}, []byte("x")); err == nil {
			t.Errorf("%s was written", name)
		}
		w.leave(0)
	}
	if files, err := os.ReadDir(outside); err != nil || len(files) > 0 {
		t.Errorf("outside has %v, %v", files, err)
	}
}

func TestInstallWaitsForNoOther(t *testing.T) {
	p := demo(t)
	dir, err := os.Open(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	_, err = Run(t.Context(), p.options())
	if diff := cmp.Diff([]diag.Code{CodeBusy}, codes(err)); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
}

func TestInstallInterruptedKeepsTheOldTree(t *testing.T) {
	p := demo(t)
	p.write("node_modules/old/index.js", "old")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, p.options()); err == nil {
		t.Error("no error")
	}
	if diff := cmp.Diff([]string{"644 node_modules/old/index.js: old"}, p.list()); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
}

func TestInstallFollowsTheUmask(t *testing.T) {
	defer unix.Umask(unix.Umask(0o077))
	p := demo(t)
	if _, err := Run(t.Context(), p.options()); err != nil {
		t.Fatal(err)
	}
	for _, line := range p.list() {
		if mode, _, _ := strings.Cut(line, " "); mode != "600" && mode != "700" && mode != "link" {
			t.Errorf("%s", line)
		}
	}
}

func TestAnEmptyTreeIsAnEmptyFolder(t *testing.T) {
	p := newProject(t)
	lock, err := npm.ReadLockfile([]byte(`{"lockfileVersion": 3, "packages": {"": {}}}`), "package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := locked.Plan(lock, locked.Options{})
	if err != nil {
		t.Fatal(err)
	}
	pinned, err := snapshot.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), Options{Dir: p.dir, Store: p.store, Lock: pinned, Tree: tree}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(p.dir, modules)); err != nil || !info.IsDir() {
		t.Errorf("node_modules: %v", err)
	}
}

func store1(t testing.TB, ctx context.Context, store *cas.Store, name, version, integrity string, tgz []byte) snapshot.Artefact {
	t.Helper()
	index, err := tarball.Index(bytes.NewReader(tgz), tarball.Options{})
	if err != nil {
		t.Fatalf("%s@%s: %v", name, version, err)
	}
	doc, err := snapshot.EncodeIndex(index)
	if err != nil {
		t.Fatal(err)
	}
	at, err := store.PutBytes(ctx, doc)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := store.PutBytes(ctx, tgz)
	if err != nil {
		t.Fatal(err)
	}
	return snapshot.Artefact{
		Kind: snapshot.KindNPM, Name: name, Version: version, SHA256: sum, Size: int64(len(tgz)), Integrity: integrity,
		Facts: map[string]string{"index": at.String()},
	}
}
