package guard

import (
	"fmt"
	"strings"
)

// NewestNode is the newest major version of Node whose variables are in Variables.
const NewestNode = 26

// Variable is an environment variable that Node reads itself and whose name begins
// with NODE_. Any other such name is an application's own: Node does nothing with it.
type Variable struct {
	Name    string // without NODE_
	Since   int    // the first major version from 20 on that reads it
	Until   int    // the last one; 0 where the newest reads it
	Refused bool   // children and workers may not be given a value of their own
	Settled bool   // the guard says what children and workers are given
	Does    string // what Node does with it
}

// Variables are those of Node 20 to NewestNode, sorted by name. They come from Node's
// documentation and from the names in its binaries, and a test holds the list against
// every name in the binaries that are installed. What makes Node run, find or keep
// code, opens its inspector or writes files beside the program's own is refused, and so
// is what belongs to Node's test runner, to its benchmarks and to the REPL: no image
// needs them. What says how a process talks to its parent, or what it prints, trusts or
// counts, is not. Node's compile cache is off whatever a program says of it: its
// variables are settled by the guard.
var Variables = []Variable{
	{Name: "BENCH_CONTEXT", Since: 26, Refused: true, Does: "makes a process a child of the benchmark runner"},
	{Name: "BENCH_FILE_RUN_ID", Since: 26, Refused: true, Does: "names a file's run to the benchmark runner"},
	{Name: "BENCH_RUN_ID", Since: 26, Refused: true, Does: "names a run to the benchmark runner"},
	{Name: "CHANNEL_FD", Since: 20, Does: "is the channel to the parent"},
	{Name: "CHANNEL_SERIALIZATION_MODE", Since: 20, Does: "says how messages to the parent are written"},
	{Name: "CLUSTER_SCHED_POLICY", Since: 20, Does: "says who shares connections out"},
	{Name: "COMPILE_CACHE", Since: 22, Settled: true, Does: "names a folder of compiled code that is run in place of sources"},
	{Name: "COMPILE_CACHE_PORTABLE", Since: 24, Settled: true, Does: "has compiled code found in another folder"},
	{Name: "COMPILE_CACHE_READONLY", Since: 26, Settled: true, Does: "has compiled code read and not written"},
	{Name: "DEBUG", Since: 20, Does: "has Node's own modules print what they do"},
	{Name: "DEBUG_NATIVE", Since: 20, Does: "has Node's native code print what it does"},
	{Name: "DISABLE_COLORS", Since: 20, Does: "prints without colours"},
	{Name: "DISABLE_COMPILE_CACHE", Since: 22, Settled: true, Does: "keeps compiled code out"},
	{Name: "EXTRA_CA_CERTS", Since: 20, Does: "adds certificates that are trusted"},
	{Name: "ICU_DATA", Since: 20, Refused: true, Does: "names the folder of language data, which native code takes as it is"},
	{Name: "INSPECT_RESUME_ON_START", Since: 20, Refused: true, Does: "lets a debugged program go on"},
	{Name: "MANY_ACCEPTS", Since: 20, Until: 22, Does: "takes several connections at once on Windows"},
	{Name: "NO_READLINE", Since: 20, Refused: true, Does: "changes the REPL"},
	{Name: "NO_WARNINGS", Since: 20, Does: "prints no warnings"},
	{Name: "OPTIONS", Since: 20, Refused: true, Does: "holds flags, which can load any file first"},
	{Name: "PATH", Since: 20, Refused: true, Does: "names folders in which packages are looked for"},
	{Name: "PENDING_DEPRECATION", Since: 20, Does: "prints more warnings"},
	{Name: "PENDING_PIPE_INSTANCES", Since: 20, Does: "counts pipes on Windows"},
	{Name: "PRESERVE_SYMLINKS", Since: 20, Refused: true, Does: "changes which file a request finds"},
	{Name: "PRESERVE_SYMLINKS_MAIN", Since: 20, Refused: true, Does: "changes which file a request of the program's first file finds"},
	{Name: "REDIRECT_WARNINGS", Since: 20, Refused: true, Does: "writes warnings to a file"},
	{Name: "REPL_EXTERNAL_MODULE", Since: 20, Refused: true, Does: "loads a file in place of the REPL"},
	{Name: "REPL_HISTORY", Since: 20, Refused: true, Does: "names a file that the REPL writes"},
	{Name: "REPL_HISTORY_SIZE", Since: 20, Refused: true, Does: "changes the REPL"},
	{Name: "REPL_MODE", Since: 20, Refused: true, Does: "changes the REPL"},
	{Name: "RUN_PACKAGE_JSON_PATH", Since: 22, Does: "tells a script of `node --run` where its package.json is; Node does not read it back"},
	{Name: "RUN_SCRIPT_NAME", Since: 22, Does: "tells a script of `node --run` its name; Node does not read it back"},
	{Name: "SKIP_PLATFORM_CHECK", Since: 20, Does: "starts on a system that Node does not support"},
	{Name: "TEST_CONTEXT", Since: 20, Refused: true, Does: "makes a process a child of the test runner"},
	{Name: "TEST_WORKER_ID", Since: 24, Refused: true, Does: "names a worker of the test runner"},
	{Name: "TLS_REJECT_UNAUTHORIZED", Since: 20, Does: "trusts any certificate where it is 0"},
	{Name: "UNIQUE_ID", Since: 20, Does: "makes a process a worker of a cluster"},
	{Name: "USE_ENV_PROXY", Since: 22, Does: "takes the proxies that the environment names"},
	{Name: "USE_SYSTEM_CA", Since: 22, Does: "trusts the system's certificates"},
	{Name: "V8_COVERAGE", Since: 20, Refused: true, Does: "writes what ran to a folder, by the inspector"},
}

// variablesSection is the section of the script that knows them.
func variablesSection() []byte {
	var refused, settled, harmless []string
	for _, v := range Variables {
		switch {
		case v.Refused:
			refused = append(refused, v.Name)
		case v.Settled:
			settled = append(settled, v.Name)
		default:
			harmless = append(harmless, v.Name)
		}
	}
	return fmt.Appendf(nil, `
// The variables that Node reads itself, by version %d: those that are refused, those
// that the guard settles, and the others.
const newestNode = %d;
const nodeRefused = /^NODE_(?:%s)$/;
const nodeSettled = /^NODE_(?:%s)$/;
const nodeHarmless = /^NODE_(?:%s)$/;
`, NewestNode, NewestNode, strings.Join(refused, "|"), strings.Join(settled, "|"), strings.Join(harmless, "|"))
}
