package comparison

import (
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/sbom"
)

// updated adds the one line of a package whose files changed with its version or its
// place.
func (l *listing) updated(at, from, to string) {
	was := diag.Count(l.count(l.from, from), "file")
	if from != at {
		was += " at " + from
	}
	l.about(UpdatedSources, l.b[at], at, &was, &to)
}

// file adds a change of one file of a package.
func (l *listing) file(class Class, at string, s sources.Change) {
	from, to := s.From, s.To
	if class == SourceChanged {
		from, to = hashText(from), hashText(to)
	}
	l.about(class, l.item(at), s.Path, &from, &to)
}

// files adds a change that is of several files of a package at once.
func (l *listing) files(class Class, at string, item *sbom.Item, all []sources.Change) {
	if len(all) == 0 {
		return
	}
	slices.SortFunc(all, func(a, b sources.Change) int { return strings.Compare(a.Path, b.Path) })
	text := diag.Count(len(all), "file")
	const shown = 3
	if len(all) <= shown {
		text += ": "
	} else {
		text += ", such as "
	}
	for i, s := range all[:min(len(all), shown)] {
		if i > 0 {
			text += ", "
		}
		text += strings.TrimPrefix(s.Path, at+"/")
	}
	if class == RemovedSource {
		l.about(class, item, at, &text, nil)
		return
	}
	l.about(class, item, at, nil, &text)
}

// own reports a change of one of the project's own files.
func (l *listing) own(s sources.Change) {
	format := string(s.Entry.Format)
	switch s.Kind {
	case sources.Added:
		l.about(NewOwnSource, nil, s.Path, nil, &format)
	case sources.Removed:
		l.about(RemovedSource, nil, s.Path, &format, nil)
	case sources.Changed:
		from, to := hashText(s.From), hashText(s.To)
		l.about(OwnSourceChanged, nil, s.Path, &from, &to)
	case sources.FormatChanged:
		l.about(OwnSourceChanged, nil, s.Path, &s.From, &s.To)
	}
}

// code reports a change of what may turn strings into code or rewrite what loads, and
// returns whether it is one.
func (l *listing) code(s sources.Change) bool {
	var item *sbom.Item
	if s.Path != "" {
		item = l.item(l.folder(s.Path))
	}
	from, to := hashText(s.From), hashText(s.To)
	switch s.Kind {
	case sources.EvaluatorAdded:
		l.about(NewEvaluator, item, s.Path, nil, &s.Reason)
	case sources.EvaluatorChanged:
		l.about(EvaluatorChanged, item, s.Path, &from, &to)
	case sources.EvaluatorRemoved:
		l.about(RemovedEvaluator, item, s.Path, &s.Reason, nil)
	case sources.InstrumenterAdded:
		l.about(NewInstrumenter, item, s.Path, nil, &s.Reason)
	case sources.InstrumenterChanged:
		l.about(InstrumenterChanged, item, s.Path, &from, &to)
	case sources.InstrumenterRemoved:
		l.about(RemovedInstrumenter, item, s.Path, &s.Reason, nil)
	case sources.CodeAdded:
		l.about(NewGeneratedCode, nil, to, nil, &s.Reason)
	case sources.CodeRemoved:
		l.about(RemovedGeneratedCode, nil, from, &s.Reason, nil)
	default:
		return false
	}
	return true
}

// item is the package of a folder as it is, or was where it is gone.
func (l *listing) item(at string) *sbom.Item {
	if b := l.b[at]; b != nil {
		return b
	}
	return l.a[at]
}

// about adds a change of a file or of a package's files; item is nil where no BOM
// names the package.
func (l *listing) about(class Class, item *sbom.Item, path string, from, to *string) {
	l.c.of(class, path, from, to)
	if item == nil {
		return
	}
	last := &l.c.changes[len(l.c.changes)-1]
	last.Purl = item.Purl
	if last.Why = l.c.whyB(item.Ref); len(last.Why) == 0 {
		last.Why = l.c.whyA(item.Ref)
	}
}

func hashText(hex string) string { return "sha256:" + hex }
