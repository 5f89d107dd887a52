package initialise

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/lazyregexp"
	"github.com/nbuild/nbuild/pipelines"
)

var notName = lazyregexp.New(`[^A-Za-z0-9_-]+`)

// quote writes a text as HCL does: as Go does, and without templates.
func quote(s string) string {
	s = strings.NewReplacer("${", "$${", "%{", "%%{").Replace(s)
	b, _ := json.Marshal(s) // JSON's escapes are among HCL's
	return strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">").Replace(string(b))
}

func list(words []string) string {
	var quoted []string
	for _, w := range words {
		quoted = append(quoted, quote(w))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// write writes the file, before it is brought into the standard form.
func (s *survey) write() string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	say("nbuild = %q\n\nproject %q {}\n", pipelines.Edition, s.name)
	if s.lockfile != "" || len(s.installs.idle)+len(s.installs.offers) > 0 {
		say("\nnpm \"deps\" {\n")
		if s.lockfile != "" {
			say("lockfile = %s\n", quote(s.lockfile))
		}
		for _, p := range s.installs.idle {
			say("unbuilt %s {\nreason = %s\n}\n", quote(p), quote(idleInstalls[p]))
		}
		for i, o := range s.installs.offers {
			if i == 0 {
				if s.lockfile != "" || len(s.installs.idle) > 0 {
					say("\n")
				}
				say("# No install script runs unless its block stands here. Who allows one takes its number\n# signs away, and says in the reason what the team agreed to.\n")
			}
			o.write(say)
		}
		say("}\n")
	}
	if s.node != "" {
		say("\n# %s\nbase \"node\" {\nnode = %s\n}\n", comment("By "+s.why+"."), quote(s.node))
	}
	if s.work != nil {
		s.writeStep(say)
	}
	say("\nimage %q {\ncmd = %s\n", s.name, list(s.command()))
	s.writeEnv(say)
	if s.start.next {
		say("expose = [\"3000/tcp\"]\n")
	}
	say("\n")
	s.writeCheck(say)
	switch {
	case s.start.next:
		say("\nlayer \"server\" {\nfrom = step.build.output[\".next/standalone\"]\n}\nlayer \"static\" {\nfrom = step.build.output[\".next/static\"]\nto = \"/app/.next/static\"\n}\n")
		if s.public {
			say("layer \"public\" {\nfrom = files(\"public/**\")\n}\n")
		}
	case s.work != nil || s.start.develops:
		modules, app := "npm.deps.production", "project.production"
		if s.start.develops {
			modules = "npm.deps.all"
		}
		if s.work != nil {
			app = "[project.production, step.build]"
		}
		say("\nlayer \"modules\" {\nfrom = %s\n}\nlayer \"app\" {\nfrom = %s\n}\n", modules, app)
	}
	say("}\n")
	if s.tests != "" && s.work != nil {
		say("\n# `nbuild run test` runs the tests; after = [step.test] in the image block has them pass first.\nstep \"test\" {\nuse = %q\n", s.tests)
		say("inputs = [project.all, npm.deps.all, step.build]\n}\n")
	}
	if len(s.unknown) > 0 {
		say("\n# Not known, or not done here:\n")
		for _, u := range s.unknown {
			say("# - %s\n", comment(u))
		}
	}
	return b.String()
}

func (s *survey) writeStep(say func(string, ...any)) {
	w := s.work
	scripts := "what the server of Next serves"
	if !s.start.next {
		scripts = "what Prisma generates"
	}
	if len(w.from) > 0 && !s.start.next {
		scripts = "what the scripts of package.json make: " + strings.Join(w.from, ", ")
		if len(w.from) == 1 {
			scripts = "the " + w.from[0] + " script of package.json"
		}
	}
	say("\n# %s: `nbuild explain %s`.\nstep \"build\" {\nuse = %q\n", comment(strings.ToUpper(scripts[:1])+scripts[1:]), w.use, w.use)
	if w.run != nil {
		say("run = %s\n", list(w.run))
	}
	if w.outputs != nil {
		say("outputs = %s\n", list(w.outputs))
	}
	if w.memory > 2 { // the default
		say("memory = \"%dGiB\"\n", w.memory)
	}
	say("}\n")
}

func (s *survey) writeEnv(say func(string, ...any)) {
	env := map[string]string{}
	for k, v := range s.start.env {
		env[k] = v
	}
	if s.start.next {
		env["HOSTNAME"], env["NODE_ENV"] = "0.0.0.0", "production"
	}
	if len(env) == 0 {
		return
	}
	var pairs []string
	for _, k := range sortedKeys(env) {
		pairs = append(pairs, k+" = "+quote(env[k]))
	}
	say("env = { %s }\n", strings.Join(pairs, ", "))
}

// comment keeps a text on its line.
func comment(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
