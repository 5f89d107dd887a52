package cas

import (
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAWarmStoreThatCantBeWrittenServes has every way of reading, and what would only
// save work, go on in a store on a read-only file system. Root ignores modes, so that
// the store gets to know that it can't be written.
func TestAWarmStoreThatCantBeWrittenServes(t *testing.T) {
	ctx := t.Context()
	warm, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	blob, err := warm.PutBytes(ctx, []byte("blob"))
	if err != nil {
		t.Fatal(err)
	}
	if err := warm.PutResult(ctx, "kind", blob, []byte("known")); err != nil {
		t.Fatal(err)
	}
	before := listing(t, warm.Dir())
	s := &Store{dir: warm.Dir(), readOnly: true}
	lease, err := s.Lease()
	if err != nil {
		t.Fatal(err)
	}
	if err := lease.Hold(blob); err != nil {
		t.Error(err)
	}
	if got, err := s.Read(ctx, blob, 10); err != nil || string(got) != "blob" {
		t.Errorf("%q, %v", got, err)
	}
	if got, ok := s.Result("kind", blob); !ok || string(got) != "known" {
		t.Errorf("%q, %v", got, ok)
	}
	if err := s.PutResult(ctx, "kind", Sum(nil), []byte("new")); err != nil {
		t.Error(err)
	}
	made, err := s.Joined(ctx, "joined", []Digest{blob}, 10, func() ([]byte, error) { return []byte("made"), nil })
	if err != nil || string(made) != "made" {
		t.Errorf("%q, %v", made, err)
	}
	if u, err := s.Usage(ctx); err != nil || u.Blobs != 1 || u.Results != 1 {
		t.Errorf("%+v, %v", u, err)
	}
	if corrupt, err := s.Verify(ctx); err != nil || len(corrupt) > 0 {
		t.Errorf("%v, %v", corrupt, err)
	}
	if dir, ok := s.Scratch(); ok {
		t.Errorf("%s is handed out to be written to", dir)
	}
	if err := lease.Close(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(before, listing(t, warm.Dir())); diff != "" {
		t.Errorf("the store was written to: %s", diff)
	}
}

func listing(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	if err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		names = append(names, path)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return names
}
