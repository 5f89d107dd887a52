package npm

import (
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/glob"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/internal/utf8bom"
)

// Workspace is what a folder belongs to whose package.json a parent folder's
// package.json names in "workspaces". npm keeps the lockfile of all members in the
// parent, the root: `npm install` in a member's folder writes none there.
type Workspace struct {
	Root   string   // the root's folder, absolute
	Member string   // the member's folder within it, with slashes
	Locals []string // other members that this one depends on, by name, sorted
}

// workspaceManifest is the part of package.json that names members.
type workspaceManifest struct {
	name     string
	patterns []string        // the folders that "workspaces" names
	wants    map[string]bool // every dependency, of whatever kind
}

// parseWorkspaceManifest reads a package.json as npm does. It is nil of what is not one.
func parseWorkspaceManifest(src []byte) *workspaceManifest {
	m := &workspaceManifest{wants: map[string]bool{}}
	r := strictjson.NewReader(utf8bom.Trim(src))
	r.Object(func(key string, _ int) {
		switch key {
		case "name":
			m.name = r.AsText()
		case "workspaces": // a list, or an object with one, as another package manager writes it
			if r.Peek() == '[' {
				m.patterns = r.AsList()
				return
			}
			r.AsObject(func(key string, _ int) {
				if key == "packages" {
					m.patterns = r.AsList()
					return
				}
				r.Skip()
			})
		case "dependencies", "devDependencies", "optionalDependencies", "peerDependencies":
			r.AsObject(func(name string, _ int) {
				m.wants[name] = true
				r.Skip()
			})
		default:
			r.Skip()
		}
	})
	if r.End(); r.Failed() {
		return nil
	}
	return m
}

// called is the name of the package in a folder: without one of its own it is that of
// the folder, with the scope that the folder above may be.
func (m *workspaceManifest) called(folder string) string {
	if m.name != "" {
		return m.name
	}
	if scope := path.Base(path.Dir(folder)); strings.HasPrefix(scope, "@") {
		return scope + "/" + path.Base(folder)
	}
	return path.Base(folder)
}

// WorkspaceOf finds the workspace that a folder is a member of, looking upward as npm
// does, or returns nil. A package.json on the way that can't be read is passed over: the
// answer only makes advice better.
func WorkspaceOf(dir string) *Workspace {
	own := readWorkspaceManifest(os.DirFS(dir), "package.json")
	if own == nil {
		return nil
	}
	for root := filepath.Dir(dir); ; root = filepath.Dir(root) {
		if m := readWorkspaceManifest(os.DirFS(root), "package.json"); m != nil {
			rel, err := filepath.Rel(root, dir)
			if member := filepath.ToSlash(rel); err == nil && isMember(m.patterns, member) {
				return &Workspace{Root: root, Member: member, Locals: locals(root, m.patterns, member, own)}
			}
		}
		if root == filepath.Dir(root) {
			return nil
		}
	}
}

// Members lists the folders that a package.json in the folder names as workspaces and
// that have one themselves, sorted, or none.
func Members(folder fs.FS) []string {
	m := readWorkspaceManifest(folder, "package.json")
	if m == nil {
		return nil
	}
	var all []string
	eachMember(folder, m.patterns, func(name string, _ *workspaceManifest) { all = append(all, name) })
	return all
}

// locals are the other members that own depends on.
func locals(root string, patterns []string, member string, own *workspaceManifest) []string {
	var all []string
	eachMember(os.DirFS(root), patterns, func(folder string, m *workspaceManifest) {
		if name := m.called(folder); folder != member && own.wants[name] {
			all = append(all, name)
		}
	})
	slices.Sort(all)
	return all
}

// eachMember visits the members of a root in path order.
func eachMember(root fs.FS, patterns []string, visit func(folder string, m *workspaceManifest)) {
	if len(patterns) == 0 {
		return
	}
	seen := 0
	_ = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if seen++; err != nil || seen > bounds.ProjectFiles {
			return fs.SkipAll
		}
		if !d.IsDir() {
			return nil
		}
		if base := d.Name(); name != "." && (base == "node_modules" || strings.HasPrefix(base, ".")) {
			return fs.SkipDir
		}
		if isMember(patterns, name) {
			if m := readWorkspaceManifest(root, path.Join(name, "package.json")); m != nil {
				visit(name, m)
			}
		}
		return nil
	})
}

// isMember reports whether the patterns of "workspaces" name a folder. One that begins
// with "!" takes folders out again.
func isMember(patterns []string, folder string) bool {
	if folder == "." {
		return false
	}
	in := false
	for _, p := range patterns {
		p, out := strings.CutPrefix(p, "!")
		p = strings.Trim(strings.TrimPrefix(p, "./"), "/")
		if glob.Match(p+"/package.json", folder+"/package.json") {
			in = !out
		}
	}
	return in
}

// readWorkspaceManifest reads the package.json of that name, nil where there is none that
// can be read.
func readWorkspaceManifest(folder fs.FS, name string) *workspaceManifest {
	info, err := fs.Stat(folder, name)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	f, err := folder.Open(name)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	src, err := io.ReadAll(io.LimitReader(f, bounds.PackageJSON))
	if err != nil {
		return nil
	}
	return parseWorkspaceManifest(src)
}

// OwnLockfile is the command that gives a member a lockfile of its own, run in its
// folder. Without the flag npm writes the root's.
const OwnLockfile = "npm install --package-lock-only --workspaces=false"
