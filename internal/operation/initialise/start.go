package initialise

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder/launch"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// start is what an image runs, and where that was found.
type start struct {
	cmd    []string
	env    map[string]string
	from   string   // for people
	before []string // commands that the same script runs first
	next   bool     // it is `next start`
	left   []string

	program    string   // the command of a package that it is; "" where node is given a file
	develops   bool     // it needs packages of development
	programs   programs // what packages bring; nil where only node itself counts
	translated bool     // what compiles a program each time counts as well
}

// file is what the command gives to node; "" where it gives none.
func (s *start) file() string {
	if len(s.cmd) == 0 {
		return ""
	}
	if s.program != "" { // what it is given may be a file of the project's
		for _, w := range s.cmd[2:] {
			if slices.Contains([]string{".js", ".mjs", ".cjs", ".ts", ".mts"}, path.Ext(w)) && !strings.HasPrefix(w, "-") {
				return w
			}
		}
		return ""
	}
	if rest := launch.ReadArguments(s.cmd[1:]).Rest; len(rest) > 0 {
		return rest[0]
	}
	return ""
}

// productive are scripts by which projects start in production, the likeliest first.
var productive = []string{"start", "start:prod", "start:production", "prod", "production", "serve", "server", "start:server", "serve:prod"}

// findStart finds the command of a project: what its scripts start, where that comes to
// node; else a Procfile's or a Dockerfile's; else the server that a framework makes; else
// the command of a package that the scripts start; else main; else a file by its usual
// name; else what compiles the program each time. A file that is not there counts where
// the project is built.
func findStart(folder fs.FS, m manifest, built bool) *start {
	var known programs
	translated := false
	try := func(script, from string) *start {
		s := &start{from: from, env: map[string]string{}, programs: known, translated: translated}
		if !s.read(m, script, 0) {
			return nil
		}
		if f := s.file(); f == "." || f == "./" {
			s.cmd[len(s.cmd)-len(launch.ReadArguments(s.cmd[1:]).Rest)] = "./" + path.Clean(orDefault(m.main, "index.js"))
		}
		return s
	}
	var later *start // a file that is neither there nor made
	accept := func(s *start) bool {
		if s == nil {
			return false
		}
		if s.next || s.file() == "" || stands(folder, s.file()) || built {
			return true
		}
		if later == nil {
			later = s
		}
		return false
	}
	scripts := func() *start {
		for _, name := range productive {
			if m.scripts[name] == "" {
				continue
			}
			if s := try(m.scripts[name], "the "+started(m.scripts, name)+" script of package.json"); accept(s) {
				return s
			}
		}
		return nil
	}
	if s := scripts(); s != nil {
		return s
	}
	for line := range strings.SplitSeq(text(folder, "Procfile"), "\n") {
		if web, ok := strings.CutPrefix(strings.TrimSpace(line), "web:"); ok {
			if s := try(strings.TrimSpace(web), "the Procfile"); accept(s) {
				return s
			}
		}
	}
	if s := try(dockerCommand(text(folder, "Dockerfile")), "the Dockerfile"); accept(s) {
		return s
	}
	if s := server(folder, m); s != nil {
		return s
	}
	known = programsOf(folder)
	if s := scripts(); s != nil {
		return s
	}
	for _, c := range []struct{ file, from string }{{m.main, "main of package.json"}, {"server.js", "a file by its usual name"}, {"index.js", "a file by its usual name"}, {"app.js", "a file by its usual name"}} {
		c.file = path.Clean(c.file)
		if !fs.ValidPath(c.file) || c.file == "." {
			continue
		}
		for _, file := range endings(c.file) {
			if info, err := fs.Stat(folder, file); err == nil && info.Mode().IsRegular() && path.Ext(file) != "" {
				return &start{cmd: []string{"node", file}, from: c.from, env: map[string]string{}}
			}
		}
		if built && c.file == path.Clean(m.main) && strings.Contains(c.file, "/") {
			return &start{cmd: []string{"node", c.file}, from: c.from, env: map[string]string{}}
		}
	}
	translated = true
	if s := scripts(); s != nil {
		return s
	}
	return later
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// started is the script that a script comes to: another one, where all it does is to run
// that.
func started(scripts map[string]string, name string) string {
	for range scripts { // no chain is longer, so one that goes in circles ends
		c, ok := parse(scripts[name])
		names, given := c.runs(scripts)
		if !ok || len(names) != 1 || len(given) > 0 || len(parts(scripts[name])) != 1 {
			break
		}
		name = names[0]
	}
	return name
}

// read finds the last command of a script, through the scripts that it runs, and reports
// whether that is node's or Next's.
func (s *start) read(m manifest, script string, depth int) bool {
	all := parts(script)
	if len(all) == 0 || depth > len(m.scripts) {
		return false
	}
	c, ok := parse(all[len(all)-1])
	if !ok {
		return false
	}
	s.before = append(s.before, all[:len(all)-1]...)
	s.left = append(s.left, c.left...)
	for k, v := range c.env {
		s.env[k] = v
	}
	if names, given := c.runs(m.scripts); len(names) == 1 {
		if !s.read(m, m.scripts[names[0]], depth+1) {
			return false
		}
		s.cmd = append(s.cmd, given...)
		return true
	}
	return s.node(c.words)
}

// node reads the words of a command that comes to node: node itself, what watches or
// keeps it, and commands of packages.
func (s *start) node(words []string) bool {
	rest := words[1:]
	switch program := path.Base(words[0]); program {
	case "node":
		s.cmd = append([]string{"node"}, kept(rest)...)
		return s.file() != ""
	case "next":
		s.next = len(rest) > 0 && rest[0] == "start"
		return s.next
	case "tsx":
		if len(rest) == 0 || rest[0] == "watch" {
			return false
		}
		if production, is := s.programs["tsx"]; is && !production {
			break // among the translators
		}
		s.cmd = append([]string{"node", "--import", "tsx"}, rest...)
		return s.file() != ""
	case "nodemon", "forever", "pm2", "pm2-runtime":
		if s.env["NODE_ENV"] == "development" {
			delete(s.env, "NODE_ENV")
		}
		return s.keeper(program, rest)
	}
	return s.linked(path.Base(words[0]), rest)
}

// kept are the words behind node that an image needs: what watches and what debugs stay
// out.
func kept(words []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool {
		return w == "--watch" || strings.HasPrefix(w, "--watch=") || strings.HasPrefix(w, "--inspect")
	})
}

// keeper reads what starts a program again when it ends or changes.
func (s *start) keeper(program string, rest []string) bool {
	for len(rest) > 0 {
		w := rest[0]
		switch {
		case w == "start" && program != "nodemon":
			rest = rest[1:]
		case w == "--exec" || w == "-x":
			if len(rest) < 2 {
				return false
			}
			return s.node(append(strings.Fields(rest[1]), rest[2:]...))
		case strings.HasPrefix(w, "-"):
			rest = rest[1:]
			if !strings.Contains(w, "=") && slices.Contains([]string{"-w", "--watch", "-e", "--ext", "-i", "--ignore", "--signal", "--delay", "-m", "--name", "-n", "-r", "--require"}, w) && len(rest) > 0 {
				rest = rest[1:]
			}
		default:
			if strings.Contains(path.Base(w), "ecosystem") || path.Ext(w) == ".json" || path.Ext(w) == ".ts" {
				return false
			}
			s.cmd = append([]string{"node"}, rest...)
			return true
		}
	}
	return false
}

// dockerCommand is what the last CMD of a Dockerfile runs, or its ENTRYPOINT where that is
// all of it.
func dockerCommand(file string) string {
	found := ""
	for line := range strings.SplitSeq(file, "\n") {
		name, args, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch strings.ToUpper(name) {
		case "FROM":
			found = ""
		case "CMD", "ENTRYPOINT":
			args = strings.TrimSpace(args)
			if list, err := strictjson.Parse([]byte(args)); err == nil {
				var all []string
				for _, word := range asList(list) {
					if w, ok := word.(string); ok {
						all = append(all, w)
					}
				}
				args = strings.Join(all, " ")
			}
			if c, ok := parse(args); ok && len(c.words) > 1 {
				found = args
			}
		}
	}
	return found
}

func asList(v any) []any {
	list, _ := v.([]any)
	return list
}

// endings are the files that node tries for a name.
func endings(name string) []string { return []string{name, name + ".js", name + "/index.js"} }

// stands reports whether a file is there that node would run by a name. What only a
// package.json could show counts as there.
func stands(folder fs.FS, name string) bool {
	name = path.Clean(name)
	if !fs.ValidPath(name) {
		return true
	}
	for _, file := range append(endings(name), name+".cjs", name+".json", name+".node") {
		if info, err := fs.Stat(folder, file); err == nil && !info.IsDir() {
			return true
		}
	}
	_, err := fs.Stat(folder, name+"/package.json")
	return err == nil
}
