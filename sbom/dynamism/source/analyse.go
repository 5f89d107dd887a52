package source

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/js/typescript"
	"github.com/nbuild/nbuild/internal/resolution"
)

// Options is what must be known about a file beside its text and name.
type Options struct {
	// PackageType is "type" of the package.json that governs the file: "module",
	// "commonjs", or "" where it says none.
	PackageType string
}

// Report is what a file's text shows. It depends on the text, the name's extension and
// the options alone.
type Report struct {
	Findings []Finding  // sorted by kind, then place; their File is the name given
	Calls    []CallSite // in source order
	Errors   []Unread   // what could not be read, in source order
	Bytes    int        // length of the text; 0 for a file that is not JavaScript
	Goal     js.Goal    // how it was read; js.Detect for a file that is not JavaScript
}

// Unread is a place that could not be read: what stands behind it up to the next
// statement may be missing from the findings.
type Unread struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

// language is what a file's extension says that its text is.
type language uint8

const (
	noLanguage language = iota
	javaScript
	typeScript // or JSX: what has to be made JavaScript first
)

// newest is the Node by whose rules a file is read that no image runs yet.
var newest = resolution.Version{Major: 26}

// goalOf returns what a file of that name is written in, and how Node reads it when a
// program starts with it. Of what only bundlers and compilers take, the extension
// stands for .js. A file without an extension that a caller hands in is JavaScript: it
// has a shebang or is a package's bin.
func goalOf(name, packageType string) (language, js.Goal) {
	lower := strings.ToLower(name)
	lang, as := javaScript, lower
	switch path.Ext(lower) {
	case ".js", ".mjs", ".cjs":
	case ".es6", ".es":
		as = "a.js"
	case ".jsx", ".tsx":
		lang, as = typeScript, "a.js"
	case ".ts", ".mts", ".cts":
		if strings.HasSuffix(lower, ".d.ts") || strings.HasSuffix(lower, ".d.mts") || strings.HasSuffix(lower, ".d.cts") {
			return noLanguage, js.Detect
		}
		lang, as = typeScript, "a"+path.Ext(lower) // wherever it stands
	default:
		if resolution.Extension(lower) != "" {
			return noLanguage, js.Detect
		}
	}
	switch newest.Declared(as, packageType, resolution.Start) {
	case resolution.Module:
		return lang, js.Module
	case resolution.CommonJS:
		return lang, js.CommonJS
	}
	return lang, js.Detect
}

// Reads reports whether a file's name says that Analyse reads it: by its extension, or
// because it has none and may be anything.
func Reads(name string) bool {
	lang, _ := goalOf(name, "")
	return lang != noLanguage
}

// Analyse returns the findings by file of a text. The name is relative to its
// package and says by its extension what the text is; of what is neither JavaScript,
// TypeScript nor JSX, or is over bounds.SourceFile, the report has no findings. It
// never fails: what can't be read stands in Errors, and the rest is analysed.
func Analyse(src []byte, name string, o Options) *Report {
	lang, goal := goalOf(name, o.PackageType)
	if lang == noLanguage {
		return &Report{}
	}
	report := &Report{Bytes: len(src), Goal: goal}
	if len(src) > bounds.SourceFile {
		report.Errors = []Unread{{1, 1, fmt.Sprintf("the file is larger than %d MiB", bounds.SourceFile>>20)}}
		return report
	}
	at := newPlacer(src)
	if lang == typeScript {
		if failure, ok := analyseTranslated(report, src, name, languageOf(name), goal, at); !ok {
			report.Errors = append(report.Errors, failure)
		}
		return report
	}
	w := workspaces.Get().(*workspace)
	defer w.free(len(src))
	tree := w.js.Parse(src, goal)
	report.Goal = tree.Goal
	if slices.ContainsFunc(tree.Errors, func(e js.SyntaxError) bool { return !e.Early }) && mayBeJSX(src) {
		if _, ok := analyseTranslated(report, src, name, typescript.JSX, goal, at); ok {
			return report
		}
		at = newPlacer(src)
	}
	for _, e := range tree.Errors {
		if e.Early {
			continue // nothing was skipped
		}
		line, column := at.place(int(e.Start))
		report.Errors = append(report.Errors, Unread{line, column, e.Message})
	}
	newScan(tree, w, nil, nil).run(report, name, at)
	return report
}
