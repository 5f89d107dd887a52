package initialise

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/js/denote"
	"github.com/nbuild/nbuild/internal/js/typescript"
)

// heard is what the sources of a project spell of how it answers. It is what its own
// files say by constants; what comes from settings or from another file's function is
// not known, and nothing is guessed.
type heard struct {
	ports  []int    // that it listens on, each once; 0 where one can't be told
	local  bool     // it listens on the loopback alone
	routes []string // that it answers a GET with, of the application itself
}

// made are the calls that make a web framework's application, whose get names a route
// from the top. The ones that listen on the loopback unless they are told otherwise are
// true.
var made = map[string]bool{
	"npm:express": false, "npm:fastify": true, "npm:fastify.default": true, "npm:fastify.fastify": true, "npm:hono.Hono": false, "npm:polka": false, "npm:restify.createServer": false,
}

// findServer reads the file that a project starts and what that brings in of the project.
func findServer(folder fs.FS, entry string, env map[string]string) heard {
	var found heard
	const most = 100
	queue := sourceOf(folder, entry)
	seen := map[string]bool{}
	for len(queue) > 0 && len(seen) < most {
		name := queue[0]
		queue = queue[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		if f := openProgram(folder, name); f != nil {
			queue = append(queue, f.brings(folder)...)
			f.look(&found, env)
		}
	}
	slices.Sort(found.ports)
	found.ports = slices.Compact(found.ports)
	return found
}

// sourceOf is the file of a project that node runs by a name, or that a compiler makes it
// of; none where there is no such file, or where several could be.
func sourceOf(folder fs.FS, name string) []string {
	if name == "" {
		return nil
	}
	name = path.Clean(name)
	if f := fileOf(folder, name); f != "" {
		return []string{f}
	}
	_, within, deep := strings.Cut(name, "/")
	if !deep {
		return nil
	}
	within = strings.TrimSuffix(within, path.Ext(within))
	for _, stem := range []string{"src/" + within, within, "server/" + within} {
		if f := fileOf(folder, stem); f != "" {
			return []string{f}
		}
	}
	return nil
}

// fileOf is the file that a name without its ending, or with the ending that it has once
// it is compiled, means in sources; "" where there is none.
func fileOf(folder fs.FS, name string) string {
	if !fs.ValidPath(name) {
		return ""
	}
	stem := name
	if ext := path.Ext(name); ext == ".js" || ext == ".mjs" || ext == ".cjs" {
		stem = strings.TrimSuffix(name, ext)
	}
	for _, file := range []string{name, stem + ".ts", stem + ".mts", stem + ".cts", stem + ".js", stem + ".mjs", stem + ".cjs", stem + "/index.ts", stem + "/index.js"} {
		if info, err := fs.Stat(folder, file); err == nil && info.Mode().IsRegular() {
			return file
		}
	}
	return ""
}

// program is one file, read.
type program struct {
	name   string
	tree   *js.Tree
	scopes *js.Scopes
	fold   *js.Folder
	denote *denote.Denoter
}

func openProgram(folder fs.FS, name string) *program {
	src := contents(folder, name, bounds.PackageJSON)
	if src == nil {
		return nil
	}
	if language := typescript.LanguageOf(name); language != typescript.None {
		t, err := typescript.Translate(src, language)
		if err != nil {
			return nil
		}
		src = t.Code
	}
	tree := js.Parse(src, js.Detect)
	scopes := js.Resolve(tree)
	fold := js.NewFolder(tree, scopes)
	return &program{name: name, tree: tree, scopes: scopes, fold: fold, denote: denote.New(tree, scopes, fold)}
}

// brings lists the files of the project that a file requires or imports by a constant.
func (p *program) brings(folder fs.FS) []string {
	var all []string
	add := func(r js.Ref) {
		if spec, ok := p.fold.String(r); ok && strings.HasPrefix(spec, ".") {
			if f := fileOf(folder, path.Join(path.Dir(p.name), spec)); f != "" {
				all = append(all, f)
			}
		}
	}
	for i, n := range p.tree.Nodes {
		switch n.Kind {
		case js.ImportDeclaration, js.ExportAllDeclaration, js.ImportExpression:
			add(n.First)
		case js.ExportNamedDeclaration:
			if p.tree.Kind(n.First) == js.Empty {
				add(p.tree.Child(js.Ref(i), 1))
			}
		}
	}
	for c := range p.denote.Calls() {
		if len(c.Arguments) == 1 && slices.ContainsFunc(c.Callees, func(n denote.Name) bool { return n.Path == "require" }) {
			add(c.Arguments[0])
		}
	}
	return all
}

// look finds where a file listens, and what its application answers.
func (p *program) look(found *heard, env map[string]string) {
	applications := map[string]bool{} // by the variable's name; true where it is on the loopback unless told
	for c := range p.denote.Calls() {
		for _, n := range c.Callees {
			if local, ok := made[n.Path]; ok {
				applications[p.denote.Target(c.Ref)] = local
			}
		}
	}
	delete(applications, "")
	for c := range p.denote.Calls() {
		receiver := p.receiver(c.Ref)
		local, application := applications[receiver]
		switch {
		case c.Method == "listen" && len(c.Arguments) > 0:
			port, host := p.listens(c, env)
			found.ports = append(found.ports, port)
			found.local = found.local || host == "localhost" || host == "127.0.0.1" || host == "::1" || host == "" && application && local
		case c.Method == "get" && application && len(c.Arguments) > 1:
			if route, ok := p.fold.String(c.Arguments[0]); ok && strings.HasPrefix(route, "/") && !strings.ContainsAny(route, ":*?+()[]{} \\\"") && !strings.Contains(string(p.tree.Raw(c.Ref)), "redirect(") {
				found.routes = append(found.routes, route)
			}
		}
	}
}

// receiver is the name of the variable whose method a call calls.
func (p *program) receiver(call js.Ref) string {
	callee := p.tree.Child(call, 0)
	if p.tree.Kind(callee) != js.MemberExpression {
		return ""
	}
	if object := p.tree.Child(callee, 0); p.tree.Kind(object) == js.Identifier {
		return p.tree.Text(object)
	}
	return ""
}

// listens reads the arguments of listen: a port and a host, or an object that has them. A
// port that can't be told is 0, a host that is not given "".
func (p *program) listens(c denote.Call, env map[string]string) (port int, host string) {
	first, second := c.Arguments[0], js.Ref(0)
	if len(c.Arguments) > 1 {
		second = c.Arguments[1]
	}
	if p.tree.Kind(first) == js.ObjectExpression {
		options := first
		first, second = 0, 0
		for property := range p.tree.Children(options) {
			if key, ok := p.fold.Key(property); p.tree.Kind(property) == js.Property && ok {
				switch key {
				case "port":
					first = p.tree.Child(property, 1)
				case "host":
					second = p.tree.Child(property, 1)
				}
			}
		}
	}
	if kind := p.tree.Kind(second); second != 0 && kind != js.ArrowFunctionExpression && kind != js.FunctionExpression {
		host = "?" // it is given, whatever it is
		if all, _ := p.fold.Strings(second); len(all) == 1 {
			host = all[0]
		}
	}
	return p.port(first, env), host
}

// port is the number that an expression is where no variable says otherwise: 3000 of
// `process.env.PORT || 3000`; 0 where that can't be told.
func (p *program) port(r js.Ref, env map[string]string) int {
	if r == 0 {
		return 0
	}
	// A function of a number's text, as parseInt and normalizePort.
	if c, ok := p.denote.Call(p.valueOf(r)); ok && !c.New && len(c.Arguments) > 0 && c.Arguments[0] != 0 {
		name := string(p.tree.Raw(p.tree.Child(c.Ref, 0)))
		if slices.Contains([]string{"parseInt", "Number", "Number.parseInt", "normalizePort"}, name) {
			return p.port(c.Arguments[0], env)
		}
		return 0
	}
	all, complete := p.fold.Strings(r)
	if !complete && env["PORT"] != "" {
		all = []string{env["PORT"]}
	}
	if len(all) != 1 {
		return 0
	}
	port, err := strconv.Atoi(all[0])
	if err != nil || port < 1 || port > 65535 {
		return 0
	}
	return port
}

// valueOf is what a variable is given where that is one thing; else the expression itself.
func (p *program) valueOf(r js.Ref) js.Ref {
	if p.tree.Kind(r) != js.Identifier {
		return r
	}
	v := p.scopes.Variable(p.scopes.Of(r))
	declarator := p.tree.Nodes[v.Declaration].Parent
	if v.Writes == 1 && v.Declaration != 0 && p.tree.Kind(declarator) == js.VariableDeclarator && p.tree.Child(declarator, 0) == v.Declaration {
		return p.tree.Child(declarator, 1)
	}
	return r
}
