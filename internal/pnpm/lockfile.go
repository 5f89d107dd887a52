package pnpm

import (
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
)

// Lockfile is a checked pnpm-lock.yaml.
type Lockfile struct {
	File   string // as the user would type it
	Format int    // 6 or 9, of its lockfileVersion

	settings  map[string]string // what it was resolved with, by pnpm's name of the setting
	importers map[string]*importer
	packages  []*entry // by key, in the order of the lockfile
	byKey     map[string]*entry

	overrides       map[string]string
	catalogs        map[string]map[string]string // the specifiers of each
	ignoredOptional []string
	patched         []string
	extensionsSum   string // of packageExtensions
	pnpmfileSum     string // of .pnpmfile.cjs
	overridesLine   int
	catalogsLine    int
	patchedLine     int
	importersLine   int
	extensionsLine  int
	pnpmfileLine    int
	ignoredLine     int

	project *Manifest // what it was held against
	layout  layout
}

// importer is a project of the lockfile: "." is the one beside it.
type importer struct {
	line       int
	direct     map[locked.Kind][]direct // of Prod, Dev and Optional
	meta       string                   // dependenciesMeta, in one form
	publishDir string
}

// direct is a dependency of a project.
type direct struct {
	name, specifier, version string
	line                     int
}

// entry is a package as one set of peers sees it.
type entry struct {
	key       string // "use-sync-external-store@1.2.0(react@18.2.0)"
	name      string
	version   string
	pos       diag.Pos
	integrity string
	tarball   string
	directory string
	git       string
	packed    string // the tarball of the project that stands for it, relative to the lockfile's folder

	engines       map[string]string
	os, cpu, libc []string
	hasBin        bool
	bundles       bool
	optional      bool
	deprecated    string
	patch         bool
	deps          []reference
	optionalDeps  []reference
	peers         map[string]bool
}

// reference is what a package asks for, and the key of what it gets.
type reference struct{ alias, ref string }

// Root returns the name of the project, as its package.json has it.
func (l *Lockfile) Root() string {
	if l.project == nil {
		return ""
	}
	return l.project.Name
}

func (l *Lockfile) problem(code diag.Code, line int, what, why, remedy string) *diag.Problem {
	return &diag.Problem{Code: code, Pos: diag.Pos{File: l.File, Line: line}, What: what, Why: why, Remedy: remedy}
}

func (l *Lockfile) relock() string { return "`" + locked.PNPM.Relock() + "`" }
