package initialise

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/internal/npm/semver"
	"github.com/nbuild/nbuild/pipelines"
)

// survey is what was found out about a project.
type survey struct {
	name     string
	lockfile string // "" where it is the usual one
	node     string // "" where it is the default
	why      string // why it is that version
	start    *start
	work     *work // nil where nothing has to be done
	public   bool  // Next's folder public has files
	installs installs
	answers  answers
	tests    string // the standard pipeline that runs the tests
	unknown  []string
}

func (s *survey) doubt(format string, args ...any) {
	s.unknown = append(s.unknown, fmt.Sprintf(format, args...))
}

// look finds everything out.
func look(folder fs.FS) (*survey, error) {
	m, err := read(folder)
	if err != nil {
		return nil, err
	}
	s := &survey{name: blockName(m.name)}
	w := findWork(folder, m)
	s.start = findStart(folder, m, len(w.doing) > 0)
	if s.start == nil {
		return nil, &diag.Problem{
			Code: CodeStart, Pos: diag.Pos{File: "package.json"}, What: "package.json does not say what to start",
			Why:    "there is no start script of the form `node FILE`, no main that exists, and no server.js or index.js",
			Remedy: "write build.hcl by hand: `nbuild explain image` shows how; cmd = [\"node\", \"server.js\"] names the file",
		}
	}
	if s.start.next {
		w.use, w.run, w.outputs, w.doing = "next", nil, nil, [][]string{{"next", "build"}}
		s.nextServer(folder)
	}
	if s.start.next || w.settle(folder, s.start) {
		s.work = w
		s.left(w)
	} else if len(w.doing) > 0 {
		s.doubt("what `%s` makes could not be told, so no step does it: where the image needs it, write a step with use = \"npm/build\" and name its outputs", shortened(strings.Join(w.shell, " && ")))
	} else {
		s.left(w)
	}
	for _, l := range s.start.left {
		s.doubt("of the start script: %s", l)
	}
	if s.work == nil && !s.start.next {
		for _, b := range s.start.before {
			if c, ok := parse(b); ok {
				if names, _ := c.runs(m.scripts); len(names) == 0 && !idle(c.words) && impossible(c.words) == "" {
					s.doubt("`%s` runs before the start there, and not in the image", shortened(b))
				}
			}
		}
	}
	if s.start.develops {
		s.doubt("`%s` compiles the program each time that it starts, and is a package of development: the image has all packages for it; a build script that compiles once would leave them out", s.start.program)
	}
	lock, foreign := lockOf(folder)
	switch {
	case lock == "" && foreign != "":
		s.doubt("%s is not read yet: `npm install --package-lock-only` writes package-lock.json beside it; review its versions", foreign)
	case lock != "":
		if lock == "npm-shrinkwrap.json" {
			s.lockfile = lock
		}
		if lock == "yarn.lock" {
			s.doubt("which packages have install scripts: yarn.lock does not say it, and `nbuild pin` writes it into nbuild.lock; none runs until its block in npm \"deps\" says so, and `nbuild build` says where an image needs it")
		}
		s.installs = lookAtLock(folder, lock)
		if s.installs.broken {
			s.doubt("%s can't be planned as it is: `nbuild pin` says why", lock)
		}
		if all := s.installs.offers; len(all) > 0 {
			var names []string
			for _, o := range all {
				names = append(names, o.name)
			}
			s.doubt("whether production needs what install scripts make, of %s: none runs until its block in npm \"deps\" is one, and no comment; `nbuild build` says where an image needs it", strings.Join(names, ", "))
		}
	}
	s.ask(folder, m)
	s.engine(m, text(folder, ".nvmrc"), text(folder, ".node-version"))
	if t := m.scripts["test"]; t != "" && s.node != "20" && !strings.Contains(t, "no test specified") {
		s.tests = "npm/test"
		if strings.HasPrefix(t, "node --test") {
			s.tests = "node/test"
		}
	}
	if m.has("@prisma/client") && !(m.has("prisma") && m.generates()) {
		s.doubt("Prisma's client is generated with programs that it downloads, which no build does: an image that loads it needs what `prisma generate` writes in the project")
	}
	return s, nil
}

// left says what of the scripts is not done.
func (s *survey) left(w *work) {
	for _, l := range w.left {
		s.doubt("%s", l)
	}
	if s.work != nil && w.unknown && s.work.use == "npm/build" {
		s.doubt("the step keeps %s: what else its commands leave is not known, and outputs names it", strings.Join(w.outputs, ", "))
	}
}

// nextServer looks at what a Next.js server depends on.
func (s *survey) nextServer(folder fs.FS) {
	_ = fs.WalkDir(folder, "public", func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			s.public = true
			return fs.SkipAll
		}
		return err
	})
	for _, name := range []string{"next.config.js", "next.config.mjs", "next.config.ts"} {
		src := text(folder, name)
		if strings.Contains(src, `"export"`) || strings.Contains(src, `'export'`) {
			s.doubt("%s makes a static site (output: \"export\"), which has no server to start", name)
		}
	}
	if fetches(folder) {
		s.doubt("next/font/google fetches fonts while it builds, and no step has a network: keep them in the project with next/font/local")
	}
}

// lines are the versions of Node that nbuild knows, the preferred first.
var lines = []string{"22", "24", "26", "20"}

// engine chooses the version of Node: the default where the project takes it.
func (s *survey) engine(m manifest, files ...string) {
	asked, from := m.engines["node"], "engines of package.json"
	if asked == "" {
		for i, f := range files {
			if v := strings.TrimPrefix(strings.TrimSpace(f), "v"); v != "" && asked == "" {
				asked, from = strings.SplitN(v, ".", 2)[0], []string{".nvmrc", ".node-version"}[i]
			}
		}
	}
	if asked == "" {
		return
	}
	r, ok := semver.ParseRange(asked, semver.Options{Loose: true})
	if !ok {
		s.doubt("%s asks for Node %q, which is no range", from, asked)
		return
	}
	for _, line := range lines {
		if v, ok := semver.Parse(line+".999.0", semver.Options{}); ok && r.Fits(v) {
			if line != "22" {
				s.node, s.why = line, from
			}
			return
		}
	}
	for _, line := range lines {
		within, _ := semver.ParseRange(line+".x", semver.Options{})
		if !r.Intersects(within) {
			continue
		}
		// One release of a line, or none after it: older ones have known holes, and the guard
		// holds what newer ones do.
		if line != "22" {
			s.node, s.why = line, from
		}
		s.doubt("%s ask for Node %s, and the image has the newest %s: node = \"…\" in the base block takes one release", from, asked, line)
		return
	}
	if from == "engines of package.json" {
		s.doubt("%s ask for Node %s, and the image has 22: nbuild knows 20, 22, 24 and 26", from, asked)
	}
}

func shortened(s string) string {
	if r := []rune(s); len(r) > 120 {
		return string(r[:120]) + "…"
	}
	return s
}

func build(folder fs.FS) (Result, error) {
	r := Result{Schema: "nbuild.init/v1", Steps: []string{}, Unknown: []string{}}
	s, err := look(folder)
	if err != nil {
		return r, err
	}
	r.Cmd, r.From = s.command(), s.start.from
	r.Unknown = append(r.Unknown, s.unknown...)
	if s.work != nil {
		r.Steps = append(r.Steps, "build")
	} else if f := s.start.file(); f != "" && !stands(folder, f) {
		r.Missing = f
	}
	formatted, err := hclfile.Format([]byte(s.write()), "build.hcl")
	if err != nil {
		return r, fmt.Errorf("writing build.hcl: %w", err)
	}
	if _, err := pipelines.Parse(formatted, "build.hcl", folder, pipelines.Options{}); err != nil {
		return r, err
	}
	r.Text = string(formatted)
	return r, nil
}

// command is what the image runs.
func (s *survey) command() []string {
	if s.start.next {
		return []string{"node", "server.js"}
	}
	return s.start.cmd
}

// blockName makes a label of a package's name: "@shop/store.front" is
// "store-front".
func blockName(name string) string {
	name = strings.Trim(notName().ReplaceAllString(path.Base(name), "-"), "-_")
	if len(name) > 63 {
		name = name[:63]
	}
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return "app"
	}
	return name
}
