package main

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

var (
	oddPackages = flag.Int("odd", 24, "how many odd packages TestOddTarballsAreLaidOutAsNPMDoes makes")
	oddSeed     = flag.Uint64("odd-seed", 1, "the seed of the first of them")
)

// oddBatch is how many packages one project has.
const oddBatch = 24

// TestOddTarballsAreLaidOutAsNPMDoes is a property with npm as its oracle: whatever
// honest tarball a registry has, `nbuild install` leaves what `npm ci --ignore-scripts`
// leaves, in contents, modes, links and folders; and pin refuses exactly those that
// docs/formats.md lists. Set-id and sticky bits are left out of the comparison: npm
// keeps them where root installs.
func TestOddTarballsAreLaidOutAsNPMDoes(t *testing.T) {
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("needs npm: ", err)
	}
	defer syscall.Umask(syscall.Umask(0o022))
	laid, refused, files := 0, map[string]int{}, 0
	for first := 0; first < *oddPackages; first += oddBatch {
		n := min(oddBatch, *oddPackages-first)
		var all []oddity
		for i := range n {
			seed := *oddSeed + uint64(first+i)
			all = append(all, oddPackage(fmt.Sprintf("odd%d", seed), seed))
		}
		w := newOddWorld(t, all)
		var honest []oddity
		out := w.pin(all)
		for _, o := range all {
			named := regexp.MustCompile(`\b` + o.name + `@1\.0\.0\b`).MatchString(out)
			switch {
			case named != (o.refused != ""):
				t.Errorf("%s: pin refuses it: %v, it must for %q\n%s", o.name, named, o.refused, out)
			case named:
				refused[o.refused]++
			default:
				honest = append(honest, o)
			}
		}
		if t.Failed() {
			return
		}
		w.project(honest)
		if out, err := w.run("nbuild", "pin"); err != nil {
			t.Fatalf("pin: %v\n%s", err, out)
		}
		if out, err := w.run("nbuild", "install"); err != nil {
			t.Fatalf("install: %v\n%s", err, out)
		}
		ours := w.tree()
		if err := os.RemoveAll(filepath.Join(w.dir, "node_modules")); err != nil {
			t.Fatal(err)
		}
		if out, err := w.run("npm", "ci", "--ignore-scripts"); err != nil {
			t.Fatalf("npm ci: %v\n%s", err, out)
		}
		theirs := w.tree()
		for _, at := range slices.Sorted(maps.Keys(union(theirs, ours))) {
			if theirs[at] != ours[at] {
				t.Errorf("%q: npm has %q, nbuild %q", at, theirs[at], ours[at])
			}
		}
		laid, files = laid+len(honest), files+len(theirs)
	}
	t.Logf("%d packages laid out as npm does, %d paths; refused %v", laid, files, refused)
}

// oddWorld is a registry on the loopback and a project.
type oddWorld struct {
	t    *testing.T
	dir  string
	env  []string
	tgzs map[string][]byte
}

func newOddWorld(t *testing.T, all []oddity) *oddWorld {
	w := &oddWorld{t: t, dir: t.TempDir(), tgzs: map[string][]byte{}}
	for _, o := range all {
		w.tgzs[o.name] = o.tgz
	}
	server := httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(server.Close)
	home := t.TempDir()
	w.env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(strings.ToLower(v), "npm_config_") || strings.HasPrefix(v, "NODE_ENV=")
	}), "HOME="+home, "NBUILD_STORE="+filepath.Join(home, "store"), "npm_config_cache="+filepath.Join(home, "cache"),
		"npm_config_registry="+server.URL+"/", "npm_config_audit=false", "npm_config_fund=false", "npm_config_update_notifier=false", "NO_COLOR=1")
	return w
}

func (w *oddWorld) serve(out http.ResponseWriter, r *http.Request) {
	name, file, tarball := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/-/")
	tgz, ok := w.tgzs[name]
	switch {
	case !ok:
		http.NotFound(out, r)
	case tarball && file == name+"-1.0.0.tgz":
		_, _ = out.Write(tgz)
	default:
		_ = json.NewEncoder(out).Encode(map[string]any{
			"name": name, "dist-tags": map[string]string{"latest": "1.0.0"}, "time": map[string]string{"1.0.0": "2020-01-02T03:04:05.000Z"},
			"versions": map[string]any{"1.0.0": map[string]any{
				"name": name, "version": "1.0.0",
				"dist": map[string]string{"integrity": integrityOf(tgz), "tarball": "http://" + r.Host + "/" + name + "/-/" + name + "-1.0.0.tgz"},
			}},
		})
	}
}

func integrityOf(b []byte) string {
	sum := sha512.Sum512(b)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

// project writes a project that depends on packages.
func (w *oddWorld) project(packages []oddity) {
	w.t.Helper()
	wants := map[string]string{}
	entries := map[string]any{}
	for _, o := range packages {
		wants[o.name] = "1.0.0"
		entry := map[string]any{"version": "1.0.0", "integrity": integrityOf(o.tgz)}
		if bin := cleaned(o.bin); len(bin) > 0 {
			entry["bin"] = bin
		}
		entries["node_modules/"+o.name] = entry
	}
	root := map[string]any{"name": "odd", "version": "1.0.0", "dependencies": wants}
	entries[""] = root
	w.write("package.json", root)
	w.write("package-lock.json", map[string]any{"name": "odd", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": entries})
	if err := os.WriteFile(filepath.Join(w.dir, "build.hcl"), []byte("nbuild = \"1\"\n\nproject \"odd\" {}\n"), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *oddWorld) write(name string, v any) {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(w.dir, name), raw, 0o644)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// pin pins packages and returns what is said where that is refused.
func (w *oddWorld) pin(packages []oddity) string {
	w.project(packages)
	out, err := w.run("nbuild", "pin")
	if err == nil {
		return ""
	}
	return out
}

func (w *oddWorld) run(name string, args ...string) (string, error) {
	if name == "nbuild" {
		args = append([]string{"--progress", "quiet"}, args...)
	}
	cmd := exec.CommandContext(w.t.Context(), name, args...)
	cmd.Dir, cmd.Env = w.dir, w.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// tree describes everything below node_modules but npm's own record.
func (w *oddWorld) tree() map[string]string {
	out := map[string]string{}
	err := filepath.WalkDir(filepath.Join(w.dir, "node_modules"), func(at string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() == ".package-lock.json" {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(w.dir, at)
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(at)
			out[rel] = "link " + target
			return err
		case info.IsDir():
			out[rel] = fmt.Sprintf("folder %o", info.Mode().Perm())
		default:
			src, err := os.ReadFile(at)
			out[rel] = fmt.Sprintf("%o %d %x", info.Mode().Perm(), len(src), sha256.Sum256(src))
			return err
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func union(a, b map[string]string) map[string]string {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}
