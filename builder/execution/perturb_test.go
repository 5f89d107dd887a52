package execution

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A folder that is parted has in both parts together what it had, and an overlay, which lists
// its lowest folder first, lists it in another order.
func TestPartingAFolderChangesItsOrderAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	files := []string{"a", "b", "c", "only/one", "deep/x/1", "deep/x/2", "deep/y/3", "deep/y/4"}
	for _, f := range files {
		name := filepath.Join(from, f)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	before := listed(t, from)
	if err := part(from, to); err != nil {
		t.Fatal(err)
	}
	for folder, was := range before {
		if _, err := os.Stat(filepath.Join(from, folder)); err != nil {
			continue // it was moved whole
		}
		lowest, upper := read(t, filepath.Join(from, folder)), read(t, filepath.Join(to, folder))
		now := slices.Clone(lowest)
		for _, n := range upper {
			if !slices.Contains(now, n) {
				now = append(now, n)
			}
		}
		if len(was) > 1 && slices.Equal(was, now) {
			t.Errorf("%s still lists %v", folder, now)
		}
		slices.Sort(was)
		slices.Sort(now)
		if !slices.Equal(was, now) {
			t.Errorf("%s has %v, and had %v", folder, now, was)
		}
	}
}

// listed has what each folder lists, in the file system's order.
func listed(t *testing.T, dir string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			rel, _ := filepath.Rel(dir, name)
			all[rel] = read(t, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func read(t *testing.T, dir string) (names []string) {
	t.Helper()
	f, err := os.Open(dir)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	names, err = f.Readdirnames(-1)
	if err != nil {
		t.Fatal(err)
	}
	return names
}
