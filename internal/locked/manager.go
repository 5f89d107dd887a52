package locked

import (
	"path"
	"strings"
)

// Manager is a package manager, by the name of its command. Messages speak the language
// of the one at hand: nobody is told to type another manager's command.
type Manager string

// The managers.
const (
	NPM  Manager = "npm"
	PNPM Manager = "pnpm"
	Yarn Manager = "yarn"
	Bun  Manager = "bun"
)

// lockfiles are the names of lockfiles in the order in which they count where several
// stand in one folder and package.json names no manager. npm itself takes its shrinkwrap
// file before its lockfile (npm docs, "npm-shrinkwrap.json").
var lockfiles = []struct {
	name    string
	manager Manager
}{
	{"npm-shrinkwrap.json", NPM},
	{"package-lock.json", NPM},
	{"pnpm-lock.yaml", PNPM},
	{"yarn.lock", Yarn},
	{"bun.lock", Bun},
	{"bun.lockb", Bun},
}

// ManagerOf says which manager writes a lockfile of that name, npm where it is no name
// that another one uses.
func ManagerOf(file string) Manager {
	base := path.Base(strings.ReplaceAll(file, `\`, "/"))
	for _, l := range lockfiles {
		if l.name == base {
			return l.manager
		}
	}
	return NPM
}

// Choice is the lockfile that counts in a folder.
type Choice struct {
	File   string   // its name, "package-lock.json" where there is none
	Others []string // lockfiles of other managers beside it, in the order in which they would count
	Named  bool     // package.json names the manager whose lockfile it is
}

// Choose finds the lockfile that counts in a folder. There reports whether the folder has
// a file; named is what package.json says in packageManager, "pnpm@9.15.0" or "".
func Choose(there func(name string) bool, named string) Choice {
	name, _, _ := strings.Cut(named, "@")
	c := Choice{File: "package-lock.json"}
	found := false
	for _, wanted := range []bool{true, false} { // first those of the manager that is named
		for _, l := range lockfiles {
			if (l.manager == Manager(name)) != wanted || !there(l.name) {
				continue
			}
			switch {
			case !found:
				found, c.File, c.Named = true, l.name, wanted
			case l.manager != ManagerOf(c.File):
				c.Others = append(c.Others, l.name)
			}
		}
	}
	return c
}

// Relock is the command that writes the manager's lockfile anew from package.json and
// keeps the versions that still answer. Of yarn's first version it installs as well, but
// runs no script: that one has no way to write the lockfile alone.
func (m Manager) Relock() string {
	switch m {
	case PNPM:
		return "pnpm install --lockfile-only"
	case Yarn:
		return "yarn install --ignore-scripts"
	case Bun:
		return "bun install --lockfile-only"
	}
	return "npm install --package-lock-only"
}
