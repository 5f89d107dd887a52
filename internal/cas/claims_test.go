package cas

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"
)

// A folder is a store where it says so, or where it holds nothing else: in any other,
// nbuild would mix its blobs with files of somebody else's, and prune among them.
func TestOnlyAStoreIsOpenedAsOne(t *testing.T) {
	for name, test := range map[string]struct {
		make func(t *testing.T, dir string)
		code diag.Code // "" where it opens
	}{
		"nothing there":             {func(*testing.T, string) {}, ""},
		"an empty folder":           {folders("."), ""},
		"one of before the format":  {folders(blobDir, resultDir), ""},
		"one that is being made":    {folders(tempDir, leaseDir), ""},
		"this format":               {says("nbuild store 1\n"), ""},
		"an older format":           {says("nbuild store 0"), ""},
		"a newer format":            {says("nbuild store 2\n"), CodeNewer},
		"another's format file":     {says("something else\n"), CodeForeign},
		"no number":                 {says("nbuild store x\n"), CodeForeign},
		"an empty format file":      {says(""), CodeForeign},
		"a folder of other things":  {folders("src"), CodeForeign},
		"other things beside blobs": {folders(blobDir, "src"), CodeForeign},
	} {
		dir := filepath.Join(t.TempDir(), "store")
		test.make(t, dir)
		before := names(t, dir)
		s, err := Open(dir)
		ps := diag.All(err)
		switch {
		case test.code == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.code == "":
			if line, err := os.ReadFile(filepath.Join(dir, formatName)); err != nil || !strings.HasPrefix(string(line), formatPrefix) || s.Dir() != dir {
				t.Errorf("%s: it is marked %q, %v", name, line, err)
			}
		case len(ps) != 1 || ps[0].Code != test.code || ps[0].Remedy == "":
			t.Errorf("%s: %v", name, err)
		default:
			if diff := cmp.Diff(before, names(t, dir)); diff != "" {
				t.Errorf("%s: it was refused and changed:\n%s", name, diff)
			}
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file); err == nil {
		t.Error("a file was opened as a store")
	}
	if _, err := Open(filepath.Join(file, "below")); err == nil {
		t.Error("what is below a file was opened as a store")
	}
	unreadable := filepath.Join(t.TempDir(), "store")
	folders(formatName)(t, unreadable)
	if _, err := Open(unreadable); err == nil {
		t.Error("a store whose format is a folder was opened")
	}
}

func folders(list ...string) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		for _, f := range list {
			if err := os.MkdirAll(filepath.Join(dir, f), 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func says(text string) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		folders(".")(t, dir)
		if err := os.WriteFile(filepath.Join(dir, formatName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		all = append(all, path)
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return all
}

// What is counted is what stands there: blobs by their names, results, leases of live
// processes, and what was swept.
func TestUsageCountsWhatStandsThere(t *testing.T) {
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "store")
	folders(tempDir)(t, dir)
	for _, name := range []string{"blob-1", "blob-2"} { // of runs that were killed long ago
		if err := os.WriteFile(filepath.Join(dir, tempDir, name), []byte("left"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "four")
	put(t, s, "sixteen bytes...")
	if err := s.PutResult(ctx, "kind", Sum([]byte("a")), []byte("12345")); err != nil {
		t.Fatal(err)
	}
	stranger := filepath.Join(dir, blobDir, "00")
	folders(".")(t, stranger)
	if err := os.WriteFile(filepath.Join(stranger, "not-a-digest"), []byte("odd"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, leaseDir, "lease-dead"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	lease, err := s.Lease()
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Usage(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := Usage{Blobs: 2, BlobBytes: 20, Results: 1, ResultBytes: 65 + 5, Leases: 1, Leftovers: 2, LeftoverBytes: 8}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := lease.Close(); err != nil {
		t.Error(err)
	}
	if got, err = s.Usage(ctx); err != nil || got.Leases != 0 {
		t.Errorf("%d leases after the last was closed, %v", got.Leases, err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Usage(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of its context: %v", err)
	}
}

// Results are pruned with the blobs that they may name: those no younger than the
// youngest blob that went. Where no blob goes, no result does.
func TestPruneTakesResultsAsOldAsTheBlobsThatWent(t *testing.T) {
	ctx := t.Context()
	at := func(path string, hours int) {
		t.Helper()
		when := time.Unix(1_700_000_000, 0).Add(time.Duration(hours) * time.Hour)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t)
	old, young := put(t, s, "old......."), put(t, s, "young.....")
	at(s.blobPath(old), 2)
	at(s.blobPath(young), 8)
	hours := map[string]int{"before": 1, "with": 2, "after": 3}
	for name, hour := range hours {
		if err := s.PutResult(ctx, "kind", Sum([]byte(name)), []byte(name)); err != nil {
			t.Fatal(err)
		}
		at(s.resultPath("kind", Sum([]byte(name))), hour)
	}
	if got, err := s.Prune(ctx, PruneOptions{Keep: 20}); err != nil || got != (Pruned{}) {
		t.Errorf("at its size: %+v, %v", got, err)
	}
	if got, err := s.Prune(ctx, PruneOptions{Keep: 19}); err != nil || got != (Pruned{Blobs: 1, Bytes: 10, Results: 2}) {
		t.Errorf("one byte less: %+v, %v", got, err)
	}
	for name, kept := range map[string]bool{"before": false, "with": false, "after": true} {
		if _, ok := s.Result("kind", Sum([]byte(name))); ok != kept {
			t.Errorf("the result %q is there: %t", name, ok)
		}
	}
	if _, ok := s.Stat(young); !ok {
		t.Error("the younger blob went")
	}
}

// Whatever a bound says is the last that is allowed.
func TestBoundsOfTheStoreAreInclusive(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	if _, _, err := s.Put(ctx, strings.NewReader("12345"), 5); err != nil {
		t.Error(err)
	}
	if _, _, err := s.Put(ctx, strings.NewReader("123456"), 5); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte more: %v", err)
	}
	d := put(t, s, "12345")
	if _, err := s.Read(ctx, d, 5); err != nil {
		t.Error(err)
	}
	if _, err := s.Read(ctx, d, 4); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte more: %v", err)
	}
	key := Sum([]byte("key"))
	full := []byte(strings.Repeat("x", 64<<10))
	if err := s.PutResult(ctx, "kind", key, full); err != nil {
		t.Error(err)
	}
	if got, ok := s.Result("kind", key); !ok || string(got) != string(full) {
		t.Errorf("%d bytes, %t", len(got), ok)
	}
	if err := s.PutResult(ctx, "kind", key, append(full, 'x')); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte more: %v", err)
	}
	if err := s.PutResult(ctx, "kind", key, []byte("short")); err != nil {
		t.Error(err)
	}
	if got, ok := s.Result("kind", key); !ok || string(got) != "short" {
		t.Errorf("replaced: %q, %t", got, ok)
	}
	record, err := os.ReadFile(s.resultPath("kind", key))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 64, 65, len(record) - 1} {
		if err := os.WriteFile(s.resultPath("kind", key), record[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if got, ok := s.Result("kind", key); ok {
			t.Errorf("the first %d bytes of a record were believed: %q", n, got)
		}
	}
	if err := os.Remove(s.resultPath("kind", key)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(s.resultPath("kind", Sum([]byte("other"))), s.resultPath("kind", key)); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Result("kind", key); ok {
		t.Error("a link was followed")
	}
}

// After the end of its context nothing is stored, read, recorded or removed.
func TestNothingHappensAfterTheContext(t *testing.T) {
	s := open(t)
	d := put(t, s, "here")
	blob, err := s.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	if blob.Size() != 4 {
		t.Errorf("its size is %d", blob.Size())
	}
	ended, cancel := context.WithCancel(t.Context())
	w, err := s.Create(ended)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("written")); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := w.Write([]byte("more")); !errors.Is(err, context.Canceled) {
		t.Errorf("Write: %v", err)
	}
	if _, _, err := w.Commit(); !errors.Is(err, context.Canceled) {
		t.Errorf("Commit: %v", err)
	}
	for name, err := range map[string]error{
		"Create":    second(s.Create(ended)),
		"PutBytes":  second(s.PutBytes(ended, []byte("x"))),
		"Open":      second(s.Open(ended, d)),
		"Remove":    s.Remove(ended, d),
		"PutResult": s.PutResult(ended, "kind", d, nil),
		"Verify":    second(s.Verify(ended)),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, ok := s.Stat(d); !ok {
		t.Error("the blob is gone")
	}
	if _, ok := s.Stat(Sum([]byte("written"))); ok {
		t.Error("what was written is there")
	}
	if err := s.Remove(t.Context(), d); err != nil {
		t.Error(err)
	}
	if err := s.Remove(t.Context(), d); err != nil {
		t.Errorf("what is gone already: %v", err)
	}
	left, err := os.ReadDir(filepath.Join(s.Dir(), tempDir))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestADigestIsNamedAndZeroOnlyWhenItIs(t *testing.T) {
	d := Sum([]byte("a"))
	if d.IsZero() || !(Digest{}).IsZero() || d.OCI() != "sha256:"+d.String() {
		t.Errorf("%s, %s", d, d.OCI())
	}
	var back Digest
	text, err := d.MarshalText()
	if err != nil || back.UnmarshalText(text) != nil || back != d {
		t.Errorf("%s is read as %s, %v", text, back, err)
	}
	if err := back.UnmarshalText([]byte("x")); !errors.Is(err, ErrDigest) || back != d {
		t.Errorf("%v, and it is %s now", err, back)
	}
	// Leases of other stores and folders of one's own in the store's.
	s := open(t)
	dir, end, err := s.Unfinished("work-")
	if err != nil || !strings.HasPrefix(filepath.Base(dir), "work-") {
		t.Fatalf("%s, %v", dir, err)
	}
	end()
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is there after its end: %v", err)
	}
	if scratch, ok := s.Scratch(); !ok || scratch != filepath.Join(s.Dir(), tempDir) {
		t.Errorf("%s, %t", scratch, ok)
	}
}
