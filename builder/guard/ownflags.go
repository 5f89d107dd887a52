package guard

import (
	"slices"
	"strings"
)

// release is a version of Node, as far as it decides which flags there are.
type release struct{ major, minor int }

// from reports whether a version is this one or a later one.
func (r release) from(first release) bool {
	return r.major > first.major || r.major == first.major && r.minor >= first.minor
}

// ownFlags are the flags that the guard gives node itself, in their order: when, and from
// which version of Node on up to which.
var ownFlags = []struct {
	flag          string
	mode, eval    Mode // what the settings have to be; "" is any
	first, behind release
}{
	{flag: "--disallow-code-generation-from-strings", eval: Enforce},
	// Without it, no function that the guard compiles could import anything.
	{flag: "--experimental-vm-modules", first: release{20, 0}, behind: release{21, 0}},
	// Before, it is off, and later the guard's hooks see what such a module imports.
	{flag: "--no-experimental-require-module", first: release{20, 19}, behind: release{21, 0}},
	// Before, there is none.
	{flag: "--disable-sigusr1", mode: Enforce, first: release{22, 14}},
}

// flags are what every node of the image is started with. They follow from the settings,
// the permissions and the version of Node alone.
func flags(script string, mode, eval Mode, node release, p *Permission) []string {
	all := []string{"--require", script}
	for _, f := range ownFlags {
		if (f.mode == "" || f.mode == mode) && (f.eval == "" || f.eval == eval) && node.from(f.first) && (f.behind == release{} || !node.from(f.behind)) {
			all = append(all, f.flag)
		}
	}
	return append(all, p.flags(node.major)...)
}

// flags spells the permission model for a version of Node.
func (p *Permission) flags(node int) []string {
	if p == nil {
		return nil
	}
	all := []string{permissionFlag(node), "--allow-fs-read=*"}
	for _, w := range sorted(p.Write) {
		all = append(all, allowWrite+w)
	}
	for _, f := range permissions {
		if *f.of(p) && node >= f.since {
			all = append(all, f.flag)
		}
	}
	return all
}

const allowWrite = "--allow-fs-write="

// permissionFlag turns the model on.
func permissionFlag(node int) string {
	if node < 22 {
		return "--experimental-permission"
	}
	return "--permission"
}

// permissions are what Node's permission model asks for beside files, with the flag
// that gives it and the first version that asks.
var permissions = []struct {
	of    func(*Permission) *bool
	flag  string
	since int
}{
	{func(p *Permission) *bool { return &p.Addons }, "--allow-addons", 20},
	{func(p *Permission) *bool { return &p.Children }, "--allow-child-process", 20},
	{func(p *Permission) *bool { return &p.Net }, "--allow-net", 25},
	{func(p *Permission) *bool { return &p.WASI }, "--allow-wasi", 22},
	{func(p *Permission) *bool { return &p.Workers }, "--allow-worker", 20},
}

// readPermission reads back what flags may spell: nil where the model is off.
func readPermission(given []string, node int) *Permission {
	if !slices.Contains(given, permissionFlag(node)) {
		return nil
	}
	p := &Permission{}
	for _, g := range given {
		if w, ok := strings.CutPrefix(g, allowWrite); ok {
			p.Write = append(p.Write, w)
		}
		for _, f := range permissions {
			if g == f.flag {
				*f.of(p) = true
			}
		}
	}
	return p
}
