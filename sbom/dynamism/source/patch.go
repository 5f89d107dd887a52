package source

import (
	"strings"

	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/js/denote"
)

// patches finds changes of what all code shares.
type patches struct{ *findings }

// patch looks at a member that is written to.
func (s *patches) patch(r js.Ref) {
	t := s.tree
	names := s.denoter.Of(t.Nodes[r].First)
	if len(names) == 0 {
		return
	}
	name, known := s.folder.Member(r)
	for _, n := range names {
		if s.shared(n, name, known) {
			s.patched(r, t.Nodes[r].Start, n, name)
			return
		}
	}
}

func joined(path, name string) string {
	switch {
	case path == "globalThis":
		return name
	case name == "":
		return path
	}
	return path + "." + name
}

// globalWrite looks at an assignment to a name that the file does not declare.
func (s *patches) globalWrite(r js.Ref) {
	name := s.tree.Text(r)
	if s.scopes.Of(r) != 0 || !denote.Standard(name) || settable[name] {
		return
	}
	s.add(hit{kind: MonkeyPatch, start: s.tree.Nodes[r].Start, symbol: name, root: name})
}

// settable are members, and globals, that are there to be written to.
var settable = settableNames("global self window globalThis GLOBAL location name status " +
	"Error.stackTraceLimit " +
	"process.exitCode process.title process.noDeprecation process.throwDeprecation process.traceDeprecation " +
	"process.traceProcessWarnings process.domain process.env process.debugPort process.sourceMapsEnabled process.stdin process.browser " +
	"process.noAsar process.versions process.argv process.execArgv process.argv0 process.platform " +
	"node:http.globalAgent node:https.globalAgent node:http.maxHeaderSize node:events.defaultMaxListeners " +
	"node:events.captureRejections node:events.usingDomains Buffer.poolSize node:buffer.INSPECT_MAX_BYTES node:cluster.schedulingPolicy " +
	"node:tls.DEFAULT_ECDH_CURVE node:tls.DEFAULT_MIN_VERSION node:tls.DEFAULT_MAX_VERSION node:tls.DEFAULT_CIPHERS " +
	"node:crypto.DEFAULT_ENCODING node:crypto.fips")

func settableNames(names string) map[string]bool {
	m := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		m[name] = true
	}
	return m
}

// shared reports whether a member of what a name denotes is shared by all code of the
// process: of a builtin module, of a standard global or of the prototype of either.
func (s *patches) shared(n denote.Name, member string, known bool) bool {
	if n.Via&denote.ViaCopy != 0 {
		return false
	}
	if n.Path == "globalThis" {
		if n.Via&denote.ViaThis != 0 && s.tree.Goal != js.Script {
			return false // of a CommonJS file it is its exports
		}
		return known && denote.Standard(member) && !settable[member]
	}
	if known && settable[n.Path+"."+member] {
		return false
	}
	if !strings.HasPrefix(n.Root, "node:") {
		switch n.Root {
		case "document", "location", "localStorage", "sessionStorage", "navigator", "indexedDB", "caches":
			return false
		}
		if !denote.Standard(n.Root) && !strings.HasSuffix(n.Root, "Function") {
			return false
		}
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(n.Path, n.Root), ".")
	if rest == "" {
		return member != "" || !known || n.Root == "node:module"
	}
	switch n.Root {
	case "Intl", "WebAssembly":
		return last(rest) == "prototype"
	}
	return rest == "prototype" || strings.HasPrefix(n.Root, "node:") && last(rest) == "prototype"
}

// writers are functions that write to their first argument, and whether they name the
// member in the second.
var writers = map[string]bool{
	"Object.defineProperty": true, "Reflect.defineProperty": true, "Reflect.set": true, "Reflect.deleteProperty": true,
	"Object.defineProperties": false, "Object.assign": false, "Object.setPrototypeOf": false, "Reflect.setPrototypeOf": false,
	"npm:lodash.assign": false, "npm:lodash.extend": false, "npm:object-assign": false, "npm:underscore.extend": false,
	"npm:define-properties": false, "npm:define-data-property": true, "npm:shimmer.wrap": true, "npm:shimmer": true,
}

// patchCall looks at calls that write to what all code shares.
func (s *patches) patchCall(r js.Ref, callee denote.Name, args []js.Ref) {
	named, ok := writers[callee.Path]
	var target []denote.Name
	member, known := "", false
	switch {
	case ok && len(args) > 0 && args[0] != 0:
		target = s.denoter.Of(args[0])
		if named && len(args) > 1 && args[1] != 0 {
			values, complete := s.folder.Strings(args[1])
			if complete && len(values) == 1 {
				member, known = values[0], true
			}
		}
	case strings.HasSuffix(callee.Path, ".__defineGetter__"), strings.HasSuffix(callee.Path, ".__defineSetter__"):
		at := s.tree.Nodes[r].First
		if s.tree.Kind(at) != js.MemberExpression || len(args) == 0 || args[0] == 0 {
			return
		}
		target = s.denoter.Of(s.tree.Nodes[at].First)
		if values, complete := s.folder.Strings(args[0]); complete && len(values) == 1 {
			member, known = values[0], true
		}
	default:
		return
	}
	for _, n := range target {
		if ok && !named {
			if !s.sharedAny(n, args[1:]) {
				continue
			}
		} else if !s.shared(n, member, known) {
			continue
		}
		at := r
		if ok {
			at = args[0] // where Module is reported when it is handed to what is not known
		}
		s.patched(at, s.tree.Nodes[r].Start, n, member)
		return
	}
}

// patched keeps a change of what all code shares. What is changed of the loader is
// one of its own parts, and so is reported at its place as such too.
func (s *patches) patched(r js.Ref, start uint32, n denote.Name, member string) {
	symbol := joined(n.Path, member)
	s.add(hit{kind: MonkeyPatch, start: start, symbol: symbol, root: n.Root})
	if n.Root == "node:module" {
		s.add(hit{kind: ModuleInternals, start: s.tree.Nodes[r].Start, symbol: symbol, root: n.Root})
	}
}

// sharedAny reports whether one of the members that object literals bring is shared;
// of the global object only the standard names count.
func (s *patches) sharedAny(n denote.Name, sources []js.Ref) bool {
	if n.Path != "globalThis" {
		return s.shared(n, "", false)
	}
	t := s.tree
	for _, a := range sources {
		if a == 0 || t.Kind(a) != js.ObjectExpression {
			continue
		}
		for c := t.Nodes[a].First; c != 0; c = t.Nodes[c].Next {
			key := t.Nodes[c].First
			if k := t.Kind(key); t.Kind(c) == js.Property && (k == js.Name || k == js.String || k == js.Identifier) && s.shared(n, t.Text(key), true) {
				return true
			}
		}
	}
	return false
}
