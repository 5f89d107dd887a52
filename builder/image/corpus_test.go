package image

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/snapshot"
)

var (
	project  = flag.String("project", "", "a project with a package-lock.json whose tarballs are in -npm-cache")
	npmCache = flag.String("npm-cache", "", "npm's cache folder, filled by npm ci in -project")
)

// corpus fills a store from npm's cache, by the integrity in the lockfile, and
// returns the members of the project's production tree.
func corpus(t testing.TB) (*cas.Store, func(*cas.Store) []Member) {
	t.Helper()
	if *project == "" || *npmCache == "" {
		t.Skip("needs -project and -npm-cache: a project that npm ci has installed from that cache")
	}
	src, err := os.ReadFile(filepath.Join(*project, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	lockfile, err := npm.ReadLockfile(src, "package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	npmrc, _ := os.ReadFile(filepath.Join(*project, ".npmrc"))
	tree, err := locked.Plan(lockfile, locked.Options{
		OS: "linux", CPU: "x64", Libc: "glibc", Omit: []string{"dev"}, LegacyPeerDeps: bytes.Contains(npmrc, []byte("legacy-peer-deps=true")),
	})
	if err != nil {
		t.Fatal(err)
	}
	store := newStore(t)
	var artefacts []snapshot.Artefact
	seen := map[string]bool{}
	for _, p := range tree.Packages {
		if id := p.Name + "@" + p.Version; p.Bundler == "" && !seen[id] {
			seen[id] = true
			sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.Integrity, "sha512-"))
			if err != nil {
				t.Fatal(err)
			}
			h := hex.EncodeToString(sum)
			tgz, err := os.ReadFile(filepath.Join(*npmCache, "_cacache/content-v2/sha512", h[:2], h[2:4], h[4:]))
			if err != nil {
				t.Fatal(err)
			}
			a := vendor(t, store, snapshot.KindNPM, tgz)
			a.Name, a.Version, a.Integrity = p.Name, p.Version, p.Integrity
			artefacts = append(artefacts, a)
		}
	}
	lock, err := snapshot.New(artefacts)
	if err != nil {
		t.Fatal(err)
	}
	return store, func(s *cas.Store) []Member {
		members, err := Modules(t.Context(), s, lock, tree, nil, "app", "npm.deps")
		if err != nil {
			t.Fatal(err)
		}
		return members
	}
}

// cold is a store that has the blobs of another one and none of its results.
func cold(t testing.TB, s *cas.Store) *cas.Store {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("cp", "-rl", filepath.Join(s.Dir(), "blobs"), dir).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v\n%s", err, out)
	}
	c, err := cas.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkLevels weighs size against CPU, a level a line:
//
//	go test ./builder/image -run '^$' -bench Levels -benchtime 3x -project DIR -npm-cache DIR
func BenchmarkLevels(b *testing.B) {
	store, members := corpus(b)
	for _, c := range []Codec{{Gzip, 1}, {Gzip, 2}, {Gzip, 3}, {Gzip, 4}, {Gzip, 5}, {Gzip, 6}, {Gzip, 7}, {Gzip, 9}, {Zstd, 1}, {Zstd, 3}, {Zstd, 6}} {
		b.Run(fmt.Sprintf("%s-%d", c.Format, c.Level), func(b *testing.B) {
			var size int64
			var spent time.Duration
			for b.Loop() {
				b.StopTimer()
				s := cold(b, store)
				all := members(s)
				b.StartTimer()
				before := cpu()
				l := build(b, s, all, Options{Codec: c})
				spent += cpu() - before
				size, _ = l.Size()
			}
			b.ReportMetric(float64(spent.Milliseconds())/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(size)/1e6, "MB")
		})
	}
}
