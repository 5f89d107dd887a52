package nodemodules

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
)

var (
	corpus   = flag.String("corpus", "", "a folder of projects with a package-lock.json each; their trees are compared with npm's")
	npmCache = flag.String("npm-cache", "", "npm's cache folder for -corpus; a new one for each project if empty")
	measure  = flag.Bool("measure", false, "with -corpus, take the CPU of five installations by each")
)

// npmFlags are what a project of the corpus needs to be installed by npm at all.
var npmFlags = map[string][]string{"top100": {"--force", "--legacy-peer-deps"}}

// TestTreesEqualNpmCI compares, for every project in -corpus, the tree that Run
// lays out with the one that npm ci does: names, contents, modes, links. The store
// is filled from npm's own cache, by the integrity in the lockfile.
func TestTreesEqualNpmCI(t *testing.T) {
	if *corpus == "" {
		t.Skip("needs -corpus, a folder of projects with lockfiles, and a registry or -npm-cache")
	}
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("needs npm: ", err)
	}
	locks, err := filepath.Glob(filepath.Join(*corpus, "*/package-lock.json"))
	if err != nil || len(locks) == 0 {
		t.Fatalf("no lockfiles in %s: %v", *corpus, err)
	}
	defer syscall.Umask(syscall.Umask(0o022))
	for _, lock := range locks {
		name := filepath.Base(filepath.Dir(lock))
		t.Run(name, func(t *testing.T) { compareWithNpm(t, name, filepath.Dir(lock)) })
	}
}

func compareWithNpm(t *testing.T, name, project string) {
	theirs, ours, cache := t.TempDir(), t.TempDir(), *npmCache
	if cache == "" {
		cache = t.TempDir()
	}
	copyProject(t, project, theirs)
	args := append([]string{"ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--cache", cache}, npmFlags[name]...)
	npmCI := func(dir string, args ...string) time.Duration {
		cmd := exec.Command("npm", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("npm ci: %v\n%s", err, out)
		}
		return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	npmCI(theirs, append(args, "--prefer-offline")...)

	npmrc, _ := os.ReadFile(filepath.Join(theirs, ".npmrc"))
	legacy := bytes.Contains(npmrc, []byte("legacy-peer-deps=true")) || slices.Contains(npmFlags[name], "--legacy-peer-deps")
	o := fromCache(t, project, cache, legacy)
	o.Dir = ours
	r, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d packages, %d files, %d commands, %d bytes", r.Packages, r.Files, r.Links, r.Bytes)
	want, got := listing(t, theirs), listing(t, ours)
	differences := 0
	for _, p := range union(want, got) {
		if want[p] != got[p] {
			if differences++; differences <= 20 {
				t.Errorf("%s: npm has %q, nbuild %q", p, want[p], got[p])
			}
		}
	}
	if differences > 0 {
		t.Errorf("%d of %d paths differ", differences, len(want))
	}
	o.Dir, o.Check = theirs, true
	if _, err := Run(context.Background(), o); err != nil {
		t.Errorf("checking npm's tree: %v", err)
	}
	if !*measure {
		return
	}
	// Nothing is deleted between the runs: ext4 takes long to make files where many
	// were deleted just before.
	o.Check = false
	var npms, nbuilds []time.Duration
	base := t.TempDir()
	for i := range 5 {
		o.Dir = filepath.Join(base, fmt.Sprint("nbuild", i))
		fresh := filepath.Join(base, fmt.Sprint("npm", i))
		for _, dir := range []string{o.Dir, fresh} {
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		before := cpu()
		if _, err := Run(context.Background(), o); err != nil {
			t.Fatal(err)
		}
		nbuilds = append(nbuilds, cpu()-before)
		copyProject(t, project, fresh)
		npms = append(npms, npmCI(fresh, append(args, "--offline")...))
	}
	slices.Sort(npms)
	slices.Sort(nbuilds)
	t.Logf("CPU medians of five: npm ci --offline %v, nbuild %v: 1/%.1f", npms[2], nbuilds[2], float64(npms[2])/float64(nbuilds[2]))
}

// copyProject brings what npm reads of a project.
func copyProject(t *testing.T, project, dir string) {
	t.Helper()
	for _, file := range []string{"package.json", "package-lock.json", ".npmrc"} {
		src, err := os.ReadFile(filepath.Join(project, file))
		if err != nil && file != ".npmrc" {
			t.Fatal(err)
		}
		if err == nil {
			if err := os.WriteFile(filepath.Join(dir, file), src, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// fromCache fills a store with what npm's cache has of a lockfile's production
// tree.
func fromCache(t testing.TB, project, cache string, legacy bool) Options {
	t.Helper()
	ctx := context.Background()
	store, err := cas.Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(filepath.Join(project, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	lock, err := npm.ReadLockfile(src, "package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := npm.PlanTree(lock, npm.Options{OS: "linux", CPU: "x64", Libc: "glibc", Omit: []string{"dev"}, LegacyPeerDeps: legacy})
	if err != nil {
		t.Fatal(err)
	}
	var artefacts []snapshot.Artefact
	seen := map[string]bool{}
	for _, p := range tree.Packages {
		id := p.Name + "@" + p.Version
		if p.Bundler != "" || seen[id] {
			continue
		}
		seen[id] = true
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.Integrity, "sha512-"))
		if err != nil {
			t.Fatal(err)
		}
		h := hex.EncodeToString(sum)
		tgz, err := os.ReadFile(filepath.Join(cache, "_cacache/content-v2/sha512", h[:2], h[2:4], h[4:]))
		if err != nil {
			t.Fatal(err)
		}
		artefacts = append(artefacts, store1(t, ctx, store, p.Name, p.Version, p.Integrity, tgz))
	}
	pinned, err := snapshot.New(artefacts)
	if err != nil {
		t.Fatal(err)
	}
	return Options{Store: store, Lock: pinned, Tree: tree}
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

// listing describes everything below node_modules, folders and modes included,
// npm's own record aside.
func listing(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(filepath.Join(dir, modules), func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil || rel == filepath.Join(modules, ".package-lock.json") {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content := ""
		switch {
		case info.Mode().Type() == fs.ModeSymlink:
			content, err = os.Readlink(p)
		case info.Mode().IsRegular():
			var src []byte
			src, err = os.ReadFile(p)
			content = cas.Sum(src).String()
		}
		out[rel] = fmt.Sprintf("%v %s", info.Mode(), content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func union(a, b map[string]string) []string {
	var all []string
	for p := range a {
		all = append(all, p)
	}
	for p := range b {
		if _, ok := a[p]; !ok {
			all = append(all, p)
		}
	}
	slices.Sort(all)
	return all
}

// BenchmarkInstall lays out each project of -corpus anew from a store that was
// filled from -npm-cache.
func BenchmarkInstall(b *testing.B) {
	if *corpus == "" || *npmCache == "" {
		b.Skip("needs -corpus and -npm-cache")
	}
	locks, err := filepath.Glob(filepath.Join(*corpus, "*/package-lock.json"))
	if err != nil || len(locks) == 0 {
		b.Fatalf("no lockfiles in %s: %v", *corpus, err)
	}
	for _, lock := range locks {
		b.Run(filepath.Base(filepath.Dir(lock)), func(b *testing.B) {
			npmrc, _ := os.ReadFile(filepath.Join(filepath.Dir(lock), ".npmrc"))
			o := fromCache(b, filepath.Dir(lock), *npmCache, bytes.Contains(npmrc, []byte("legacy-peer-deps=true")))
			var spent time.Duration
			base := b.TempDir() // emptied at the end only, see compareWithNpm
			for b.Loop() {
				dir, err := os.MkdirTemp(base, "")
				if err != nil {
					b.Fatal(err)
				}
				o.Dir = dir
				before := cpu()
				r, err := Run(context.Background(), o)
				if err != nil {
					b.Fatal(err)
				}
				spent += cpu() - before
				b.SetBytes(r.Bytes)
			}
			b.ReportMetric(spent.Seconds()/float64(b.N), "cpu-s/op")
		})
	}
}
