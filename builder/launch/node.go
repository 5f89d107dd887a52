package launch

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/resolution"
)

// valued are the options of Node 20 to 26 that take the next word where they are given no
// value of their own ("--title x" and "--title=x"), as `node --help` lists them.
var valued = words(`
	--allow-fs-read --allow-fs-write --bench-isolation --bench-name-pattern --bench-reporter --bench-reporter-destination --bench-samples
	--bench-warmup --build-sea --build-snapshot-config --conditions -C --cpu-prof-dir --cpu-prof-interval --cpu-prof-name --debug-port
	--diagnostic-dir --disable-proto --disable-warning --dns-result-order --env-file --env-file-if-exists --eval -e --experimental-config-file
	--experimental-default-type --experimental-loader --experimental-package-map --experimental-policy --experimental-sea-config
	--experimental-test-isolation --experimental-test-tag-filter --heap-prof-dir --heap-prof-interval --heap-prof-name --heapsnapshot-near-heap-limit
	--heapsnapshot-signal --icu-data-dir --import --input-type --inspect-port --inspect-publish-uid --loader --localstorage-file
	--max-http-header-size --max-old-space-size-percentage --network-family-autoselection-attempt-timeout --openssl-config --policy-integrity
	--redirect-warnings --report-dir --report-directory --report-filename --report-signal --require -r --run --secure-heap --secure-heap-min
	--snapshot-blob --test-concurrency --test-coverage-branches --test-coverage-exclude --test-coverage-functions --test-coverage-include
	--test-coverage-lines --test-global-setup --test-isolation --test-name-pattern --test-random-seed --test-reporter --test-reporter-destination
	--test-rerun-failures --test-shard --test-skip-pattern --test-timeout --title --tls-cipher-list --tls-keylog --trace-event-categories
	--trace-event-file-pattern --trace-require-module --unhandled-rejections --use-largepages --v8-pool-size --vfs-load --vfs-mount
	--watch-kill-signal --watch-path`)

// fileless are options with which Node needs no file: it runs what they hold, asks for
// files in its own way, or prints something and ends.
var fileless = words(`
	--eval -e --print -p -pe --interactive -i --run --test --bench --version -v --help -h --v8-options --completion-bash --build-sea
	--experimental-sea-config --prof-process`)

func words(all string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(all) {
		set[w] = true
	}
	return set
}

// Option is an option of a Node command line, with its value.
type Option struct{ Name, Value string }

// Arguments is what a Node command line says, as Node reads it: its options, then the
// file that it runs and the file's own arguments. Rest is empty where no file is named.
type Arguments struct {
	Options []Option
	Rest    []string
}

// ReadArguments divides the words behind "node" (Node.js documentation, "Command-line API",
// "Synopsis").
func ReadArguments(args []string) Arguments {
	var out Arguments
	for i := 0; i < len(args); i++ {
		word := args[i]
		switch {
		case word == "--":
			out.Rest = args[i+1:]
			return out
		case word == "-" || !strings.HasPrefix(word, "-"):
			out.Rest = args[i:]
			return out
		}
		name, value, given := strings.Cut(word, "=")
		name = optionName(name)
		if !given && valued[name] && i+1 < len(args) {
			i++
			value = args[i]
		}
		out.Options = append(out.Options, Option{name, value})
	}
	return out
}

// optionName spells an option with hyphens, as Node takes it with underlines too.
func optionName(name string) string {
	if rest, ok := strings.CutPrefix(name, "--"); ok {
		return "--" + strings.ReplaceAll(rest, "_", "-")
	}
	return name
}

// Has reports whether any of some options is given.
func (a Arguments) Has(names ...string) bool {
	return slices.ContainsFunc(a.Options, func(o Option) bool { return slices.Contains(names, o.Name) })
}

// fromVariable parts NODE_OPTIONS into words: spaces part them, and double quotes hold
// what is between them together (Node.js documentation, "NODE_OPTIONS=options...").
func fromVariable(text string) []string {
	var all []string
	var word strings.Builder
	quoted, begun := false, false
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case b == '\\' && quoted && i+1 < len(text):
			i++
			word.WriteByte(text[i])
		case b == '"':
			quoted, begun = !quoted, true
		case b == ' ' && !quoted:
			if begun {
				all = append(all, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteByte(b)
			begun = true
		}
	}
	if begun {
		all = append(all, word.String())
	}
	return all
}

// node looks at the words behind "node", and at NODE_OPTIONS.
func (c *checker) node(args []string) error {
	given := ReadArguments(args)
	fromOutside := ReadArguments(fromVariable(c.env["NODE_OPTIONS"]))
	if err := c.resolve(append(slices.Clone(fromOutside.Options), given.Options...)); err != nil {
		return err
	}
	for _, o := range append(fromOutside.Options, given.Options...) {
		c.option(o)
	}
	if given.Has("--build-snapshot") || len(given.Rest) == 0 || given.Rest[0] == "-" || given.Rest[0] == "inspect" || given.Has("--entry-url") {
		return nil
	}
	for _, o := range given.Options {
		if fileless[o.Name] {
			return nil
		}
	}
	if given.Has("--snapshot-blob") {
		return nil // the program is in the snapshot
	}
	return c.main(given.Rest[0], append(fromOutside.Options, given.Options...))
}

// resolve makes what resolves as the image's Node does.
func (c *checker) resolve(options []Option) error {
	target := resolution.Target{}
	var err error
	if target.Node, err = resolution.ParseVersion(c.start.Node); err != nil { // not known, or of a line that is no more
		if target.Node, err = resolution.ParseVersion("24.0.0"); err != nil {
			return err
		}
	}
	for _, o := range options {
		switch o.Name {
		case "--conditions", "-C":
			target.Conditions = append(target.Conditions, o.Value)
		case "--no-experimental-require-module":
			target.NoRequireModule = true
		}
	}
	c.resolver = resolution.New(c.root, target)
	return nil
}

// option looks for the file that an option names.
func (c *checker) option(o Option) {
	switch o.Name {
	case "--require", "-r":
		c.preload(o, resolution.Require)
	case "--import", "--loader", "--experimental-loader":
		c.preload(o, resolution.Import)
	case "--env-file", "--snapshot-blob", "--experimental-config-file", "--policy-integrity":
		if o.Name == "--policy-integrity" || o.Value == "" || c.root.Find(c.absolute(o.Value)) != nil {
			return
		}
		remedy := fmt.Sprintf("take %s out of `cmd` of the image block, or add the file to a layer", o.Name)
		if o.Name == "--env-file" {
			remedy = "take `--env-file` out of `cmd`, and set the variables in `env` of the image block or where the image runs: files named .env are left out of images, as they hold secrets"
		}
		c.problem(CodeEntry, fmt.Sprintf("node is given %s=%s, and %s is not in it", o.Name, o.Value, c.absolute(o.Value)), "node ends at once where that file is not there", remedy)
	case "--run":
		c.runScript(o.Value)
	}
}

// preload looks for what Node loads before its file.
func (c *checker) preload(o Option, mode resolution.Mode) {
	if o.Value == "" {
		return
	}
	found, err := c.resolver.Resolve(o.Value, path.Join(c.inTree(c.start.Workdir), "-"), mode)
	bare := !path.IsAbs(o.Value) && !strings.HasPrefix(o.Value, ".") && !strings.Contains(o.Value, ":")
	switch {
	case err == nil && (found.Path != "" || found.Builtin != "" || found.Data != ""):
		return
	case bare && mode == resolution.Require && c.env["NODE_PATH"] != "":
		return // which is not followed here
	case !c.listed(o.Value):
		return
	}
	remedy := fmt.Sprintf("take %s %s out of `cmd` of the image block (or out of NODE_OPTIONS in its `env`), or add what it names to a layer", o.Name, o.Value)
	if bare {
		remedy += "; a layer has the packages of development as well where it takes npm.NAME.all"
	}
	c.problem(CodeEntry, fmt.Sprintf("node is given %s %s, and that is not in it", o.Name, o.Value), "node loads it before its own file, and ends where it is not there: "+reasonOf(err), remedy)
}

func reasonOf(err error) string {
	var e *resolution.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return resolution.NotFound
}

// listed reports whether all that a request could mean can be read here: what stands in a
// base is known by its name alone.
func (c *checker) listed(request string) bool {
	if path.IsAbs(request) {
		n := c.root.Find(request)
		return n == nil || n.Own()
	}
	for dir := c.start.Workdir; ; dir = path.Dir(dir) {
		if n := c.root.Find(path.Join(dir, "node_modules", request)); n != nil && !n.Own() && !n.Perm.IsDir() {
			return false
		}
		if n := c.root.Find(path.Join(dir, "node_modules", request, "package.json")); n != nil && !n.Own() {
			return false
		}
		if dir == "/" || dir == "." {
			return true
		}
	}
}

// runScript looks at `node --run NAME`, which reads the nearest package.json and starts a
// shell.
func (c *checker) runScript(name string) {
	file, scripts := c.manifest()
	switch {
	case file == "":
		return
	case scripts[name] == "":
		n := c.root.Find(file)
		if n != nil && n.Own() {
			c.problem(CodeEntry, fmt.Sprintf("`node --run %s` runs a script that %s does not have", diag.Word(name), file), "node ends at once", "name the file itself in `cmd`, as in `cmd = [\"node\", \"server.js\"]`")
		}
	case c.root.Find("/bin/sh") == nil:
		c.problem(CodeProgram, fmt.Sprintf("`node --run %s` starts /bin/sh, which is not in it", diag.Word(name)), "node runs a script of package.json by the shell",
			"name the file itself in `cmd`, as in `cmd = [\"node\", \"server.js\"]`"+c.startScript([]string{"npm", "run", name}))
	}
}

// inTree is a path of the image as an fs.FS has it.
func (c *checker) inTree(name string) string {
	if name = strings.TrimPrefix(path.Clean("/"+name), "/"); name == "" {
		return "."
	}
	return name
}

// main looks for the file that Node runs, as Node looks for it, and asks whether Node runs
// a file of that name.
func (c *checker) main(name string, options []Option) error {
	at := c.absolute(name)
	n := c.root.Find(at)
	if n != nil && n.Perm.IsDir() {
		n = c.root.Find(path.Join(at, "package.json"))
	}
	if n != nil && !n.Own() {
		return nil // of a base, whose files are known by their names alone
	}
	found, err := c.resolver.Resolve("./"+c.inTree(at), "-", resolution.Require)
	if err != nil || found.Path == "" {
		c.missing("node", name)
		return nil
	}
	return c.format(found.Path, options)
}

// missing reports that a file which a program is given is not in the image, with the
// layers that were looked at and the file that may be meant.
func (c *checker) missing(program, name string) {
	at := c.absolute(name)
	layers := "the base has no such file either"
	if len(c.start.Layers) > 0 {
		layers = "neither its layers (" + strings.Join(c.start.Layers, ", ") + ") nor its base have it"
	}
	if n := c.root.Find(at); n != nil && n.Perm.IsDir() {
		layers = "that folder has no index.js and no package.json whose main is there"
	}
	remedy := "correct `cmd` or `workdir` of the image block, or add the file to a layer"
	if disk := c.disk(at); disk != "" {
		remedy = fmt.Sprintf("%s is in the project's folder and not among the files that images take (git does not track it, or an ignore file names it): name it in a layer, as in `layer \"built\" { from = files(%q) }` beside the other layers: an image block that names one names them all, as `nbuild explain NB1176` shows", disk, around(disk))
	} else if near := c.nearFile(at); near != "" {
		remedy = fmt.Sprintf("if %s is meant, name it in `cmd`; else make %s before the build and add it to a layer", near, name)
	}
	c.problems = append(c.problems, &diag.Problem{
		Code: CodeEntry, What: fmt.Sprintf("image %q starts %s with %q, which is not in it: there is no %s", c.start.Image, program, name, at),
		Why: fmt.Sprintf("%s ends at once where that file is not there; %s", program, layers), Remedy: remedy,
	})
}

func (c *checker) disk(at string) string {
	if c.start.Disk == nil {
		return ""
	}
	for _, suffix := range []string{"", ".js", ".mjs", ".cjs", "/index.js"} {
		if found := c.start.Disk(at + suffix); found != "" {
			return found
		}
	}
	return ""
}

// around is the pattern for a file and what stands beside it.
func around(file string) string {
	first, _, inside := strings.Cut(file, "/")
	if !inside {
		return file
	}
	return first + "/**"
}

// nearFile is the file of the image's own layers that is most like a path: of the same
// name, whatever its folder and its ending, else the one that is spelled nearly so.
func (c *checker) nearFile(at string) string {
	stem := func(p string) string { return strings.TrimSuffix(path.Base(p), path.Ext(p)) }
	var same, all []string
	for _, name := range c.root.Own() {
		if strings.Contains("/"+name, "/node_modules/") {
			continue
		}
		switch path.Ext(name) {
		case ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts":
			all = append(all, "/"+name)
			if stem(name) == stem(at) {
				same = append(same, "/"+name)
			}
		}
	}
	near := ""
	if len(same) > 0 {
		near = slices.MinFunc(same, func(a, b string) int {
			if len(a) != len(b) {
				return len(a) - len(b)
			}
			return strings.Compare(a, b)
		})
	} else {
		near = diag.Nearest(at, all)
	}
	if rel, ok := strings.CutPrefix(near, strings.TrimSuffix(c.start.Workdir, "/")+"/"); ok {
		return rel
	}
	return near
}
