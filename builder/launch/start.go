package launch

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/builder/rootfs"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/resolution"
)

// Start is how an image starts, as its configuration says without the guard.
type Start struct {
	Image    string // its name in build.hcl
	Command  []string
	Env      []string // NAME=value
	Workdir  string
	User     string // "65532:65532"; a name stands for whoever the base says
	Platform string // "linux/amd64"
	Node     string // the version of its Node, "" where that is not known

	Layers []string            // of the image block, for whoever looks for a file
	Base   Base                // what it stands on
	Disk   func(string) string // the project's file that would stand at a path of the image, "" where there is none
}

// Base is what an image stands on, as remedies need it.
type Base struct {
	Name     string
	Image    string   // "" of one that is made of Debian packages
	Packages []string // of Debian, as build.hcl has them
	Implied  bool     // build.hcl has no such block
}

// Check returns why the image can't start, as far as its files show.
func Check(r *rootfs.FS, s Start) (diag.Problems, error) {
	if len(s.Command) == 0 {
		return nil, nil // the language asks for a command
	}
	if s.Workdir == "" {
		s.Workdir = "/"
	}
	c := &checker{root: r, start: s, env: map[string]string{}}
	for _, v := range s.Env {
		name, value, _ := strings.Cut(v, "=")
		c.env[name] = value
	}
	if n := r.Find(s.Workdir); n != nil && !n.Perm.IsDir() {
		c.problem(CodeProgram, fmt.Sprintf("the working folder %s is a file", s.Workdir), "nothing starts in a file", "set `workdir` of the image block to a folder")
		return c.problems, nil
	}
	if err := c.run(s.Command, 0); err != nil {
		return nil, err
	}
	return c.problems, nil
}

// checker is one look at one command.
type checker struct {
	root     *rootfs.FS
	start    Start
	env      map[string]string
	bins     []string // folders that are looked in before PATH, as npm adds them
	problems diag.Problems
	resolver *resolution.Resolver
}

func (c *checker) problem(code diag.Code, what, why, remedy string) {
	c.problems = append(c.problems, &diag.Problem{Code: code, What: fmt.Sprintf("image %q can't start: %s", c.start.Image, what), Why: why, Remedy: remedy})
}

// maxPrograms is how many programs may start each other in one command: a wrapper, an
// interpreter, a script of package.json.
const maxPrograms = 16

// defaultPath is where runtimes look for a program in an image that does not say it.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// run looks at a command: its program, and what that is known to start.
func (c *checker) run(command []string, depth int) error {
	if depth > maxPrograms || len(command) == 0 {
		return nil
	}
	name := command[0]
	n := c.which(name)
	if n == nil {
		c.absent(command)
		return nil
	}
	next, err := c.executable(name, n)
	if err != nil || next == stop {
		return err
	}
	if n.Object == nil { // a script
		interpreter, argument, _ := strings.Cut(n.Script, " ")
		if strings.HasSuffix(n.Script, "\r") {
			c.problem(CodeProgram, fmt.Sprintf("%s ends its first line with a carriage return", "/"+n.Path), "Linux takes that for a part of the interpreter's name, and finds no such program",
				fmt.Sprintf("write %s with line feeds alone, as `tr -d '\\r'` makes them", name))
			return nil
		}
		if c.which(interpreter) == nil || !path.IsAbs(interpreter) {
			remedy := "name the program itself in `cmd` of the image block"
			if path.Base(interpreter) == "env" && strings.TrimSpace(argument) == "node" || path.Base(interpreter) == "node" {
				remedy = fmt.Sprintf("let node run it: `cmd = [\"node\", %q]` in the image block", "/"+n.Path)
			}
			c.problem(CodeProgram, fmt.Sprintf("%s is a script for %q, which is not in the image", "/"+n.Path, interpreter), "Linux starts the interpreter that a script's first line names", remedy)
			return nil
		}
		words := []string{interpreter}
		if argument = strings.TrimSpace(argument); argument != "" {
			words = append(words, argument)
		}
		if known, err := c.wrapper(command, depth); known || err != nil {
			return err
		}
		return c.run(append(append(words, "/"+n.Path), command[1:]...), depth+1)
	}
	if err := c.libraries(n, nil); err != nil {
		return err
	}
	if known, err := c.wrapper(command, depth); known || err != nil {
		return err
	}
	if base := path.Base(n.Path); base == "node" || base == "nodejs" || path.Base(name) == "node" {
		return c.node(command[1:])
	}
	return nil
}

// which finds a program as execvp(3) does: a name with a slash is a path, from the
// working folder; any other is looked for in the folders of PATH. From those that are
// there it takes the first that may be run, else the first.
func (c *checker) which(name string) *rootfs.Node {
	if strings.Contains(name, "/") {
		return c.root.Find(c.absolute(name))
	}
	var first *rootfs.Node
	for _, dir := range c.places() {
		n := c.root.Find(path.Join(c.absolute(dir), name))
		if n == nil || n.Perm.IsDir() {
			continue
		}
		if c.mayRun(n) {
			return n
		}
		if first == nil {
			first = n
		}
	}
	return first
}

func (c *checker) places() []string {
	search, ok := c.env["PATH"]
	if !ok || search == "" {
		search = defaultPath
	}
	return append(append([]string{}, c.bins...), strings.Split(search, ":")...)
}

func (c *checker) absolute(name string) string {
	if path.IsAbs(name) {
		return name
	}
	return path.Join(c.start.Workdir, name)
}

// mayRun reports whether the image's user may execute a file.
func (c *checker) mayRun(n *rootfs.Node) bool {
	user, group, _ := strings.Cut(c.start.User, ":")
	uid, err := strconv.Atoi(user)
	if err != nil || uid == 0 {
		return n.Perm&0o111 != 0 // a name is not looked up; root may run what anybody may
	}
	gid, err := strconv.Atoi(group)
	switch {
	case n.User == uid:
		return n.Perm&0o100 != 0
	case n.Group == gid && err == nil:
		return n.Perm&0o010 != 0
	}
	return n.Perm&0o001 != 0 || err != nil && n.Perm&0o010 != 0
}

type step bool

const (
	stop step = false
	goOn step = true
)

// executable holds a file to what execve(2) asks of it.
func (c *checker) executable(name string, n *rootfs.Node) (step, error) {
	at := "/" + n.Path
	switch {
	case n.Perm.IsDir():
		c.problem(CodeProgram, fmt.Sprintf("the command %q is a folder", name), "a folder can't be run", c.byNode(n, "set `cmd` of the image block to a program"))
		return stop, nil
	case !n.Perm.IsRegular():
		return stop, nil // of a base, and of no kind that an image's own layers have
	case !c.mayRun(n):
		c.problem(CodeProgram, fmt.Sprintf("%s may not be executed by the image's user %s", at, c.start.User), fmt.Sprintf("its mode is %04o", n.Perm.Perm()),
			c.byNode(n, c.executing(at)))
		return stop, nil
	}
	if err := c.root.Facts(n); err != nil {
		return stop, err
	}
	switch {
	case n.Object != nil && n.Object.Platform != c.start.Platform:
		is := n.Object.Platform
		if is == "" {
			is = "no machine, as it can't be read"
		}
		c.problem(CodeProgram, fmt.Sprintf("%s is a program for %s, and the image is for %s", at, is, c.start.Platform), "Linux refuses it: \"exec format error\"",
			fmt.Sprintf("put a program for %s in its place", c.start.Platform))
		return stop, nil
	case n.Object == nil && n.Script == "":
		c.problem(CodeProgram, fmt.Sprintf("%s is neither machine code nor a script that begins with #!", at), "Linux refuses it: \"exec format error\"",
			c.byNode(n, "give the file a first line that names its interpreter, such as #!/usr/local/bin/node"))
		return stop, nil
	}
	return goOn, nil
}

// byNode is the remedy for a file of JavaScript that is named as a program.
func (c *checker) byNode(n *rootfs.Node, otherwise string) string {
	switch path.Ext(n.Path) {
	case ".js", ".mjs", ".cjs":
		return fmt.Sprintf("let node run it: `cmd = [\"node\", %q]` in the image block", "/"+n.Path)
	}
	return otherwise
}

// executing is the remedy for a program that may not be run.
func (c *checker) executing(at string) string {
	if c.start.Disk != nil {
		if file := c.start.Disk(at); file != "" {
			return "run `chmod +x " + diag.Word(file) + "`, and build again"
		}
	}
	return "make it executable where it is made, and build again"
}

// absent reports that a program is not there, with what it should be in its place.
func (c *checker) absent(command []string) {
	name := command[0]
	where := "it was looked for in " + strings.Join(c.places(), ", ")
	if strings.Contains(name, "/") {
		where = "it was looked for at " + c.absolute(name)
	}
	own := c.start.Base.Image == ""
	remedy := "correct `cmd` or `entrypoint` of the image block, or add the program to a layer"
	switch base := path.Base(name); {
	case base == "npm" || base == "npx" || base == "yarn" || base == "pnpm" || base == "bun":
		remedy = "name the program that it starts: `cmd = [\"node\", \"FILE\"]` in the image block" + c.startScript(command)
		if own {
			where += "; a base of Node and Debian packages has node and no package manager"
		}
	case shells[base]:
		remedy = "name the program and its arguments in `cmd`, as in `cmd = [\"node\", \"server.js\"]`; an image starts it without a shell"
		if own {
			where += "; a base of Node and Debian packages has no shell"
		}
	case base == "node" && !own:
		remedy = "use a base that has node: `base \"node\" { node = \"22\" }`"
	default:
		if near := c.nearProgram(base); near != "" {
			remedy += "; the nearest program there is " + near
		}
	}
	c.problem(CodeProgram, fmt.Sprintf("its command %q is not in it", name), where, remedy)
}

// nearProgram is the program of PATH with the nearest name.
func (c *checker) nearProgram(name string) string {
	var all []string
	for _, dir := range c.places() {
		n := c.root.Find(c.absolute(dir))
		if n == nil {
			continue
		}
		entries, err := c.root.ReadDir(n.Path)
		if err != nil {
			continue
		}
		for _, e := range entries {
			all = append(all, e.Name())
		}
	}
	return diag.Nearest(name, all)
}
