package worktree

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/glob"
	"github.com/nbuild/nbuild/internal/utf8bom"
)

// The ignore files, in the order in which their reasons are given. Each is judged for
// itself: a file stays out when any of them leaves it out, so that an exception in one
// can't bring back what another keeps out.
var ignoreFiles = []string{".gitignore", ".npmignore", ".dockerignore"}

// ruleSet is what one ignore file says; a later rule overrides an earlier one.
type ruleSet struct {
	file  string // its path, for the reason
	kind  string // its name
	rules []rule
}

// docker reports whether the set follows docker's reading: a pattern that matches
// a folder holds for all that is in it, and an exception may bring a file back.
func (s *ruleSet) docker() bool { return s.kind == ".dockerignore" }

func (s *ruleSet) excepts() bool {
	return slices.ContainsFunc(s.rules, func(r rule) bool { return r.negate })
}

func (s *ruleSet) matches(r *rule, rel string, isDir bool) bool {
	if !s.docker() {
		return r.matches(rel, isDir)
	}
	parts := strings.Split(rel, "/")
	for i := range parts {
		if glob.Elements(r.parts, parts[:i+1], glob.Git) {
			return true
		}
	}
	return false
}

// rule is one line of an ignore file.
type rule struct {
	line     int
	negate   bool
	dirOnly  bool
	anchored bool // from the ignore file's folder; else at any depth
	parts    []string
}

func (s *scan) readRules(dir string, entries []fs.DirEntry) error {
	for _, kind := range ignoreFiles {
		if kind == ".dockerignore" && dir != "." {
			continue // docker reads one, at the top
		}
		for _, e := range entries {
			if e.Name() != kind || !e.Type().IsRegular() {
				continue
			}
			name := path.Join(dir, kind)
			f, err := s.root.Open(name)
			if err != nil {
				return fmt.Errorf("reading %s: %w", name, err)
			}
			raw, err := io.ReadAll(io.LimitReader(f, bounds.IgnoreFile+1))
			f.Close()
			if err != nil {
				return fmt.Errorf("reading %s: %w", name, err)
			}
			if len(raw) > bounds.IgnoreFile {
				return tooMany(fmt.Sprintf("%s has more than %d bytes", name, bounds.IgnoreFile))
			}
			s.rules[dir] = append(s.rules[dir], ruleSet{name, kind, parseIgnore(raw, kind == ".dockerignore")})
		}
	}
	return nil
}

// parseIgnore reads the lines of an ignore file (gitignore(5), "PATTERN FORMAT";
// docker anchors every pattern at the top and knows no folder-only patterns).
func parseIgnore(raw []byte, docker bool) []rule {
	var rules []rule
	number := 0
	for line := range strings.SplitSeq(string(utf8bom.Trim(raw)), "\n") {
		number++
		line = strings.TrimSuffix(line, "\r")
		if docker {
			line = strings.TrimSpace(line)
		} else {
			line = trimTrailing(line)
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r := rule{line: number}
		if after, ok := strings.CutPrefix(line, "!"); ok {
			r.negate, line = true, after
		}
		if docker {
			line = strings.TrimPrefix(path.Clean("/"+strings.TrimSpace(line)), "/")
			r.anchored = true
		} else {
			line, r.dirOnly = strings.CutSuffix(line, "/")
			r.anchored = strings.Contains(line, "/")
			line = strings.TrimPrefix(line, "/")
		}
		if line == "" {
			continue
		}
		r.parts = strings.Split(line, "/")
		rules = append(rules, r)
	}
	return rules
}

// trimTrailing drops blanks at the end that no backslash keeps.
func trimTrailing(s string) string {
	for strings.HasSuffix(s, " ") {
		slashes := 0
		for i := len(s) - 2; i >= 0 && s[i] == '\\'; i-- {
			slashes++
		}
		if slashes%2 == 1 {
			return s
		}
		s = s[:len(s)-1]
	}
	return s
}

// ignored says which line of which ignore file leaves a path out, or "". The
// folders above it are in, or it would not be asked for: git lets nothing back in
// under a folder that is out.
func (s *scan) ignored(name string, isDir bool) string {
	for _, kind := range ignoreFiles {
		if s.all && kind != ".gitignore" { // the others say what goes into a package and an image
			continue
		}
		var last *rule
		var file string
		// From the top down: a nearer file overrides a farther one of its kind.
		for _, dir := range above(name) {
			for _, set := range s.rules[dir] {
				if set.kind != kind || isDir && set.docker() && set.excepts() {
					continue // what is in the folder is judged file by file
				}
				rel := name
				if dir != "." {
					rel = strings.TrimPrefix(name, dir+"/")
				}
				for i := range set.rules {
					if set.matches(&set.rules[i], rel, isDir) {
						last, file = &set.rules[i], set.file
					}
				}
			}
		}
		if last != nil && !last.negate {
			return fmt.Sprintf("%s, line %d", file, last.line)
		}
	}
	return ""
}

// above lists the folders over a path, "." first.
func above(name string) []string {
	dirs := []string{"."}
	for i, c := range name {
		if c == '/' {
			dirs = append(dirs, name[:i])
		}
	}
	return dirs
}

func (r *rule) matches(rel string, isDir bool) bool {
	if r.dirOnly && !isDir {
		return false
	}
	parts := strings.Split(rel, "/")
	if !r.anchored {
		parts = parts[len(parts)-1:]
	}
	return glob.Elements(r.parts, parts, glob.Git)
}
