package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What a process may allocate before its main function begins, all packages together,
// and one package of them. Time depends on the machine, and what is made does not: it is
// measured with GODEBUG=inittrace=1 through the binary. When a limit is passed, the
// first lines of `go test -v -run TestStart ./cmd/nbuild` name what to look at: a table to
// make when it is asked for, or a library whose cost can't be avoided while it is linked.
const (
	startAllocations = 7_400
	startBytes       = 1_350_000
	oneAllocations   = 1_000
	oneBytes         = 200_000
)

// initialiser is a line of inittrace: what one package did when the process started.
type initialiser struct {
	name               string
	bytes, allocations int
	clock              float64 // ms
}

var tracedInit = regexp.MustCompile(`(?m)^init (\S+) @\S+ ms, (\S+) ms clock, (\d+) bytes, (\d+) allocs$`)

// initialisers runs a binary's `version` and returns what its packages did before, the
// largest first.
func initialisers(t testing.TB, binary string) []initialiser {
	t.Helper()
	cmd := exec.Command(binary, "version")
	cmd.Env = append(cmd.Environ(), "GODEBUG=inittrace=1")
	var trace strings.Builder
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	var all []initialiser
	for _, m := range tracedInit.FindAllStringSubmatch(trace.String(), -1) {
		i := initialiser{name: m[1]}
		i.clock, _ = strconv.ParseFloat(m[2], 64)
		i.bytes, _ = strconv.Atoi(m[3])
		i.allocations, _ = strconv.Atoi(m[4])
		all = append(all, i)
	}
	slices.SortStableFunc(all, func(a, b initialiser) int { return b.bytes - a.bytes })
	return all
}

// built builds the command as it ships.
func built(t testing.TB) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "nbuild")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

func TestStartMakesLittle(t *testing.T) {
	all := initialisers(t, built(t))
	if len(all) < 50 {
		t.Fatalf("%d initialisers: inittrace has another form now", len(all))
	}
	var bytes, allocations int
	for i, in := range all {
		bytes += in.bytes
		allocations += in.allocations
		line := fmt.Sprintf("%7d bytes, %5d allocations, %.2f ms  %s", in.bytes, in.allocations, in.clock, in.name)
		if i < 10 {
			t.Log(line)
		}
		if in.bytes > oneBytes || in.allocations > oneAllocations {
			t.Errorf("more than %d bytes or %d allocations: %s", oneBytes, oneAllocations, line)
		}
	}
	t.Logf("%d bytes and %d allocations by %d packages", bytes, allocations, len(all))
	if bytes > startBytes || allocations > startAllocations {
		t.Errorf("%d bytes and %d allocations before main, of %d and %d", bytes, allocations, startBytes, startAllocations)
	}
}

// BenchmarkStart is `nbuild version` as a process: its CPU, children none.
func BenchmarkStart(b *testing.B) {
	binary := built(b)
	var cpu float64
	for b.Loop() {
		cmd := exec.Command(binary, "version")
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
		cpu += (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	}
	b.ReportMetric(1000*cpu/float64(b.N), "cpu-ms/op")
}
