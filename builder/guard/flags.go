package guard

import (
	"fmt"
	"slices"
	"strings"
)

// Flag is an option of Node's that a guarded Node may be started with beside the
// guard's own. It runs no code but what the list has, reads no file that could bring
// some, and takes nothing back that the guard rests on.
type Flag struct {
	Name    string // without the two dashes
	Kind    FlagKind
	No      bool   // it may be given with "no-" before its name as well
	Thread  bool   // threads take it as well as processes
	Preload bool   // it loads a file, which behind the guard is held to the list like any other
	Since   int    // the first major version that has it, 20 at the least
	Until   int    // the last one, or 0
	Example string // a value that Node takes, where it takes one
}

// FlagKind says who reads an option, and whether it takes a value.
type FlagKind int

// Node's own options may take their value from the next argument. The engine reads
// those that follow each other, so its options have theirs behind an equals sign.
const (
	Switch FlagKind = iota
	Value
	EngineSwitch
	EngineValue
)

func (k FlagKind) takesValue() bool { return k == Value || k == EngineValue }

// Flags are all of them, by name. What is not here is refused: a test holds each to
// the table of options of Node 20, 22, 24 and 26.
var Flags = []Flag{
	{Name: "abort-on-uncaught-exception", Kind: EngineSwitch, No: true, Since: 20},
	{Name: "addons", No: true, Thread: true, Since: 20},
	{Name: "async-context-frame", No: true, Thread: true, Since: 24},
	{Name: "conditions", Kind: Value, Thread: true, Since: 20, Example: "production"},
	{Name: "deprecation", No: true, Thread: true, Since: 20},
	{Name: "disable-proto", Kind: Value, Since: 20, Example: "delete"},
	{Name: "disable-sigusr1", Thread: true, Since: 22},
	{Name: "disable-warning", Kind: Value, Thread: true, Since: 20, Example: "ExperimentalWarning"},
	{Name: "disallow-code-generation-from-strings", Kind: EngineSwitch, Since: 20},
	{Name: "dns-result-order", Kind: Value, Thread: true, Since: 20, Example: "ipv4first"},
	{Name: "enable-source-maps", No: true, Thread: true, Since: 20},
	{Name: "experimental-async-context-frame", No: true, Thread: true, Since: 22, Until: 22},
	{Name: "experimental-detect-module", No: true, Thread: true, Since: 20},
	{Name: "experimental-eventsource", No: true, Thread: true, Since: 20},
	{Name: "experimental-global-customevent", No: true, Thread: true, Since: 20, Until: 22},
	{Name: "experimental-global-navigator", No: true, Thread: true, Since: 22},
	{Name: "experimental-require-module", No: true, Thread: true, Since: 20},
	{Name: "experimental-sqlite", No: true, Thread: true, Since: 22},
	{Name: "experimental-strip-types", No: true, Thread: true, Since: 22, Until: 22},
	{Name: "experimental-websocket", No: true, Thread: true, Since: 20},
	{Name: "experimental-webstorage", No: true, Thread: true, Since: 22},
	{Name: "expose-gc", Kind: EngineSwitch, No: true, Since: 20},
	{Name: "extra-info-on-fatal-exception", No: true, Thread: true, Since: 20},
	{Name: "force-async-hooks-checks", No: true, Thread: true, Since: 20},
	{Name: "frozen-intrinsics", No: true, Thread: true, Since: 20},
	{Name: "help", Since: 20},
	{Name: "import", Kind: Value, Thread: true, Preload: true, Since: 20, Example: "./first.mjs"},
	{Name: "insecure-http-parser", No: true, Thread: true, Since: 20},
	{Name: "jitless", Kind: EngineSwitch, No: true, Since: 20},
	{Name: "max-http-header-size", Kind: Value, Thread: true, Since: 20, Example: "65536"},
	{Name: "max-old-space-size", Kind: EngineValue, Since: 20, Example: "512"},
	{Name: "max-old-space-size-percentage", Kind: Value, Thread: true, Since: 22, Example: "50"},
	{Name: "max-semi-space-size", Kind: EngineValue, Since: 20, Example: "32"},
	{Name: "network-family-autoselection", No: true, Thread: true, Since: 20},
	{Name: "network-family-autoselection-attempt-timeout", Kind: Value, Thread: true, Since: 20, Example: "500"},
	{Name: "optimize-for-size", Kind: EngineSwitch, No: true, Since: 20},
	{Name: "pending-deprecation", No: true, Thread: true, Since: 20},
	{Name: "require", Kind: Value, Thread: true, Preload: true, Since: 20, Example: "./first.js"},
	{Name: "require-module", No: true, Thread: true, Since: 24},
	{Name: "secure-heap", Kind: Value, Since: 20, Example: "65536"},
	{Name: "secure-heap-min", Kind: Value, Since: 20, Example: "16"},
	{Name: "stack-size", Kind: EngineValue, Since: 20, Example: "984"},
	{Name: "stack-trace-limit", Kind: EngineValue, Since: 20, Example: "50"},
	{Name: "strip-types", No: true, Thread: true, Since: 24},
	{Name: "throw-deprecation", No: true, Thread: true, Since: 20},
	{Name: "title", Kind: Value, Since: 20, Example: "web"},
	{Name: "tls-max-v1.2", Thread: true, Since: 20},
	{Name: "tls-max-v1.3", Thread: true, Since: 20},
	{Name: "tls-min-v1.0", Thread: true, Since: 20},
	{Name: "tls-min-v1.1", Thread: true, Since: 20},
	{Name: "tls-min-v1.2", Thread: true, Since: 20},
	{Name: "tls-min-v1.3", Thread: true, Since: 20},
	{Name: "trace-deprecation", No: true, Thread: true, Since: 20},
	{Name: "trace-env", No: true, Thread: true, Since: 22},
	{Name: "trace-env-js-stack", No: true, Thread: true, Since: 22},
	{Name: "trace-env-native-stack", No: true, Thread: true, Since: 22},
	{Name: "trace-event-categories", Kind: Value, Since: 20, Example: "v8"},
	{Name: "trace-exit", No: true, Thread: true, Since: 20},
	{Name: "trace-gc", Kind: EngineSwitch, No: true, Since: 20},
	{Name: "trace-promises", No: true, Thread: true, Since: 20},
	{Name: "trace-require-module", Kind: Value, Thread: true, Since: 20, Example: "all"},
	{Name: "trace-sigint", No: true, Since: 20},
	{Name: "trace-sync-io", No: true, Thread: true, Since: 20},
	{Name: "trace-tls", No: true, Thread: true, Since: 20},
	{Name: "trace-uncaught", No: true, Thread: true, Since: 20},
	{Name: "trace-warnings", No: true, Thread: true, Since: 20},
	{Name: "unhandled-rejections", Kind: Value, Thread: true, Since: 20, Example: "strict"},
	{Name: "use-bundled-ca", Since: 20},
	{Name: "use-env-proxy", No: true, Thread: true, Since: 22},
	{Name: "use-openssl-ca", Since: 20},
	{Name: "use-system-ca", Since: 22},
	{Name: "v8-pool-size", Kind: Value, Since: 20, Example: "4"},
	{Name: "verify-base-objects", No: true, Thread: true, Since: 20},
	{Name: "version", Since: 20},
	{Name: "warnings", No: true, Thread: true, Since: 20},
	{Name: "zero-fill-buffers", No: true, Since: 20},
}

// short are the options of one letter that may be given, with what they stand for.
var short = map[string]string{"-C": "conditions", "-h": "help", "-r": "require", "-v": "version"}

// readFlags reads the options at the start of a node's arguments as Node does, and
// returns how many arguments they take; where one of them may not be given, that one.
func readFlags(args []string) (taken int, refused string) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			return i + 1, ""
		}
		if len(a) < 2 || a[0] != '-' {
			return i, ""
		}
		name, _, joined := strings.Cut(a, "=")
		f, ok := flagNamed(name, joined)
		switch {
		case !ok || joined && !f.Kind.takesValue() || !joined && f.Kind == EngineValue:
			return i, a
		case !joined && f.Kind == Value && i+1 < len(args):
			i++
		}
	}
	return len(args), ""
}

// behindProgram returns an argument of the program's that Node takes for its own: it
// looks for some options among all arguments, and for others up to two dashes.
func behindProgram(args []string, dashes bool) string {
	for _, a := range args {
		dashes = dashes || a == "--"
		if strings.HasPrefix(a, "--experimental-config-file") || strings.HasPrefix(a, "--experimental-default-config-file") ||
			!dashes && (a == "--env-file" || a == "--env-file-if-exists" || strings.HasPrefix(a, "--env-file=") || strings.HasPrefix(a, "--env-file-if-exists=")) {
			return a
		}
	}
	return ""
}

// flagNamed returns the option that an argument names, in any of its spellings.
func flagNamed(name string, joined bool) (Flag, bool) {
	if long, ok := short[name]; ok && !joined {
		name = "--" + long
	}
	name, long := strings.CutPrefix(strings.ReplaceAll(name, "_", "-"), "--")
	if !long {
		return Flag{}, false
	}
	positive, negated := strings.CutPrefix(name, "no-")
	i, ok := slices.BinarySearchFunc(Flags, positive, func(f Flag, name string) int { return strings.Compare(f.Name, name) })
	if !ok || negated && !Flags[i].No {
		return Flag{}, false
	}
	return Flags[i], true
}

// flagsSection is the section of the script that knows them.
func flagsSection() []byte {
	var rows strings.Builder
	for _, f := range Flags {
		until := f.Until
		if until == 0 {
			until = NewestNode
		}
		fmt.Fprintf(&rows, "  '%s': [%d, %t, %t, %t, %d, %d],\n", f.Name, f.Kind, f.No, f.Thread, f.Preload, f.Since, until)
	}
	return fmt.Appendf(nil, `
// The options that a guarded Node may be given: who reads each and whether it takes a
// value, whether it has a "no-" form, whether threads take it, whether it loads a file,
// and of which versions it is.
const SWITCH = %d; const VALUE = %d; const ENGINE_SWITCH = %d; const ENGINE_VALUE = %d;
const optionRows = () => ({
  __proto__: null,
%s});
`, Switch, Value, EngineSwitch, EngineValue, rows.String())
}
