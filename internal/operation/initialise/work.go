package initialise

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/lazyregexp"
)

// work is what has to be done before a project can start: the commands of its scripts,
// and what they leave.
type work struct {
	use     string     // a standard pipeline
	run     []string   // nil is the pipeline's own
	outputs []string   // nil is the pipeline's own
	doing   [][]string // the commands, one after another
	shell   []string   // ... as they stand
	from    []string   // the scripts that they are of
	memory  int        // GiB that the commands ask of their heap and what goes with it; 0 is the default
	unknown bool       // some command leaves something that nobody can tell
	left    []string
}

// builders are the scripts by which projects are built, the likeliest first.
var builders = []string{"build", "build:prod", "build:production", "compile", "build:server", "build:ts", "build-ts"}

// findWork gathers the commands that make what a project starts: its build script with
// what npm runs before and after it, and what its own install and start scripts do first.
func findWork(folder fs.FS, m manifest) *work {
	w := &work{}
	script := func(name string) {
		before := len(w.shell)
		if w.gather(m, m.scripts[name], 0); len(w.shell) > before {
			w.from = append(w.from, name)
		}
	}
	script("postinstall")
	for _, name := range builders {
		if m.scripts[name] != "" {
			script("pre" + name)
			script(name)
			script("post" + name)
			break
		}
	}
	script("prestart")
	s := &start{env: map[string]string{}}
	if s.read(m, m.scripts["start"], 0) {
		for _, b := range s.before {
			before := len(w.shell)
			if w.gather(m, b, 0); len(w.shell) > before && !slices.Contains(w.from, "start") {
				w.from = append(w.from, "start")
			}
		}
	}
	w.prisma(folder, m)
	if len(w.doing) == 0 {
		return w
	}
	for _, words := range w.doing {
		outputs, known := leaves(folder, m, words)
		w.outputs = append(w.outputs, outputs...)
		w.unknown = w.unknown || !known
	}
	return w
}

// gather adds the commands of a script, through the scripts that it runs. What only
// checks, cleans, prints or installs is left out: nothing of it is in an image.
func (w *work) gather(m manifest, script string, depth int) {
	if depth > len(m.scripts) {
		return
	}
	for _, part := range parts(script) {
		if first, otherwise, either := strings.Cut(part, "||"); either && asksForFile().MatchString(first) {
			w.gather(m, otherwise, depth+1) // what a fresh checkout lacks
			continue
		}
		c, ok := parse(part)
		if !ok || len(c.words) == 0 || len(c.left) > 0 {
			if !slices.Contains(w.shell, part) {
				w.shell, w.doing, w.unknown = append(w.shell, part), append(w.doing, []string{"sh"}), true
			}
			continue
		}
		if names, _ := c.runs(m.scripts); len(names) > 0 {
			for _, n := range names {
				for _, name := range []string{"pre" + n, n, "post" + n} {
					w.gather(m, m.scripts[name], depth+1)
				}
			}
			continue
		}
		if idle(c.words) || path.Base(c.words[0]) == "prisma" && slices.Contains(c.words, "generate") && m.generates() {
			continue // what Prisma generates is done first, see prisma
		}
		if why := impossible(c.words); why != "" {
			w.left = append(w.left, "`"+strings.Join(c.words, " ")+"` "+why)
			continue
		}
		whole := shellWords(c)
		if !slices.Contains(w.shell, whole) {
			w.doing, w.shell = append(w.doing, c.words), append(w.shell, whole)
		}
	}
}

var asksForFile = lazyregexp.New(`^\s*(test|\[) -[ef] `)

// shellWords writes a command again, with its variables and without what ran it.
func shellWords(c command) string {
	var all []string
	for _, k := range sortedKeys(c.env) {
		all = append(all, k+"="+shellQuoted(c.env[k]))
	}
	for _, word := range c.words {
		all = append(all, shellQuoted(word))
	}
	return strings.Join(all, " ")
}

var bare = lazyregexp.New(`^[A-Za-z0-9_@%+=:,./-]+$`)

func shellQuoted(s string) string {
	if bare().MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// idle reports whether a command makes nothing that an image has.
func idle(words []string) bool {
	if path.Base(words[0]) == "tsc" && slices.Contains(words, "--noEmit") {
		return true
	}
	switch path.Base(words[0]) {
	case "echo", "true", "exit", "husky", "lefthook", "is-ci", "eslint", "prettier", "rimraf", "rm", "del-cli", "tslint", "biome", "opencollective", "opencollective-postinstall", "check-engine", "test", "cd", "set", "docker", "ngcc", "standard", "xo", "shx":
		return path.Base(words[0]) != "shx" || len(words) > 1 && words[1] == "rm"
	case "npm", "yarn", "pnpm", "bun": // what is no script
		return true
	}
	return false
}

// impossible says why a command can't run in a build; "" where it can.
func impossible(words []string) string {
	switch path.Base(words[0]) {
	case "prisma":
		if len(words) > 1 && words[1] != "generate" {
			return "asks a database, which no build reaches: run it where the image runs"
		}
		return "downloads Prisma's engines: commit what it generates, or generate it where a network is"
	case "sequelize", "sequelize-cli", "knex", "typeorm", "migrate", "migrate-mongo", "db-migrate", "drizzle-kit":
		return "asks a database, which no build reaches: run it where the image runs"
	case "patch-package":
		return "changes packages: write a `patch` block in the npm block for each"
	}
	return ""
}

// settle decides what the step is, once it is known what the image starts. It reports
// whether there is a step.
func (w *work) settle(folder fs.FS, s *start) bool {
	if s != nil && s.file() != "" && !stands(folder, s.file()) {
		if first, _, deep := strings.Cut(path.Clean(s.file()), "/"); deep {
			if info, err := fs.Stat(folder, first); err != nil || !info.IsDir() { // else what is made stands among what is there
				w.outputs = append(w.outputs, first)
			}
		}
	}
	var outs []string
	slices.Sort(w.outputs)
	for _, o := range slices.Compact(w.outputs) {
		inside := slices.ContainsFunc(outs, func(other string) bool { return strings.HasPrefix(o, other+"/") })
		_, err := fs.Stat(folder, o)
		if !inside && (err != nil || strings.HasPrefix(o, ".next/")) { // what is there comes from the project
			outs = append(outs, o)
		}
	}
	w.outputs = outs
	if len(w.doing) == 0 || len(outs) == 0 {
		return false
	}
	if len(w.doing) == 1 {
		if w.standard(w.doing[0]) {
			return true
		}
	}
	if found := heap().FindStringSubmatch(strings.Join(w.shell, " ")); found != nil {
		if mebibytes, err := strconv.Atoi(found[1]); err == nil && mebibytes <= 64<<10 {
			w.memory = (mebibytes+1023)/1024 + 2
		}
	}
	w.use = "npm/build"
	w.run = []string{"sh", "-c", "export PATH=$PWD/node_modules/.bin:$PATH && " + strings.Join(w.shell, " && ")}
	return true
}

// standard takes a standard pipeline for a command that is one.
func (w *work) standard(words []string) bool {
	use := map[string]string{"tsc": "typescript", "nest": "nest", "next": "next", "vite": "vite", "esbuild": "esbuild"}[path.Base(words[0])]
	if use == "" || use != "typescript" && use != "esbuild" && (len(words) < 2 || words[1] != "build") || strings.Contains(w.shell[0], "=") && !strings.HasPrefix(w.shell[0], words[0]) {
		return false
	}
	w.use = use
	plain := map[string]int{"typescript": 1, "nest": 2, "next": 2, "vite": 2}[use]
	if use == "typescript" && len(words) == 3 && (words[1] == "-p" || words[1] == "--project") && slices.Contains([]string{".", "./", "tsconfig.json", "./tsconfig.json"}, words[2]) {
		plain = 3
	}
	if len(words) != plain {
		w.run = append([]string{"node_modules/.bin/" + path.Base(words[0])}, words[1:]...)
	}
	if use == "next" || len(w.outputs) == 1 && w.outputs[0] == "dist" {
		w.outputs = nil
	}
	return true
}
