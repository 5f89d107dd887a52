package npm

import (
	"bytes"
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
)

// foreign recognises other package managers' lockfiles by name and by how they begin.
func foreign(src []byte, file string) error {
	head := src[:min(len(src), 1<<10)]
	who, convert := "", ""
	switch base := strings.ToLower(path.Base(strings.ReplaceAll(file, `\`, "/"))); {
	case base == "pnpm-lock.yaml", bytes.HasPrefix(head, []byte("lockfileVersion:")):
		who, convert = "pnpm", "delete node_modules and run `npm install --package-lock-only` beside package.json (it reads no pnpm-lock.yaml: review the versions)"
	case base == "yarn.lock", bytes.Contains(head, []byte("# yarn lockfile")), bytes.Contains(head, []byte("\n__metadata:")), bytes.HasPrefix(head, []byte("__metadata:")):
		who, convert = "Yarn", "run `npm install --package-lock-only` beside package.json: npm takes the versions from yarn.lock"
	case base == "bun.lock", base == "bun.lockb", bytes.HasPrefix(head, []byte("#!/usr/bin/env bun")):
		who, convert = "Bun", "run `npm install --package-lock-only` beside package.json (it reads no bun.lock: review the versions)"
	default:
		return nil
	}
	return &diag.Problem{
		Code: CodeFormat, Pos: diag.Pos{File: file}, What: "this is a lockfile of " + who, Why: "nbuild reads package-lock.json and npm-shrinkwrap.json, lockfileVersion 2 and 3",
		Remedy: convert + ", commit package-lock.json, and keep it beside the other one",
	}
}

// version reports a lockfileVersion that is not read.
func (p *parser) version(version string, at int) {
	problem := &diag.Problem{
		What: "lockfileVersion " + version + " is not known", Why: "nbuild reads versions 2 and 3; what a newer one means is not known",
		Remedy: "run `npm install --package-lock-only --lockfile-version 3` to write it as version 3",
	}
	switch version {
	case "0", "1":
		problem.What = "the lockfile has version " + version
		problem.Why = "npm 6 and older wrote it; it does not say where each package stands"
	case "":
		problem.What = "this is not a lockfile of npm: it has no lockfileVersion"
	case "2", "3":
		problem.What = "the lockfile has no \"packages\""
		problem.Why = "that is where it says which versions there are"
		problem.Remedy = restore(p.file)
	}
	p.report(CodeFormat, at, problem)
}
