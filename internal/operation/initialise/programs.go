package initialise

import (
	"io/fs"
	"path"
	"slices"

	"github.com/nbuild/nbuild/internal/locked"
)

// programs are the commands that packages bring, which npm links in node_modules/.bin, and
// whether production has each.
type programs map[string]bool

// programsOf reads them from the lockfile.
func programsOf(folder fs.FS) programs {
	all := programs{}
	file, _ := lockOf(folder)
	if file == "" {
		return all
	}
	lock, err := readLock(folder, file)
	if err != nil {
		return all // `nbuild pin` explains it
	}
	for _, omit := range [][]string{nil, {"dev"}} {
		tree, err := locked.PlanAvailable(lock, locked.Options{OS: "linux", CPU: "x64", Libc: "glibc", Omit: omit})
		if err != nil {
			return all
		}
		for _, e := range tree.Root { // pnpm's lockfile says that there are commands: one is mostly called as its package
			if p, ok := tree.Find(e.To); ok && p.HasBins {
				all[path.Base(p.Name)] = omit != nil
			}
		}
		for _, l := range tree.BinLinks(func(*locked.Package, string) bool { return true }) {
			if path.Dir(l.Path) == "node_modules/.bin" {
				all[path.Base(l.Path)] = omit != nil
			}
		}
	}
	return all
}

// workshop are programs that build, watch, check or run several others: none is what an
// image starts, whoever depends on it.
var workshop = []string{"astro", "concurrently", "docusaurus", "electron", "gatsby", "grunt", "gulp", "jest", "knex", "lerna", "mocha", "nest", "ng", "npm-run-all", "nx", "prisma", "react-scripts", "run-p", "run-s", "sequelize", "start-server-and-test", "tsc", "turbo", "typeorm", "vite", "vue-cli-service", "wait-on", "webpack", "webpack-dev-server", "wrangler"}

// translators compile a program each time that it starts.
var translators = []string{"babel-node", "esr", "swc-node", "ts-node", "tsx"}

// linked takes a command of a package for what the image starts: one of production, or a
// translator where there is nothing better.
func (s *start) linked(program string, rest []string) bool {
	production, is := s.programs[program]
	switch {
	case !is || slices.Contains(workshop, program):
		return false
	case slices.Contains(translators, program):
		if !s.translated || len(rest) == 0 {
			return false
		}
	case !production:
		return false
	}
	s.cmd = append([]string{"node", "node_modules/.bin/" + program}, kept(rest)...)
	s.program, s.develops = program, !production
	return true
}

// server is how the servers start that frameworks make, whose projects need no start
// script; nil where there is none.
func server(folder fs.FS, m manifest) *start {
	switch {
	case m.has("@sveltejs/adapter-node"):
		return &start{cmd: []string{"node", svelteOut(folder)}, from: "@sveltejs/adapter-node", env: map[string]string{}}
	case m.has("nuxt") && nuxtMakesServer(m.all["nuxt"]):
		return &start{cmd: []string{"node", ".output/server/index.mjs"}, from: "nuxt", env: map[string]string{}}
	case m.has("astro") && m.has("@astrojs/node"):
		return &start{cmd: []string{"node", "dist/server/entry.mjs"}, from: "@astrojs/node", env: map[string]string{"HOST": "0.0.0.0"}}
	}
	return nil
}

// svelteOut is the folder that SvelteKit's adapter for Node writes.
func svelteOut(folder fs.FS) string {
	if found := adapterOut().FindStringSubmatch(text(folder, "svelte.config.js")); found != nil {
		return path.Clean(found[1])
	}
	return "build"
}

// nuxtMakesServer reports whether what is asked for is Nuxt 3 or later: Nuxt 2 is started
// by its own command.
func nuxtMakesServer(asked string) bool {
	for _, c := range asked {
		if c >= '0' && c <= '9' {
			return c > '2'
		}
	}
	return true
}
