package launch

import (
	"fmt"
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/lazyregexp"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/internal/utf8bom"
)

var shells = map[string]bool{"sh": true, "bash": true, "dash": true, "ash": true, "zsh": true}

// inits are programs that start their arguments as a command, with those of their flags
// that take the next word.
var inits = map[string]map[string]bool{
	"tini": {"-p": true, "-e": true}, "tini-static": {"-p": true, "-e": true}, "docker-init": {"-p": true, "-e": true},
	"dumb-init": {"-r": true, "--rewrite": true}, "catatonit": {}, "nice": {"-n": true}, "setpriv": {}, "exec": {},
}

// wrapper looks at what a program starts that is known to start another. It reports
// whether the program is such a one.
func (c *checker) wrapper(command []string, depth int) (bool, error) {
	name, rest := path.Base(command[0]), command[1:]
	if flags, ok := inits[name]; ok {
		for len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
			flag := rest[0]
			rest = rest[1:]
			if flag == "--" {
				break
			}
			if flags[flag] && len(rest) > 0 {
				rest = rest[1:]
			}
		}
		return true, c.run(rest, depth+1)
	}
	switch {
	case name == "env":
		return true, c.run(afterEnv(rest), depth+1)
	case name == "docker-entrypoint.sh" && c.start.Node != "":
		// That of Node's own images: what is not a command is node's.
		if len(rest) > 0 && (strings.HasPrefix(rest[0], "-") || c.which(rest[0]) == nil || !c.mayRun(c.which(rest[0]))) {
			rest = append([]string{"node"}, rest...)
		}
		return true, c.run(rest, depth+1)
	case shells[name]:
		return true, c.shell(rest, depth)
	case name == "npm" || name == "yarn" || name == "pnpm":
		return true, c.script(name, rest, depth)
	case name == "npx" || name == "bunx":
		return true, nil
	}
	return false, nil
}

// afterEnv is the command that env(1) starts; none where it is given flags that are not
// followed here.
func afterEnv(words []string) []string {
	for len(words) > 0 {
		w := words[0]
		switch {
		case w == "-S" || w == "--split-string":
			if len(words) < 2 {
				return nil
			}
			return append(strings.Fields(words[1]), words[2:]...)
		case strings.HasPrefix(w, "-S "):
			return append(strings.Fields(w[3:]), words[1:]...)
		case w == "-i" || w == "-" || w == "--ignore-environment":
		case strings.HasPrefix(w, "-"):
			return nil
		case !strings.Contains(w, "="):
			return words
		}
		words = words[1:]
	}
	return nil
}

// plain is a line of a shell that is nothing but words. In any other, what is started
// depends on more than can be read here.
var plain = lazyregexp.New(`^[A-Za-z0-9_./=@:,+% -]+$`)

var assignment = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*=`)

// shell looks at `sh -c LINE`, and at `sh FILE`.
func (c *checker) shell(args []string, depth int) error {
	if len(args) > 1 && strings.HasPrefix(args[0], "-") && !strings.HasPrefix(args[0], "--") && strings.HasSuffix(args[0], "c") {
		return c.line(args[1], depth)
	}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		if c.root.Find(c.absolute(args[0])) == nil {
			c.missing("a shell", args[0])
		}
	}
	return nil
}

// builtins are words that a shell does not look for.
var builtins = map[string]bool{
	"cd": true, "echo": true, "exit": true, "export": true, "set": true, "test": true, "true": true, "false": true, "printf": true, "umask": true,
	"ulimit": true, "wait": true, "trap": true, "source": true, ".": true, ":": true, "eval": true, "if": true, "for": true, "while": true, "case": true,
}

func (c *checker) line(line string, depth int) error {
	if !plain().MatchString(line) {
		return nil
	}
	words := strings.Fields(line)
	for len(words) > 0 && (assignment().MatchString(words[0]) || words[0] == "exec") {
		words = words[1:]
	}
	if len(words) == 0 || builtins[words[0]] || strings.ContainsAny(line, "%") {
		return nil
	}
	return c.run(words, depth+1)
}

// script looks at a script of package.json that a package manager starts.
func (c *checker) script(manager string, args []string, depth int) error {
	name := ""
	switch {
	case len(args) > 0 && args[0] == "start":
		name = "start"
	case len(args) > 1 && (args[0] == "run" || args[0] == "run-script") && !strings.HasPrefix(args[1], "-"):
		name = args[1]
	default:
		return nil
	}
	file, scripts := c.manifest()
	if file == "" {
		c.missing(manager, "package.json")
		return nil
	}
	line, ok := scripts[name]
	if !ok && name == "start" && c.root.Find(path.Join(c.start.Workdir, "server.js")) != nil {
		line, ok = "node server.js", manager == "npm"
	}
	if !ok {
		c.problem(CodeEntry, fmt.Sprintf("`%s` runs the script %q, which %s does not have", strings.Join(append([]string{manager}, args...), " "), name, file),
			"the package manager ends at once", "correct `cmd` of the image block: name the program itself, as in `cmd = [\"node\", \"server.js\"]`")
		return nil
	}
	before := c.bins
	c.bins = append([]string{path.Join(c.start.Workdir, "node_modules/.bin")}, before...)
	defer func() { c.bins = before }()
	return c.line(line, depth+1)
}

// manifest returns the package.json of the working folder and its scripts; "" where there
// is none.
func (c *checker) manifest() (string, map[string]string) {
	n := c.root.Find(path.Join(c.start.Workdir, "package.json"))
	if n == nil {
		return "", nil
	}
	var scripts map[string]string
	if data, err := c.root.Contents(n); err == nil {
		r := strictjson.NewReader(utf8bom.Trim(data))
		r.Object(func(key string, _ int) {
			if key == "scripts" {
				scripts = r.AsTexts()
				return
			}
			r.Skip()
		})
	}
	return "/" + n.Path, scripts
}

// startScript returns what a package manager would start, where that is a plain command
// of node.
func (c *checker) startScript(command []string) string {
	name := "start"
	if len(command) > 2 && (command[1] == "run" || command[1] == "run-script") {
		name = command[2]
	} else if len(command) < 2 || command[1] != "start" {
		return ""
	}
	_, scripts := c.manifest()
	words := strings.Fields(scripts[name])
	if !plain().MatchString(scripts[name]) || len(words) < 2 || words[0] != "node" {
		return ""
	}
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", w)
	}
	return fmt.Sprintf("; its script %s is `cmd = [%s]`", name, strings.Join(quoted, ", "))
}
