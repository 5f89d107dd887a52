package sources

import "strings"

// Change is one difference between two lists. From and To say what was and what is: a
// format, a hash, or "" where there is nothing.
type Change struct {
	Kind     ChangeKind
	Path     string // of an entry or evaluator; "" of a string of code
	From, To string
	Entry    *Entry // the newer one that there is; nil of a string of code
	Reason   string // a person's, of an evaluator or a string of code: the newer one
}

// ChangeKind is what kind of change there is.
type ChangeKind string

// The kinds of change.
const (
	Added               ChangeKind = "new-source"
	FormatChanged       ChangeKind = "source-format-changed" // the same path is another kind of program
	Changed             ChangeKind = "source-changed"
	Removed             ChangeKind = "removed-source"
	EvaluatorAdded      ChangeKind = "new-evaluator"
	EvaluatorChanged    ChangeKind = "evaluator-changed" // it has other bytes than were approved
	EvaluatorRemoved    ChangeKind = "removed-evaluator"
	InstrumenterAdded   ChangeKind = "new-instrumenter"
	InstrumenterChanged ChangeKind = "instrumenter-changed" // it has other bytes than were approved
	InstrumenterRemoved ChangeKind = "removed-instrumenter"
	CodeAdded           ChangeKind = "new-generated-code"
	CodeRemoved         ChangeKind = "removed-generated-code"
)

// Compare reports what changed from a to b: entries by path, then evaluators, then
// strings of code. Equal lists give nothing; reasons and the version of Node are not
// compared, because they let nothing else load.
func Compare(a, b *List) []Change {
	var all []Change
	both(a.Entries, b.Entries, func(e Entry) string { return e.Path }, func(x, y *Entry) {
		switch {
		case x == nil:
			all = append(all, Change{Added, y.Path, "", y.SHA256.String(), y, ""})
		case y == nil:
			all = append(all, Change{Removed, x.Path, x.SHA256.String(), "", x, ""})
		default:
			if x.Format != y.Format {
				all = append(all, Change{FormatChanged, y.Path, string(x.Format), string(y.Format), y, ""})
			}
			if x.SHA256 != y.SHA256 {
				all = append(all, Change{Changed, y.Path, x.SHA256.String(), y.SHA256.String(), y, ""})
			}
		}
	})
	approved := func(a1, b1 []Instrumenter, added, changed, removed ChangeKind) {
		both(a1, b1, func(e Instrumenter) string { return e.Path }, func(x, y *Instrumenter) {
			switch {
			case x == nil:
				e, _ := b.Find(y.Path)
				all = append(all, Change{added, y.Path, "", y.SHA256.String(), e, y.Reason})
			case y == nil:
				e, _ := a.Find(x.Path)
				all = append(all, Change{removed, x.Path, x.SHA256.String(), "", e, x.Reason})
			case x.SHA256 != y.SHA256:
				e, _ := b.Find(y.Path)
				all = append(all, Change{changed, y.Path, x.SHA256.String(), y.SHA256.String(), e, y.Reason})
			}
		})
	}
	approved(evaluators(a), evaluators(b), EvaluatorAdded, EvaluatorChanged, EvaluatorRemoved)
	approved(a.Instrumenters, b.Instrumenters, InstrumenterAdded, InstrumenterChanged, InstrumenterRemoved)
	both(a.Generated, b.Generated, func(g Generated) string { return g.SHA256.String() }, func(x, y *Generated) {
		switch {
		case x == nil:
			all = append(all, Change{CodeAdded, "", "", y.SHA256.String(), nil, y.Reason})
		case y == nil:
			all = append(all, Change{CodeRemoved, "", x.SHA256.String(), "", nil, x.Reason})
		}
	})
	return all
}

// evaluators are those of a list, in the form that they share with instrumenters.
func evaluators(l *List) []Instrumenter {
	all := make([]Instrumenter, len(l.Evaluators))
	for i, e := range l.Evaluators {
		all[i] = Instrumenter(e)
	}
	return all
}

// both walks two sorted lists by key.
func both[T any](a, b []T, key func(T) string, visit func(x, y *T)) {
	for i, j := 0, 0; i < len(a) || j < len(b); {
		order := -1
		switch {
		case i == len(a):
			order = 1
		case j < len(b):
			order = strings.Compare(key(a[i]), key(b[j]))
		}
		switch {
		case order < 0:
			visit(&a[i], nil)
			i++
		case order > 0:
			visit(nil, &b[j])
			j++
		default:
			visit(&a[i], &b[j])
			i, j = i+1, j+1
		}
	}
}
