package bom

import (
	"encoding/base64"
	"encoding/hex"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"bytes"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
)

var (
	measured = flag.String("project", "", "a project with a package-lock.json whose tarballs are in -npm-cache")
	npmCache = flag.String("npm-cache", "", "npm's cache folder, filled by npm ci --omit=dev in -project")
)

// TestFigureOfTheBOM prints what `nbuild sbom` costs as a whole process: CPU and
// resident memory, medians of five. It runs only where a project is named.
func TestFigureOfTheBOM(t *testing.T) {
	if *measured == "" || *npmCache == "" {
		t.Skip("-project and -npm-cache name no project to measure")
	}
	dir := t.TempDir()
	nbuild := filepath.Join(dir, "nbuild")
	if out, err := exec.Command("go", "build", "-o", nbuild, "github.com/nbuild/nbuild/cmd/nbuild").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc"} {
		src, err := os.ReadFile(filepath.Join(*measured, name))
		if err != nil && name != ".npmrc" {
			t.Fatal(err)
		}
		if err == nil {
			if err := os.WriteFile(filepath.Join(dir, name), src, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "build.hcl"), []byte("nbuild = \"1\"\n\nproject \"measured\" {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	pinFromCache(t, dir)
	var cpu []time.Duration
	var memory []int64
	size := 0
	for range 6 {
		cmd := exec.Command(nbuild, "--offline", "sbom")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "NBUILD_STORE="+filepath.Join(dir, "store"), "SOURCE_DATE_EPOCH=1700000000")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		size = len(out)
		cpu = append(cpu, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
		memory = append(memory, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
	}
	cpu, memory = cpu[1:], memory[1:]
	slices.Sort(cpu)
	slices.Sort(memory)
	t.Logf("nbuild sbom: %v CPU (%v to %v), %.1f MiB resident, %d bytes", cpu[2], cpu[0], cpu[4], float64(memory[2])/1024, size)
}

// pinFromCache writes an nbuild.lock of the production tree and fills a store, from
// tarballs that npm has fetched.
func pinFromCache(t *testing.T, dir string) {
	t.Helper()
	store, err := cas.Open(filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	lockfile, err := npm.ReadLockfile(src, "package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	npmrc, _ := os.ReadFile(filepath.Join(dir, ".npmrc"))
	tree, err := npm.PlanTree(lockfile, npm.Options{
		OS: "linux", CPU: "x64", Libc: "glibc", Omit: []string{"dev"}, LegacyPeerDeps: bytes.Contains(npmrc, []byte("legacy-peer-deps=true")),
	})
	if err != nil {
		t.Fatal(err)
	}
	var artefacts []snapshot.Artefact
	for _, p := range tree.Packages {
		if p.Bundler != "" {
			continue
		}
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.Integrity, "sha512-"))
		if err != nil {
			t.Fatal(err)
		}
		h := hex.EncodeToString(sum)
		tgz, err := os.ReadFile(filepath.Join(*npmCache, "_cacache", "content-v2", "sha512", h[:2], h[2:4], h[4:]))
		if err != nil {
			t.Fatal(err)
		}
		index, err := tarball.Index(bytes.NewReader(tgz), tarball.Options{})
		if err != nil {
			t.Fatal(err)
		}
		doc, err := snapshot.EncodeIndex(index)
		if err != nil {
			t.Fatal(err)
		}
		named, err := store.PutBytes(t.Context(), doc)
		if err != nil {
			t.Fatal(err)
		}
		digest, err := store.PutBytes(t.Context(), tgz)
		if err != nil {
			t.Fatal(err)
		}
		artefacts = append(artefacts, snapshot.Artefact{
			Kind: snapshot.KindNPM, Name: p.Name, Version: p.Version, SHA256: digest, Size: int64(len(tgz)), Integrity: p.Integrity,
			Facts: map[string]string{"index": named.String()},
		})
	}
	lock, err := snapshot.New(artefacts)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "nbuild.lock"), lock.Format(), 0o644); err != nil {
		t.Fatal(err)
	}
}
