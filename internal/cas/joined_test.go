package cas

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestJoinedMakesOnceWhatIsKept(t *testing.T) {
	s := open(t)
	a, b := Sum([]byte("a")), Sum([]byte("b"))
	made := 0
	ask := func(kind string, of ...Digest) string {
		t.Helper()
		out, err := s.Joined(t.Context(), kind, of, 100, func() ([]byte, error) {
			made++
			return []byte("of " + kind), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	for _, step := range []struct {
		name string
		kind string
		of   []Digest
		made int
	}{
		{"a first look", "heads", []Digest{a, b}, 1},
		{"a second", "heads", []Digest{a, b}, 1},
		{"another order", "heads", []Digest{b, a}, 2},
		{"fewer", "heads", []Digest{a}, 3},
		{"another kind", "tails", []Digest{a}, 4},
	} {
		if got := ask(step.kind, step.of...); got != "of "+step.kind || made != step.made {
			t.Errorf("%s: %q, made %d times", step.name, got, made)
		}
	}
	// What is damaged or gone is made again, and mended.
	blob := s.blobPath(Sum([]byte("of heads")))
	for _, harm := range []func() error{
		func() error { return os.Remove(blob) },
		func() error {
			if err := os.Remove(blob); err != nil {
				return err
			}
			return os.WriteFile(blob, []byte("of thieve"), 0o600)
		},
		func() error { return os.RemoveAll(filepath.Join(s.dir, resultDir)) },
	} {
		before := made
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		if got := ask("heads", a, b); got != "of heads" || made != before+1 {
			t.Errorf("after harm: %q, made %d times", got, made-before)
		}
		if ask("heads", a, b); made != before+1 {
			t.Error("it was not mended")
		}
	}
}

func TestJoinedKeepsNothingThatIsTooLargeOrFailed(t *testing.T) {
	s := open(t)
	made := 0
	for range 2 {
		out, err := s.Joined(t.Context(), "heads", nil, 3, func() ([]byte, error) { made++; return []byte("four"), nil })
		if err != nil || string(out) != "four" {
			t.Errorf("%q, %v", out, err)
		}
	}
	wrong := errors.New("wrong")
	for range 2 {
		if _, err := s.Joined(t.Context(), "heads", []Digest{{}}, 3, func() ([]byte, error) { made++; return nil, wrong }); !errors.Is(err, wrong) {
			t.Errorf("%v", err)
		}
	}
	if made != 4 {
		t.Errorf("made %d times", made)
	}
}
