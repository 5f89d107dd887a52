package cas

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"
)

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *Store, text string) Digest {
	t.Helper()
	d, err := s.PutBytes(t.Context(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// damage overwrites a blob's file in place, as a bad disk or a curious hand would.
func damage(t *testing.T, s *Store, d Digest, text string) {
	t.Helper()
	name := s.blobPath(d)
	if err := os.Chmod(name, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPutThenRead(t *testing.T) {
	s := open(t)
	for _, text := range []string{"", "a", strings.Repeat("long ", 100_000)} {
		d, size, err := s.Put(t.Context(), strings.NewReader(text), int64(len(text)))
		if err != nil {
			t.Fatal(err)
		}
		if d != Sum([]byte(text)) || size != int64(len(text)) {
			t.Errorf("Put(%d bytes) = %s, %d", len(text), d, size)
		}
		got, err := s.Read(t.Context(), d, int64(len(text)))
		if err != nil || string(got) != text {
			t.Errorf("Read of %d bytes: %d bytes, %v", len(text), len(got), err)
		}
		if size, ok := s.Stat(d); !ok || size != int64(len(text)) {
			t.Errorf("Stat = %d, %t", size, ok)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	s := open(t)
	held := put(t, s, "ten bytes.")
	longer, shorter, swapped := put(t, s, "grown"), put(t, s, "cut short"), put(t, s, "swapped")
	damage(t, s, longer, "grown and grown")
	damage(t, s, shorter, "cut")
	damage(t, s, swapped, "SWAPPED")
	tests := map[string]struct {
		digest Digest
		limit  int64
		want   error
	}{
		"absent":     {Sum([]byte("never stored")), 100, ErrNotFound},
		"over limit": {held, 9, ErrTooLarge},
		"longer":     {longer, 100, ErrCorrupt},
		"shorter":    {shorter, 100, ErrCorrupt},
		"swapped":    {swapped, 100, ErrCorrupt},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := s.Read(t.Context(), test.digest, test.limit); !errors.Is(err, test.want) {
				t.Errorf("Read: %v, want %v", err, test.want)
			}
			blob, err := s.Open(t.Context(), test.digest)
			if err != nil || test.want == ErrTooLarge {
				return
			}
			defer blob.Close()
			if _, err := io.Copy(io.Discard, blob); !errors.Is(err, test.want) {
				t.Errorf("streaming: %v, want %v", err, test.want)
			}
		})
	}
}

func TestADamagedBlobIsAProblemWithARemedy(t *testing.T) {
	s := open(t)
	d := put(t, s, "good")
	damage(t, s, d, "evil")
	_, err := s.Read(t.Context(), d, 100)
	ps := diag.All(err)
	if len(ps) != 1 || ps[0].Code != CodeCorrupt || diag.Exit(err) != 11 || !strings.Contains(ps[0].Remedy, "nbuild cache verify --repair") {
		t.Errorf("%v", err)
	}
}

func TestOpenRefusesALinkInPlaceOfABlob(t *testing.T) {
	s := open(t)
	d := put(t, s, "the blob")
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("the blob"), 0o600); err != nil {
		t.Fatal(err)
	}
	os.Remove(s.blobPath(d))
	if err := os.Symlink(outside, s.blobPath(d)); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Stat(d); ok {
		t.Error("Stat takes a link for a blob")
	}
	if _, err := s.Open(t.Context(), d); err == nil {
		t.Error("Open followed a link out of the store")
	}
}

func TestPutOverTheLimitKeepsNothing(t *testing.T) {
	s := open(t)
	if _, _, err := s.Put(t.Context(), strings.NewReader("eleven byte"), 10); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("Put: %v, want ErrTooLarge", err)
	}
	if _, ok := s.Stat(Sum([]byte("eleven byte"))); ok {
		t.Error("the blob was kept")
	}
	left, err := s.files(t.Context(), tempDir)
	if err != nil || len(left) != 0 {
		t.Errorf("temporary files left: %v, %v", left, err)
	}
}

func TestStoringAgainMendsADamagedBlob(t *testing.T) {
	s := open(t)
	for _, instead := range []string{"who", "whole agent", "whole again and more"} {
		d := put(t, s, "whole again")
		damage(t, s, d, instead)
		put(t, s, "whole again")
		if got, err := s.Read(t.Context(), d, 100); err != nil || string(got) != "whole again" {
			t.Errorf("after %q: Read = %q, %v", instead, got, err)
		}
	}
}

func TestCancelledWriteKeepsNothing(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	w, err := s.Create(ctx)
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte("half"))
	cancel()
	if _, _, err := w.Commit(); !errors.Is(err, context.Canceled) {
		t.Fatalf("Commit: %v", err)
	}
	if _, ok := s.Stat(Sum([]byte("half"))); ok {
		t.Error("a cancelled blob was committed")
	}
}

func TestManyWritersOfTheSameBytes(t *testing.T) {
	s := open(t)
	text := bytes.Repeat([]byte("same"), 50_000)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			other, err := Open(s.Dir())
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := other.PutBytes(t.Context(), text); err != nil {
				t.Error(err)
			}
			if got, err := other.Read(t.Context(), Sum(text), int64(len(text))); err != nil || !bytes.Equal(got, text) {
				t.Errorf("Read: %d bytes, %v", len(got), err)
			}
		})
	}
	wg.Wait()
	if u, err := s.Usage(t.Context()); err != nil || u.Blobs != 1 {
		t.Errorf("Usage = %+v, %v", u, err)
	}
}

func TestResults(t *testing.T) {
	s := open(t)
	key, other := Sum([]byte("key")), Sum([]byte("other"))
	if _, ok := s.Result("layer", key); ok {
		t.Error("a result before one was recorded")
	}
	if err := s.PutResult(t.Context(), "layer", key, []byte("value")); err != nil {
		t.Fatal(err)
	}
	if got, ok := s.Result("layer", key); !ok || string(got) != "value" {
		t.Errorf("Result = %q, %t", got, ok)
	}
	if _, ok := s.Result("member", key); ok {
		t.Error("a kind answered for another")
	}
	if err := s.PutResult(t.Context(), "layer", key, make([]byte, resultLimit+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a record over the limit: %v", err)
	}

	// A record copied to another key's place, or damaged, counts as absent.
	record, err := os.ReadFile(s.resultPath("layer", key))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(s.resultPath("layer", other)), 0o700); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(s.resultPath("layer", other), record, 0o600)
	if _, ok := s.Result("layer", other); ok {
		t.Error("a copied record was believed")
	}
	record[len(record)-1] ^= 1
	os.WriteFile(s.resultPath("layer", key), record, 0o600)
	if _, ok := s.Result("layer", key); ok {
		t.Error("a damaged record was believed")
	}
}

func TestPruneTakesTheLeastRecentlyUsedAndSparesTheHeld(t *testing.T) {
	s := open(t)
	age := func(d Digest, hours int) {
		at := time.Unix(1_700_000_000, 0).Add(-time.Duration(hours) * time.Hour)
		if err := os.Chtimes(s.blobPath(d), at, at); err != nil {
			t.Fatal(err)
		}
	}
	oldest, held, middle, newest := put(t, s, "oldest...."), put(t, s, "held......"), put(t, s, "middle...."), put(t, s, "newest....")
	age(oldest, 4)
	age(held, 3)
	age(middle, 2)
	age(newest, 1)
	lease, err := s.Lease()
	if err != nil {
		t.Fatal(err)
	}
	if err := lease.Hold(held); err != nil {
		t.Fatal(err)
	}
	got, err := s.Prune(t.Context(), PruneOptions{Keep: 20})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Pruned{Blobs: 2, Bytes: 20}, got); diff != "" {
		t.Errorf("pruned (-want +got):\n%s", diff)
	}
	for d, want := range map[Digest]bool{oldest: false, held: true, middle: false, newest: true} {
		if _, ok := s.Stat(d); ok != want {
			t.Errorf("%s is there: %t, want %t", d, ok, want)
		}
	}
	lease.Close()
	if _, err := s.Prune(t.Context(), PruneOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Stat(held); ok {
		t.Error("a blob outlived its lease and a prune of everything")
	}
}

// TestPruneSparesWhatAnotherProcessHolds runs this test binary as the other
// process, kills it, and prunes again.
func TestPruneSparesWhatAnotherProcessHolds(t *testing.T) {
	if dir := os.Getenv("CAS_TEST_HOLD"); dir != "" {
		s, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		lease, err := s.Lease()
		if err != nil {
			t.Fatal(err)
		}
		if err := lease.Hold(Sum([]byte("held"))); err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("holding\n")
		io.Copy(io.Discard, os.Stdin)
		return
	}
	s := open(t)
	d := put(t, s, "held")
	cmd := exec.Command(os.Args[0], "-test.run=^TestPruneSparesWhatAnotherProcessHolds$")
	cmd.Env = append(os.Environ(), "CAS_TEST_HOLD="+s.Dir())
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(stdout, make([]byte, len("holding\n"))); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Prune(t.Context(), PruneOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Stat(d); !ok {
		t.Error("a blob that a live process holds was pruned")
	}
	cmd.Process.Kill()
	cmd.Wait()
	if _, err := s.Prune(t.Context(), PruneOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Stat(d); ok {
		t.Error("a dead process still holds its blob")
	}
	if u, err := s.Usage(t.Context()); err != nil || u.Leases != 0 {
		t.Errorf("Usage = %+v, %v", u, err)
	}
}

func TestVerifyNamesWhatIsCorrupt(t *testing.T) {
	s := open(t)
	put(t, s, "good")
	bad := put(t, s, "bad")
	damage(t, s, bad, "dab")
	got, err := s.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Digest{bad}, got); diff != "" {
		t.Errorf("corrupt (-want +got):\n%s", diff)
	}
}

func TestParseDigest(t *testing.T) {
	good := Sum([]byte("x")).String()
	tests := map[string]struct {
		text string
		ok   bool
	}{
		"good":        {good, true},
		"upper case":  {strings.ToUpper(good), false},
		"short":       {good[1:], false},
		"long":        {good + "0", false},
		"not hex":     {"g" + good[1:], false},
		"algorithm":   {"sha256:" + good, false},
		"empty":       {"", false},
		"line break":  {good[1:] + "\n", false},
		"other digit": {"٣" + good[2:], false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d, err := ParseDigest(test.text)
			if (err == nil) != test.ok {
				t.Errorf("ParseDigest(%q): %v", test.text, err)
			}
			if test.ok && d.String() != test.text {
				t.Errorf("String = %q", d.String())
			}
		})
	}
}

func TestALeaseIsClosedOnceAndHoldsNothingAfterwards(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	lease, err := s.Lease()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := lease.Close(); err != nil {
			t.Error(err)
		}
	}
	if lease.Hold(Sum(nil)) == nil {
		t.Error("a lease that was closed says that it holds")
	}
}
