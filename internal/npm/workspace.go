package npm

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/glob"
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
	Name       string          `json:"name"`
	Workspaces json.RawMessage `json:"workspaces"`

	Dependencies         map[string]string `json:"dependencies"`
	DevDependencies      map[string]string `json:"devDependencies"`
	OptionalDependencies map[string]string `json:"optionalDependencies"`
	PeerDependencies     map[string]string `json:"peerDependencies"`
}

// patterns are the folders that "workspaces" names: a list, or an object with one, as
// another package manager writes it.
func (m workspaceManifest) patterns() []string {
	var list []string
	if json.Unmarshal(m.Workspaces, &list) == nil {
		return list
	}
	var object struct {
		Packages []string `json:"packages"`
	}
	_ = json.Unmarshal(m.Workspaces, &object) // what npm can't read names no member
	return object.Packages
}

// WorkspaceOf finds the workspace that a folder is a member of, looking upward as npm
// does, or returns nil. A package.json on the way that can't be read is passed over: the
// answer only makes advice better.
func WorkspaceOf(dir string) *Workspace {
	own, ok := readWorkspaceManifest(os.DirFS(dir), "package.json")
	if !ok {
		return nil
	}
	for root := filepath.Dir(dir); ; root = filepath.Dir(root) {
		if m, ok := readWorkspaceManifest(os.DirFS(root), "package.json"); ok {
			rel, err := filepath.Rel(root, dir)
			if member := filepath.ToSlash(rel); err == nil && isMember(m.patterns(), member) {
				w := &Workspace{Root: root, Member: member}
				w.Locals = locals(root, m.patterns(), member, own)
				return w
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
	m, ok := readWorkspaceManifest(folder, "package.json")
	if !ok {
		return nil
	}
	var all []string
	eachMember(folder, m.patterns(), func(name string, _ workspaceManifest) { all = append(all, name) })
	return all
}

// locals are the other members that own depends on.
func locals(root string, patterns []string, member string, own workspaceManifest) []string {
	var all []string
	eachMember(os.DirFS(root), patterns, func(name string, m workspaceManifest) {
		if m.Name == "" || name == member {
			return
		}
		for _, wants := range []map[string]string{own.Dependencies, own.DevDependencies, own.OptionalDependencies, own.PeerDependencies} {
			if _, ok := wants[m.Name]; ok {
				all = append(all, m.Name)
				return
			}
		}
	})
	slices.Sort(all)
	return all
}

// eachMember visits the members of a root in path order.
func eachMember(root fs.FS, patterns []string, visit func(folder string, m workspaceManifest)) {
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
			if m, ok := readWorkspaceManifest(root, path.Join(name, "package.json")); ok {
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

func readWorkspaceManifest(folder fs.FS, name string) (workspaceManifest, bool) {
	var m workspaceManifest
	info, err := fs.Stat(folder, name)
	if err != nil || !info.Mode().IsRegular() {
		return m, false
	}
	f, err := folder.Open(name)
	if err != nil {
		return m, false
	}
	defer func() { _ = f.Close() }()
	src, err := io.ReadAll(io.LimitReader(f, bounds.PackageJSON))
	if err != nil {
		return m, false
	}
	err = json.Unmarshal([]byte(strings.TrimPrefix(string(src), "\ufeff")), &m)
	var odd *json.UnmarshalTypeError // npm passes over a field of another type
	return m, err == nil || errors.As(err, &odd)
}

// OwnLockfile is the command that gives a member a lockfile of its own, run in its
// folder. Without the flag npm writes the root's.
const OwnLockfile = "npm install --package-lock-only --workspaces=false"
