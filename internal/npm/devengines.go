package npm

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/npm/semver"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// Developer is the machine on which somebody installs, in the words that "devEngines" of
// package.json has for it: those of Node. Node and NPM are versions, "" where there is
// none to compare; Libc is "" where there is none; Release is the kernel's.
type Developer struct{ Node, NPM, OS, Release, CPU, Libc string }

// devEngines are the engines of a package.json as they stand there.
type devEngines struct {
	src  []byte
	file string
	off  int
	raw  []byte
}

// HasDevEngines reports whether the package.json that the lockfile was held against says
// what the machines of developers must have.
func (l *Lockfile) HasDevEngines() bool { return l.devEngines != nil }

// FitsDeveloper holds a machine against devEngines as `npm ci` does before it does
// anything (npm-install-checks, dev-engines): of the alternatives of each engine one must
// be what the machine has, and the last of them says what else becomes of it. What only
// warns is returned by itself; forced (npm's setting force), what does not fit warns too.
func (l *Lockfile) FitsDeveloper(on Developer, forced bool) (warnings diag.Problems, err error) {
	d := l.devEngines
	if d == nil {
		return nil, nil
	}
	all, err := d.parse()
	if err != nil {
		return nil, d.malformed(err.Error())
	}
	var problems diag.Problems
	for _, engine := range slices.Sorted(maps.Keys(all)) {
		has, known := on.engine(engine)
		if !known {
			return nil, d.malformed("there is no engine " + strconv.Quote(engine))
		}
		wanted, onFail, fits, err := judgeEngine(engine, all[engine], has)
		if err != nil {
			return nil, d.malformed(err.Error())
		}
		if fits || onFail == "ignore" {
			continue
		}
		p := d.problem(fmt.Sprintf("devEngines asks for %s %s, and this machine has %s", engine, wanted, has),
			"npm ci refuses it too: the project says what the machine of a developer must have",
			"use what it asks for on this machine; to only be warned, as with npm: `npm_config_force=true nbuild install`")
		if onFail == "warn" || forced {
			p.Why, p.Remedy = "the project says what the machine of a developer should have", "use what it asks for on this machine"
			warnings = append(warnings, p)
			continue
		}
		problems = append(problems, p)
	}
	return warnings, problems.Err()
}

// parse reads the engines by name, each with its alternatives.
func (d *devEngines) parse() (map[string][]any, error) {
	tree, err := strictjson.Parse(d.raw)
	if err != nil {
		return nil, err
	}
	object, ok := tree.(strictjson.Object)
	if !ok {
		return nil, fmt.Errorf("it is no object")
	}
	all := map[string][]any{}
	for name, value := range object {
		if list, ok := value.([]any); ok {
			all[name] = list
			continue
		}
		all[name] = []any{value}
	}
	return all, nil
}

// had is what a machine has of one engine.
type had struct {
	name, version string
	versioned     bool // false where npm knows no version either
}

// String is the engine as people write it: "node 22.15.0".
func (h had) String() string {
	if h.name == "" {
		return "none"
	}
	return strings.TrimSpace(h.name + " " + h.version)
}

// engine is what the machine has under a name of devEngines.
func (on Developer) engine(name string) (had, bool) {
	h, ok := map[string]had{
		"runtime": {"node", on.Node, true}, "packageManager": {"npm", on.NPM, true},
		"os": {on.OS, on.Release, true}, "cpu": {on.CPU, "", false}, "libc": {on.Libc, "", false},
	}[name]
	return h, ok
}

// judgeEngine holds what the machine has against the alternatives of an engine. Wanted
// are these, as people write them. None ask for nothing.
func judgeEngine(engine string, alternatives []any, has had) (wanted, onFail string, fits bool, err error) {
	fits = len(alternatives) == 0
	var names []string
	for _, a := range alternatives {
		o, ok := a.(strictjson.Object)
		if !ok {
			return "", "", false, fmt.Errorf("%s has a value that is no object", engine)
		}
		name, version := "", ""
		onFail = "error"
		for _, key := range slices.Sorted(maps.Keys(o)) {
			text, isText := o[key].(string)
			switch {
			case key == "version": // looked at where the name is right
				version = text
			case key != "name" && key != "onFail":
				return "", "", false, fmt.Errorf("%s has the key %s, which means nothing there", engine, strconv.Quote(key))
			case !isText:
				return "", "", false, fmt.Errorf("%s has a %s that is no text", engine, key)
			case key == "name":
				name = text
			case slices.Contains([]string{"ignore", "warn", "error", "download"}, text):
				onFail = text
			default:
				return "", "", false, fmt.Errorf("%s has the onFail %s; it is one of ignore, warn, error and download", engine, strconv.Quote(text))
			}
		}
		if _, named := o["name"]; !named {
			return "", "", false, fmt.Errorf("%s has no name", engine)
		}
		if has.name == "" {
			return "", "", false, fmt.Errorf("%s can't be known on this machine", engine)
		}
		names = append(names, strings.TrimSpace(name+" "+version))
		if name != has.name {
			continue
		}
		ok, err := has.is(engine, o)
		if err != nil {
			return "", "", false, err
		}
		fits = fits || ok
	}
	return strings.Join(names, " or "), onFail, fits, nil
}

// is reports whether the machine has the version that an alternative names, if any.
func (h had) is(engine string, alternative strictjson.Object) (bool, error) {
	value, asks := alternative["version"]
	if !asks {
		return true, nil
	}
	version, isText := value.(string)
	switch {
	case !isText:
		return false, fmt.Errorf("%s has a version that is no text", engine)
	case !h.versioned:
		return false, fmt.Errorf("%s has a version, and %s has none", engine, h.name)
	case h.version == "":
		return true, nil // there is none here to compare
	}
	r, ok := semver.ParseRange(version, semver.Options{})
	if !ok {
		return version == h.version, nil
	}
	v, ok := semver.Parse(h.version, semver.Options{})
	return ok && r.Fits(v), nil
}

func (d *devEngines) problem(what, why, remedy string) *diag.Problem {
	pos := place(d.src, d.file, d.off)
	return &diag.Problem{Code: CodeDevEngines, Pos: pos, Snippet: snippet(d.src, pos, d.off), What: what, Why: why, Remedy: remedy}
}

func (d *devEngines) malformed(why string) *diag.Problem {
	return d.problem("devEngines can't be read: "+why, "npm ci refuses it too, whatever the machine is",
		"correct devEngines in "+d.file+`: each of runtime, packageManager, os, cpu and libc is an object such as {"name": "node", "version": ">=22", "onFail": "warn"}, or a list of these`)
}
