package dynamism

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// testFolders are the names of folders whose code is there to test.
var testFolders = map[string]bool{
	"test": true, "tests": true, "__tests__": true, "spec": true, "specs": true, "__mocks__": true,
	"fixtures": true, "__fixtures__": true, "e2e": true,
}

// IsTest reports whether a file of a package is there to test it, by its folder or its
// name.
func IsTest(name string) bool { return testRoot(name) != "" }

// maxTestRoots is how many folders and files the excerpt of a finding names.
const maxTestRoots = 4

// testRoot returns what makes a file test code: the outermost folder of tests that
// it stands in, or the file itself where its own name says so; else "".
func testRoot(name string) string {
	for i := 0; i < len(name); i++ {
		if name[i] != '/' {
			continue
		}
		if testFolders[strings.ToLower(path.Base(name[:i]))] {
			return name[:i]
		}
	}
	stem := strings.ToLower(strings.TrimSuffix(path.Base(name), path.Ext(name)))
	switch {
	case strings.HasSuffix(stem, ".test"), strings.HasSuffix(stem, ".spec"),
		strings.HasSuffix(stem, "-test"), strings.HasSuffix(stem, "_test"), strings.HasSuffix(stem, "-spec"), strings.HasSuffix(stem, "_spec"),
		stem == name[:len(stem)] && (stem == "test" || stem == "tests"): // only at the top: lib/test.js is mocha's own
		return name
	}
	return ""
}

// testCode returns the finding that a package ships tests, if it does: files are
// its files of code, sorted. Data in a folder of tests is no code.
func testCode(files []string) []source.Finding {
	var roots []string
	n, first := 0, ""
	for _, f := range files {
		root := testRoot(f)
		if root == "" {
			continue
		}
		if n++; n == 1 {
			first = f
		}
		if !slices.Contains(roots[max(0, len(roots)-8):], root) {
			roots = append(roots, root)
		}
	}
	if n == 0 {
		return nil
	}
	slices.Sort(roots)
	roots = slices.Compact(roots)
	more := ""
	if len(roots) > maxTestRoots {
		more = fmt.Sprintf(" and %d more", len(roots)-maxTestRoots)
		roots = roots[:maxTestRoots]
	}
	noun := "files"
	if n == 1 {
		noun = "file"
	}
	return []source.Finding{{Kind: source.TestCode, File: first, Excerpt: fmt.Sprintf("%d %s: %s%s", n, noun, strings.Join(roots, ", "), more)}}
}
