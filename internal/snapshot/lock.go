package snapshot

import (
	"bytes"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
)

const header = "nbuild-lock 1"

// Lock is a snapshot: the artefacts of one nbuild.lock, version 1. It does not
// change once made.
type Lock struct {
	artefacts []Artefact // in compare's order
	text      []byte
}

// New makes a snapshot of artefacts, in any order. Equal duplicates become one;
// two artefacts that share kind, name, version and platform and differ otherwise
// are an error, and so is a field that nbuild.lock can't hold.
func New(artefacts []Artefact) (*Lock, error) {
	sorted := slices.Clone(artefacts)
	slices.SortStableFunc(sorted, compare)
	kept := sorted[:0]
	for _, a := range sorted {
		if err := check(a); err != nil {
			return nil, fmt.Errorf("pinning %s: %w", a.ID(), err)
		}
		if n := len(kept); n > 0 && compare(kept[n-1], a) == 0 {
			if line(kept[n-1]) == line(a) {
				continue
			}
			return nil, fmt.Errorf("pinning %s: two different artefacts of that name", a.ID())
		}
		kept = append(kept, a)
	}
	l := &Lock{artefacts: kept}
	l.text = l.format()
	return l, nil
}

func (l *Lock) format() []byte {
	lines := make([]string, len(l.artefacts))
	for i, a := range l.artefacts {
		lines[i] = line(a)
	}
	slices.Sort(lines)
	var b bytes.Buffer
	b.WriteString(header + "\n")
	for _, s := range lines {
		b.WriteString(s + "\n")
	}
	return b.Bytes()
}

// Format returns the bytes of nbuild.lock. The caller must not change them.
func (l *Lock) Format() []byte { return l.text }

// Digest returns the snapshot's name, the SHA-256 of Format.
func (l *Lock) Digest() cas.Digest { return cas.Sum(l.text) }

// Len returns how many artefacts there are.
func (l *Lock) Len() int { return len(l.artefacts) }

// All yields the artefacts by kind, name, version and platform, bytewise.
func (l *Lock) All() iter.Seq[Artefact] { return slices.Values(l.artefacts) }

// Find returns the artefact of that kind, name, version and platform.
func (l *Lock) Find(kind Kind, name, version, platform string) (Artefact, bool) {
	want := Artefact{Kind: kind, Name: name, Version: version, Platform: platform}
	i, ok := slices.BinarySearchFunc(l.artefacts, want, compare)
	if !ok {
		return Artefact{}, false
	}
	return l.artefacts[i], true
}

// Of yields the artefacts of one kind, in the order of All.
func (l *Lock) Of(kind Kind) iter.Seq[Artefact] {
	return func(yield func(Artefact) bool) {
		i, _ := slices.BinarySearchFunc(l.artefacts, kind, func(a Artefact, k Kind) int {
			return strings.Compare(string(a.Kind), string(k))
		})
		for ; i < len(l.artefacts) && l.artefacts[i].Kind == kind; i++ {
			if !yield(l.artefacts[i]) {
				return
			}
		}
	}
}

// line writes one artefact: KIND NAME VERSION PLATFORM SHA256 SIZE INTEGRITY
// key=value…
func line(a Artefact) string {
	fields := []string{
		string(a.Kind), field(a.Name), field(a.Version), field(a.Platform),
		a.SHA256.String(), strconv.FormatInt(a.Size, 10), field(a.Integrity),
	}
	for _, k := range slices.Sorted(maps.Keys(a.Facts)) {
		fields = append(fields, k+"="+escape(a.Facts[k]))
	}
	return strings.Join(fields, " ")
}

// field writes a positional field, "-" where it is empty. A field that is itself
// a dash is escaped.
func field(s string) string {
	switch s {
	case "":
		return "-"
	case "-":
		return "%2D"
	}
	return escape(s)
}
