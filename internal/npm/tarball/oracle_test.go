package tarball

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/cas"
)

var (
	npmTree  = flag.String("npm-tree", "", "a folder that `npm ci --ignore-scripts` installed under umask 022")
	npmCache = flag.String("npm-cache", "", "the --cache that it used")
)

// TestIndexEqualsNPM compares the index of every installed package with the
// folder that npm made of it: names, contents, modes.
func TestIndexEqualsNPM(t *testing.T) {
	if *npmTree == "" || *npmCache == "" {
		t.Skip("needs -npm-tree and -npm-cache")
	}
	src, err := os.ReadFile(filepath.Join(*npmTree, "node_modules/.package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct {
			Version, Integrity string
			InBundle           bool
		}
	}
	if err := json.Unmarshal(src, &lock); err != nil {
		t.Fatal(err)
	}
	files, packages, odd := 0, 0, map[string]int{}
	for dir, p := range lock.Packages {
		if p.InBundle || p.Integrity == "" {
			continue
		}
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.Integrity, "sha512-"))
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		h := hex.EncodeToString(sum)
		tgz, err := os.ReadFile(filepath.Join(*npmCache, "_cacache/content-v2/sha512", h[:2], h[2:4], h[4:]))
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		x, err := Index(bytes.NewReader(tgz), Options{})
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		packages++
		if _, name, _ := strings.Cut("/"+dir, "/node_modules/"); !strings.HasSuffix(name, x.Package.Name) || x.Package.Version != p.Version {
			t.Logf("%s@%s says it is %s@%s", dir, p.Version, x.Package.Name, x.Package.Version)
		}
		c, err := Unpack(bytes.NewReader(tgz), x)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		if err := c.Verify(); err != nil {
			t.Errorf("%s: %v", dir, err)
		}
		root := filepath.Join(*npmTree, dir)
		seen := map[string]bool{}
		for _, e := range x.Entries {
			files++
			seen[e.Path] = true
			st, err := os.Lstat(filepath.Join(root, e.Path))
			if err != nil {
				t.Errorf("%s: %v", dir, err)
				continue
			}
			if uint32(st.Mode().Perm()) != e.Mode {
				odd[st.Mode().Perm().String()]++
				t.Logf("%s: %s has mode %v, index %o", dir, e.Path, st.Mode(), e.Mode)
			}
			b, err := os.ReadFile(filepath.Join(root, e.Path))
			if err != nil || cas.Digest(sha256.Sum256(b)) != e.SHA256 {
				t.Errorf("%s: %s differs", dir, e.Path)
			}
		}
		err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			rel, _ := filepath.Rel(root, p)
			if d.IsDir() && d.Name() == "node_modules" && rel == "node_modules" && len(x.Bundled) == 0 {
				return filepath.SkipDir
			}
			if d.IsDir() || seen[rel] || strings.Contains(rel, "node_modules/.bin/") {
				return nil
			}
			for dir := filepath.Dir(rel); dir != "."; dir = filepath.Dir(dir) {
				if filepath.Base(filepath.Dir(dir)) == "node_modules" && x.Bundled[dir] == nil {
					return nil
				}
			}
			t.Errorf("%s: %s is there, not in the index", dir, rel)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d packages, %d files, odd modes %v", packages, files, odd)
}
