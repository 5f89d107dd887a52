package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/nbuild/nbuild/internal/machine"
)

var update = flag.Bool("update", false, "rewrite golden files and the output in scripts")

// TestMain lets the scripts run this test binary as nbuild.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"rusage": rusage,
		"nbuild": func() {
			dir, err := os.Getwd()
			if err != nil {
				panic(err)
			}
			os.Exit(held(surroundings{
				args: os.Args[1:], environ: os.Environ(), dir: dir,
				stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, now: clock(), patience: patience(), debian: debianOfTest(),
			}, os.Getenv(schemasEnv)))
		},
	})
}

// patienceEnv is how scripts hand in another patience with servers, in JSON: nobody
// waits a minute in a test.
const patienceEnv = "NBUILD_TEST_PATIENCE"

func patience() (p machine.Patience) {
	if text := os.Getenv(patienceEnv); text != "" {
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			panic(err)
		}
	}
	return p
}

// TestScripts runs testdata/script/*.txtar: each is a session with the command, its
// output and its exit codes.
func TestScripts(t *testing.T) {
	const dir = "testdata/script"
	codes := t.TempDir()
	t.Cleanup(func() { everyPageIsReached(t, dir, codes) })
	p := scriptParams(t, dir, scriptCommands)
	setup := p.Setup
	p.Setup = func(env *testscript.Env) error {
		env.Setenv(codesEnv, codes)
		return setup(env)
	}
	testscript.Run(t, p)
}

// scriptParams is how the sessions in a folder are run.
func scriptParams(t *testing.T, dir string, commands map[string]func(ts *testscript.TestScript, neg bool, args []string)) testscript.Params {
	t.Helper()
	schemas, err := schemasDir()
	if err != nil {
		t.Fatal(err)
	}
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return testscript.Params{
		Dir:           dir,
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Values[faultyKey{}] = &faulty{}
			env.Setenv("HOME", env.WorkDir+"/home")
			env.Setenv("NBUILD_STORE", env.WorkDir+"/store")
			env.Setenv(schemasEnv, schemas)
			env.Setenv("TESTDATA", testdata)
			env.Setenv("PLATFORM", "linux/"+runtime.GOARCH)
			env.Setenv("NBUILD_PASSWORD", "correct horse")
			return os.MkdirAll(env.WorkDir+"/home", 0o755)
		},
		Cmds: commands,
		Condition: func(name string) (bool, error) {
			if name == "mounts" { // may mount, in a namespace of its own
				return exec.Command("unshare", "--mount", "true").Run() == nil, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		RequireExplicitExec: true,
	}
}

// exits runs a command and holds its exit code: exits CODE COMMAND ARGS…
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGS…")
	}
	got := exitText(ts.Exec(args[1], args[2:]...))
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}
