package initialise

import (
	"bytes"
	"io/fs"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/pnpm"
	"github.com/nbuild/nbuild/internal/yarn"
)

// idleInstalls are packages whose install scripts make nothing that a program loads, and
// what they do instead. A package that is not here takes a person to say so.
var idleInstalls = map[string]string{
	"@apollo/protobufjs":                    "its script warns of a range in package.json",
	"@clerk/shared":                         "its script prints a message",
	"@firebase/util":                        "its script writes settings that only a variable at install time gives",
	"@fortawesome/fontawesome-common-types": "its script prints a message",
	"@fortawesome/fontawesome-svg-core":     "its script prints a message",
	"@fortawesome/free-brands-svg-icons":    "its script prints a message",
	"@fortawesome/free-regular-svg-icons":   "its script prints a message",
	"@fortawesome/free-solid-svg-icons":     "its script prints a message",
	"@nestjs/core":                          "its script prints a message that asks for funding",
	"@parcel/watcher":                       "its addon is in its package for the platform",
	"@scarf/scarf":                          "its script reports the install to its maker",
	"aws-sdk":                               "its script prints a message",
	"core-js":                               "its script prints a message that asks for funding",
	"core-js-bundle":                        "its script prints a message that asks for funding",
	"core-js-pure":                          "its script prints a message that asks for funding",
	"esbuild":                               "its script checks the program that its package for the platform has",
	"es5-ext":                               "its script prints a message",
	"nodemon":                               "its script prints a message that asks for funding",
	"prisma":                                "its script checks the version of Node",
	"protobufjs":                            "its script warns of a range in package.json",
	"styled-components":                     "its script prints a message that asks for funding",
}

// installs is what the lockfile says of packages that production has.
type installs struct {
	idle   []string // packages with idle install scripts
	offers []offer  // packages with other install scripts, one of each name
	broken bool     // the lockfile can't be read, which `nbuild pin` explains
}

// lookAtLock reads the lockfile as far as a build file depends on it.
func lookAtLock(folder fs.FS, file string) installs {
	var found installs
	lock, err := readLock(folder, file)
	if err != nil {
		return installs{broken: true}
	}
	tree, err := locked.PlanAvailable(lock, locked.Options{OS: "linux", CPU: "x64", Libc: "glibc", Omit: []string{"dev"}})
	if err != nil {
		return installs{broken: true}
	}
	seen := map[string]bool{}
	for i := range tree.Packages {
		p := &tree.Packages[i]
		if !p.HasInstallScript || p.Link != "" {
			continue
		}
		if idleInstalls[p.Name] != "" {
			if !seen[p.Name] {
				found.idle = append(found.idle, p.Name)
			}
			seen[p.Name] = true
			continue
		}
		run := installed(folder, p)
		i := slices.IndexFunc(found.offers, func(o offer) bool { return o.name == p.Name })
		if i < 0 {
			found.offers = append(found.offers, offer{name: p.Name, version: p.Version, run: run})
		} else {
			found.offers[i].another(p.Version, run)
		}
	}
	return found
}

// foreignLocks are lockfiles that are not read: of yarn's, those of later versions.
var foreignLocks = []string{"yarn.lock", "bun.lock", "bun.lockb"}

// yarns reports whether the project has a lockfile of yarn's first version.
func yarns(folder fs.FS) bool {
	src := contents(folder, "yarn.lock", bounds.Lockfile)
	return bytes.Contains(src[:min(len(src), 1<<10)], []byte("# yarn lockfile v1"))
}

// lockOf finds the lockfile that a build takes, "" where there is none; and one of a
// manager whose lockfile is not read.
func lockOf(folder fs.FS) (file, foreign string) {
	there := func(name string) bool { _, err := fs.Stat(folder, name); return err == nil }
	unread := func(name string) bool {
		return slices.Contains(foreignLocks, name) && (name != "yarn.lock" || !yarns(folder))
	}
	for _, name := range foreignLocks {
		if there(name) && unread(name) {
			foreign = name
			break
		}
	}
	named := ""
	if m, err := pnpm.ReadManifest(contents(folder, "package.json", bounds.PackageJSON), "package.json"); err == nil {
		named = m.Manager()
	}
	c := locked.Choose(func(name string) bool { return !unread(name) && there(name) }, named)
	if there(c.File) {
		file = c.File
	}
	return file, foreign
}

// readLock reads a lockfile, and of pnpm's and yarn's the package.json beside it. What
// packages of yarn's say of themselves is not known before they are pinned.
func readLock(folder fs.FS, file string) (locked.Lockfile, error) {
	src := contents(folder, file, bounds.Lockfile)
	switch locked.ManagerOf(file) {
	case locked.PNPM:
	case locked.Yarn:
		return yarn.Read(src, file, yarn.Beside{
			Manifest: contents(folder, "package.json", bounds.PackageJSON), ManifestFile: "package.json", Settings: yarn.ReadSettings(contents(folder, ".yarnrc", bounds.Npmrc)),
		})
	default:
		return npm.ReadLockfile(src, file)
	}
	l, err := pnpm.Read(src, file)
	if err != nil {
		return nil, err
	}
	m, err := pnpm.ReadManifest(contents(folder, "package.json", bounds.PackageJSON), "package.json")
	if err != nil {
		return nil, err
	}
	b := pnpm.Beside{Manifest: m, Npmrc: func(string) []string { return nil }}
	if there, err := fs.ReadFile(folder, "pnpm-workspace.yaml"); err == nil && len(there) <= bounds.PackageJSON {
		b.Workspace = there
	}
	return l.For(b)
}

// fetches reports whether the sources of a project have Next fetch fonts while it builds.
func fetches(folder fs.FS) bool {
	found := false
	n := 0
	_ = fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || found {
			return err
		}
		if d.IsDir() {
			if d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && name != "." {
				return fs.SkipDir
			}
			return nil
		}
		if n++; n > 20000 {
			return fs.SkipAll
		}
		for _, ext := range []string{".ts", ".tsx", ".js", ".jsx", ".mjs"} {
			if strings.HasSuffix(name, ext) && strings.Contains(text(folder, name), "next/font/google") {
				found = true
				return fs.SkipAll
			}
		}
		return nil
	})
	return found
}
