package inventory

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/snapshot"
)

// A tree read out of one record is the tree read artefact by artefact, and what is
// damaged or gone is made again.
func TestATreeIsTheSameFromOneRecordAndFromMany(t *testing.T) {
	store := newStore(t)
	lock, err := snapshot.New([]snapshot.Artefact{
		keep(t, store, "left", "1.0.0", left("1.0.0")), keep(t, store, "right", "2.0.0", map[string]string{"package.json": `{"name":"right","version":"2.0.0"}`, "a.js": "eval(1)\n"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	tree := treeOf(t, `{"name":"shop","lockfileVersion":3,"packages":{
		"":{"name":"shop","dependencies":{"left":"1.0.0","right":"2.0.0"}},
		"node_modules/left":{"version":"1.0.0","integrity":"INTEGRITY","bundleDependencies":["b"],"dependencies":{"b":"1"}},
		"node_modules/left/node_modules/b":{"version":"1.0.0","inBundle":true},
		"node_modules/right":{"version":"2.0.0","integrity":"INTEGRITY"}}}`)
	for _, calls := range []bool{false, true} {
		first, err := New(store, Options{Calls: calls}).Tree(t.Context(), tree, lock)
		if err != nil {
			t.Fatal(err)
		}
		for _, harm := range []struct {
			name     string
			remove   string // results of this kind
			rubbish  string // in results of this kind
			analysed int
		}{
			{"nothing", "", "", 0},
			{"the results of the artefacts are gone", "inventory", "", 0},
			{"the one record is damaged, the others are gone", "", "inventories", 2},
			{"the one record is gone", "inventories", "", 0},
		} {
			err := filepath.WalkDir(filepath.Join(store.Dir(), "results"), func(name string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				kind := filepath.Base(filepath.Dir(filepath.Dir(name)))
				switch {
				case harm.remove != "" && (kind == harm.remove || harm.remove == "inventories" && strings.HasPrefix(kind, harm.remove)):
					return os.Remove(name)
				case harm.rubbish != "" && strings.HasPrefix(kind, harm.rubbish):
					return os.WriteFile(name, []byte("rubbish"), 0o644)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			c := New(store, Options{Calls: calls})
			again, err := c.Tree(t.Context(), tree, lock)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(first, again); diff != "" {
				t.Errorf("%s: %s", harm.name, diff)
			}
			if c.Analysed() != harm.analysed {
				t.Errorf("%s: %d artefacts were analysed, not %d", harm.name, c.Analysed(), harm.analysed)
			}
		}
	}
}
