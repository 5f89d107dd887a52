package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var (
	cosign  = flag.String("cosign", "", "a cosign to measure verify beside, on an image that is under attack")
	shipped = flag.String("nbuild", "", "the nbuild to measure, as it is shipped")
)

// TestVerifyBesideCosign measures; docs/benchmarks.md has what came of it.
func TestVerifyBesideCosign(t *testing.T) {
	if *shipped == "" {
		t.Skip("no -nbuild")
	}
	commands := maps.Clone(scriptCommands)
	commands["cost"] = cost
	testscript.Run(t, scriptParams(t, "testdata/attack", commands))
}

// cost runs verify and cosign on an image in turns and logs the medians of what they took:
// cost WHAT IMAGE. cosign is asked for the BOM alone, verify for all that the trust file
// asks for.
func cost(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cost WHAT IMAGE")
	}
	commands := map[string][]string{
		"nbuild": {*shipped, "verify", "--trust", "../trust.hcl", "--trust-unsigned", args[1]},
		"cosign": {*cosign, "verify-attestation", "--key", "../signer.pub", "--type", "cyclonedx", "--new-bundle-format", "--insecure-ignore-tlog",
			"--allow-http-registry", args[1]},
	}
	if *cosign == "" {
		delete(commands, "cosign")
	}
	program := meter(ts)
	seconds, memory, ends := map[string][]float64{}, map[string][]int64{}, map[string]string{}
	for range 5 {
		for _, name := range slices.Sorted(maps.Keys(commands)) {
			line := commands[name]
			cmd := exec.Command(program, line...)
			cmd.Dir = ts.MkAbs(".")
			cmd.Env = []string{"HOME=" + ts.Getenv("HOME"), "PATH=" + ts.Getenv("PATH"), "NBUILD_STORE=" + ts.Getenv("NBUILD_STORE")}
			out, err := cmd.CombinedOutput()
			ts.Check(err)
			var use used
			_, text, _ := strings.Cut(string(out), "\nRUSAGE ")
			ts.Check(json.Unmarshal([]byte(text), &use))
			seconds[name] = append(seconds[name], use.Seconds)
			memory[name] = append(memory[name], use.Memory)
			ends[name] = fmt.Sprintf("exit %d", use.Exit)
			if at := strings.Index(string(out), "for production: "); at >= 0 {
				ends[name], _, _ = strings.Cut(string(out)[at+len("for production: "):], "\n")
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		slices.Sort(seconds[name])
		slices.Sort(memory[name])
		ts.Logf("COST %s | %s | %.2f CPU s | %d MiB | %s", args[0], name, seconds[name][2], memory[name][2]>>10, ends[name])
	}
}

// used is what a command took.
type used struct {
	Seconds float64
	Memory  int64 // the most at once, in KiB
	Exit    int
}

// rusage is a program that runs another and writes what that took as its last line. A
// child's memory is counted from that of who starts it, and who holds the registry is large.
func rusage() {
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
	_ = cmd.Run()
	if cmd.ProcessState == nil {
		os.Exit(1)
	}
	raw, err := json.Marshal(used{
		(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(),
		cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss, cmd.ProcessState.ExitCode(),
	})
	if err != nil {
		os.Exit(1)
	}
	fmt.Printf("\nRUSAGE %s\n", raw)
}
