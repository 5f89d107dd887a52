package worktree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// File is one file of the project. Path is relative to the project, with slashes,
// normalised. Mode is 0644 or 0755. Link, where it is not empty, makes it a
// symbolic link with that target, which lies within the project. Size is in bytes.
type File struct {
	Path string
	Mode uint32
	Size int64
	Link string
}

// Excluded is a file or, with a slash at its end, a folder that stays out of the
// image, and why.
type Excluded struct {
	Path   string
	Reason string
}

// Tree is the outcome of Scan. Files and Excluded are sorted bytewise by path.
// Tracked says that git named the files. Warnings are problems that do not stop a
// build on this machine but may on another.
type Tree struct {
	Files    []File
	Excluded []Excluded
	Tracked  bool
	Warnings diag.Problems
}

// Options say how to look. The zero value takes every file, because it has no git.
type Options struct {
	Git  Git    // asks git; nil where there is none
	Temp string // an existing folder for what git is shown; needed with Git
	All  bool   // what a build may read, tests and settings of tools among it, not only what an image needs
}

// Scan finds the default files of the project in dir. All problems of the project
// come at once, as diag.Problems.
func Scan(ctx context.Context, dir string, opt Options) (*Tree, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening project: %w", err)
	}
	defer root.Close()
	s := &scan{ctx: ctx, root: root, all: opt.All, tree: &Tree{}, rules: map[string][]ruleSet{}}
	tracked, ok, err := Tracked(ctx, dir, opt)
	if err != nil {
		return nil, err
	}
	if ok && len(tracked) > 0 { // a repository that tracks nothing here says nothing
		s.tree.Tracked = true
		s.tracked = map[string]bool{}
		for _, name := range tracked {
			for p := name; p != "."; p = path.Dir(p) {
				s.tracked[p] = true
			}
		}
	}
	if err := s.folder("."); err != nil {
		return nil, err
	}
	s.collisions()
	s.problems.Sort()
	if err := s.problems.Err(); err != nil {
		return nil, err
	}
	return s.tree, nil
}

type scan struct {
	ctx      context.Context
	root     *os.Root
	all      bool
	tree     *Tree
	tracked  map[string]bool      // files and their folders; nil without git
	rules    map[string][]ruleSet // by folder, what its ignore files say
	seen     int
	problems diag.Problems
}

// folder walks one folder in bytewise order of whole paths.
func (s *scan) folder(dir string) error {
	if strings.Count(dir, "/")+1 > bounds.PathDepth {
		return tooMany(fmt.Sprintf("%s lies more than %d folders deep", diag.Clean(dir), bounds.PathDepth))
	}
	entries, err := s.list(dir)
	if err != nil {
		return err
	}
	if isLayout(entries) && dir != "." {
		s.tree.Excluded = append(s.tree.Excluded, Excluded{dir + "/", layoutReason})
		return nil
	}
	if err := s.readRules(dir, entries); err != nil {
		return err
	}
	for _, e := range entries {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		if s.seen++; s.seen > bounds.ProjectFiles {
			return tooMany(fmt.Sprintf("it has more than %d files", bounds.ProjectFiles))
		}
		name := path.Join(dir, e.Name())
		if err := s.entry(name, e); err != nil {
			return err
		}
	}
	return nil
}

func (s *scan) list(dir string) ([]fs.DirEntry, error) {
	f, err := s.root.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("reading folder: %w", err)
	}
	defer f.Close()
	var all []fs.DirEntry
	for {
		some, err := f.ReadDir(1024)
		all = append(all, some...)
		if s.seen+len(all) > bounds.ProjectFiles+1024 {
			return nil, tooMany(fmt.Sprintf("it has more than %d files", bounds.ProjectFiles))
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading folder: %w", err)
		}
	}
	sortKey := func(e fs.DirEntry) string {
		if e.IsDir() {
			return e.Name() + "/"
		}
		return e.Name()
	}
	slices.SortFunc(all, func(a, b fs.DirEntry) int { return strings.Compare(sortKey(a), sortKey(b)) })
	return all, nil
}

func (s *scan) entry(name string, e fs.DirEntry) error {
	isDir := e.IsDir()
	shown := name
	if isDir {
		shown += "/"
	}
	if reason := s.reason(name, isDir); reason != "" {
		s.tree.Excluded = append(s.tree.Excluded, Excluded{shown, reason})
		return nil
	}
	if !validName(name) {
		s.refuse(name, "its name can't stand in an image", &diag.Problem{
			Code: CodeName, Pos: diag.Pos{File: diag.Clean(name)}, What: "the file name " + diag.Clean(name) + " can't stand in an image",
			Why:    "it is not UTF-8, has a control character or a backslash, or is too long: systems read such names differently",
			Remedy: "rename the file, or add it to .dockerignore",
		})
		return nil
	}
	switch e.Type() {
	case fs.ModeDir:
		return s.folder(name)
	case fs.ModeSymlink:
		return s.link(name)
	case 0:
		return s.file(name)
	}
	s.refuse(name, "no file, folder or link", &diag.Problem{
		Code: CodeSpecial, Pos: diag.Pos{File: name}, What: name + " is no file, folder or link",
		Why: "a device, a socket or a pipe has no bytes to put into an image", Remedy: "remove it, or add it to .dockerignore",
	})
	return nil
}

// reason says why a file stays out, or "". The fixed list speaks first, for its
// reasons are the more telling.
func (s *scan) reason(name string, isDir bool) string {
	if r := fixed(name, isDir, s.all); r != "" {
		return r
	}
	if r := s.ignored(name, isDir); r != "" {
		return r
	}
	if s.tracked != nil && !s.tracked[name] {
		return "git does not track it"
	}
	return ""
}

func (s *scan) file(name string) error {
	info, err := s.root.Lstat(name)
	if err != nil {
		return fmt.Errorf("reading project: %w", err)
	}
	if info.Size() > bounds.FetchFile {
		return tooMany(fmt.Sprintf("%s has %d bytes", name, info.Size()))
	}
	head, err := s.head(name)
	if err != nil {
		return err
	}
	if isArchive(head) {
		s.tree.Excluded = append(s.tree.Excluded, Excluded{name, archiveReason})
		return nil
	}
	if what := looksLikeKey(head); what != "" {
		s.refuse(name, "looks like "+what, &diag.Problem{
			Code: CodePrivateKey, Pos: diag.Pos{File: name}, What: name + " looks like " + what,
			Why:    "whoever can pull the image, or read the repository, has the key",
			Remedy: "revoke the key, remove it from the repository and hand it to the program when it runs; if it is no secret, add " + name + " to .dockerignore",
		})
		return nil
	}
	mode := uint32(0o644)
	if info.Mode()&0o111 != 0 {
		mode = 0o755
	}
	s.tree.Files = append(s.tree.Files, File{Path: name, Mode: mode, Size: info.Size()})
	return nil
}

// link keeps a link whose target, read from where it stands, is in the project.
// Nothing is opened through it.
func (s *scan) link(name string) error {
	target, err := s.root.Readlink(name)
	if err != nil {
		return fmt.Errorf("reading link: %w", err)
	}
	if !within(name, target) || s.leaves(name) {
		s.refuse(name, "a link that leads out of the project", &diag.Problem{
			Code: CodeLinkOut, Pos: diag.Pos{File: name}, What: name + " is a link to " + diag.Clean(target) + ", outside of the project",
			Why: "what it points at is not part of the project, and is not there in the image", Remedy: "copy the file into the project, or add the link to .dockerignore",
		})
		return nil
	}
	s.tree.Files = append(s.tree.Files, File{Path: name, Mode: 0o755, Link: target})
	return nil
}

// leaves reports whether following a link, other links on its way included, would
// leave the project: os.Root refuses that with an error that is not "not there".
func (s *scan) leaves(name string) bool {
	_, err := s.root.Stat(name)
	return err != nil && !errors.Is(err, fs.ErrNotExist)
}

func within(name, target string) bool {
	if target == "" || strings.HasPrefix(target, "/") || !validName(target) {
		return false
	}
	to := path.Join(path.Dir(name), target)
	return to != ".." && !strings.HasPrefix(to, "../")
}

func validName(name string) bool {
	return utf8.ValidString(name) && len(name) <= bounds.Path && !strings.ContainsRune(name, '\\') &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 || r == 0x7f })
}

// collisions warns of names that one file system keeps apart and another does not.
func (s *scan) collisions() {
	fold := cases.Fold()
	first := map[string]string{}
	for _, f := range s.tree.Files {
		key := norm.NFC.String(fold.String(f.Path))
		other, ok := first[key]
		if !ok {
			first[key] = f.Path
			continue
		}
		s.tree.Warnings = append(s.tree.Warnings, &diag.Problem{
			Code: CodeCollision, Pos: diag.Pos{File: f.Path}, What: f.Path + " and " + other + " are one file where names ignore case",
			Why: "a checkout on macOS or Windows has only one of them, and builds another image", Remedy: "rename one of them",
		})
	}
}

// refuse reports what no image may have. Of what a build may read it is only left out: a
// key is often a test's own, and files() takes it by its name.
func (s *scan) refuse(name, reason string, p *diag.Problem) {
	if s.all {
		s.tree.Excluded = append(s.tree.Excluded, Excluded{name, reason})
		return
	}
	s.problem(p)
}

func (s *scan) problem(p *diag.Problem) {
	if len(s.problems) < bounds.Problems {
		s.problems = append(s.problems, p)
	}
}

func tooMany(what string) error {
	return &diag.Problem{
		Code: CodeTooMany, What: "the project is larger than nbuild takes: " + what,
		Why: "a folder without end would be read without end", Remedy: "add what the image does not need to .dockerignore, or run in the project's own folder: -C DIR",
	}
}
