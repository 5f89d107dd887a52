package main

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// served is a registry that a script has started.
type served struct {
	cmd *exec.Cmd

	mu   sync.Mutex
	said bytes.Buffer
	at   chan string // the address that it says it serves on
}

var serving = regexp.MustCompile(`serving [0-9]+ packages of sha256:[0-9a-f]{64} on (https?://\S+/)`)

// Write takes what it prints on stderr.
func (s *served) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said.Write(b)
	if found := serving.FindSubmatch(s.said.Bytes()); found != nil {
		select {
		case s.at <- string(found[1]):
		default:
		}
	}
	return len(b), nil
}

// registries are those that run, by the script's folder.
var registries sync.Map

// serveRegistry starts a command that serves a registry, names it in $REPLICA, and writes what
// it prints to a file: serve-registry FILE COMMAND ARGS….
func serveRegistry(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: serve-registry FILE COMMAND ARGS…")
	}
	program, err := exec.LookPath(args[1])
	ts.Check(err)
	out, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	defer out.Close()
	s := &served{cmd: exec.Command(program, args[2:]...), at: make(chan string, 1)}
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = ts.MkAbs("."), out, s
	for _, name := range []string{"PATH", "HOME", "NBUILD_STORE", schemasEnv, codesEnv} {
		s.cmd.Env = append(s.cmd.Env, name+"="+ts.Getenv(name))
	}
	ts.Check(s.cmd.Start())
	ts.Defer(func() { _ = s.cmd.Process.Kill() })
	ended := make(chan error, 1)
	go func() { ended <- s.cmd.Wait() }()
	registries.Store(ts.Getenv("WORK"), ended)
	select {
	case at := <-s.at:
		ts.Setenv("REPLICA", at)
		ts.Setenv("REPLICA_HOST", strings.TrimSuffix(at[strings.Index(at, "//")+2:], "/"))
		registries.Store(ts.Getenv("WORK")+" pid", s.cmd.Process)
	case err := <-ended:
		ts.Fatalf("it ended (%v):\n%s", err, s.said.String())
	case <-time.After(time.Minute):
		ts.Fatalf("it serves nothing:\n%s", s.said.String())
	}
}

// stopRegistry asks the registry to end, which it does well: stop-registry.
func stopRegistry(ts *testscript.TestScript, neg bool, args []string) {
	ended, ok := registries.LoadAndDelete(ts.Getenv("WORK"))
	if neg || len(args) > 0 || !ok {
		ts.Fatalf("usage: stop-registry, behind serve-registry")
	}
	process, _ := registries.LoadAndDelete(ts.Getenv("WORK") + " pid")
	ts.Check(process.(*os.Process).Signal(syscall.SIGTERM))
	if err := <-ended.(chan error); err != nil {
		ts.Fatalf("it ended with %v", err)
	}
}
