// Command mutate puts small faults into packages, one at a time, and asks whether their
// tests notice.
//
// A test that passes whatever the code does proves nothing, and reading does not show it.
// So a fault is drawn by chance and by a seed (a condition turned, a comparison moved by
// one, a statement or a whole check dropped, a constant changed, two results swapped), the
// package is built with it through an overlay, which leaves the tree as it is, and the
// package's own tests run, then those of the packages that are named after it. A fault
// that leaves all of them green is a survivor: it is printed with its line, for somebody
// to say whether a test is missing or the two programs mean the same.
//
// The invariant: the same seed on the same tree draws the same faults in the same order.
// The exit code is 1 where a package is below the rate that is asked for.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

func main() {
	count := flag.Int("n", 30, "faults a package")
	seed := flag.Uint64("seed", 1, "what faults are drawn by")
	limit := flag.Duration("timeout", 3*time.Minute, "how long the tests of one package may run; a fault that makes them wait is noticed")
	least := flag.Int("least", 0, "the percentage of noticed faults below which the exit code is 1")
	jobs := flag.Int("j", 1, "faults that are tried at a time")
	file := flag.String("file", "", "only in files of this name")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: go run ./.ci/long/mutate [flags] FOLDER[+FOLDER WHOSE TESTS RUN TOO]… in the project's root")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	below := false
	for _, dirs := range flag.Args() {
		tests := strings.Split(dirs, "+")
		for i, t := range tests {
			tests[i] = "./" + filepath.ToSlash(filepath.Clean(t))
		}
		dir := filepath.Clean(tests[0])
		c := campaign{dir: dir, tests: tests, only: *file, seed: *seed, limit: *limit, jobs: *jobs}
		r, err := c.run(*count)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", dir, err)
			os.Exit(1)
		}
		fmt.Printf("%s: %d of %d noticed, %d%%\n", c.dir, r.noticed, r.tried, r.rate())
		for _, s := range r.survivors {
			fmt.Println("  " + s)
		}
		below = below || r.rate() < *least
	}
	if below {
		os.Exit(1)
	}
}

// campaign is the faults of one package.
type campaign struct {
	dir, only string
	seed      uint64
	limit     time.Duration
	jobs      int
	tests     []string // the package's own first
}

type result struct {
	noticed, tried int
	survivors      []string
}

func (r result) rate() int { return 100 * r.noticed / max(1, r.tried) }

// run tries faults until count of them were built.
func (c *campaign) run(count int) (result, error) {
	for _, pkg := range c.tests { // a test that fails anyway notices nothing
		if out, ok := c.test(pkg, ""); !ok {
			return result{}, fmt.Errorf("%s fails without a fault:\n%s", pkg, out)
		}
	}
	faults, err := faultsOf(c.dir, c.only)
	if err != nil {
		return result{}, err
	}
	name := fnv.New64a()
	name.Write([]byte(c.dir))
	draw := rand.New(rand.NewPCG(c.seed, name.Sum64()))
	draw.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })

	// A fault that does not build is none, and how many there are is known when it is
	// tried. So faults are taken in turn, and the first count that build are the draw.
	outcomes := make([]outcome, 0, count)
	for len(outcomes) < count && len(faults) > 0 {
		batch := faults[:min(len(faults), max(c.jobs, count-len(outcomes)))]
		faults = faults[len(batch):]
		got := make([]outcome, len(batch))
		var turn sync.WaitGroup
		free := make(chan struct{}, c.jobs)
		for i, f := range batch {
			free <- struct{}{}
			turn.Go(func() {
				defer func() { <-free }()
				got[i] = c.try(f)
				got[i].tell()
			})
		}
		turn.Wait()
		for _, o := range got {
			if o.err != nil {
				return result{}, o.err
			}
			if o.built && len(outcomes) < count {
				outcomes = append(outcomes, o)
			}
		}
	}
	var r result
	for _, o := range outcomes {
		r.tried++
		if o.noticed {
			r.noticed++
		} else {
			r.survivors = append(r.survivors, o.fault.String())
		}
	}
	slices.Sort(r.survivors)
	return r, nil
}

type outcome struct {
	fault          fault
	built, noticed bool
	err            error
}

// tell prints what came of a fault, for whoever waits.
func (o outcome) tell() {
	switch {
	case o.err != nil || !o.built:
	case o.noticed:
		fmt.Fprintln(os.Stderr, "noticed  "+o.fault.String())
	default:
		fmt.Fprintln(os.Stderr, "survived "+o.fault.String())
	}
}

// try builds the package with a fault and runs tests until one of them notices.
func (c *campaign) try(f fault) outcome {
	o := outcome{fault: f}
	work, err := os.MkdirTemp("", "fault-*")
	if err != nil {
		return outcome{err: err}
	}
	defer os.RemoveAll(work)
	source, err := os.ReadFile(f.file)
	if err != nil {
		return outcome{err: err}
	}
	changed, overlay := filepath.Join(work, "changed.go"), filepath.Join(work, "overlay.json")
	if err := os.WriteFile(changed, f.apply(source), 0o600); err != nil {
		return outcome{err: err}
	}
	where, err := filepath.Abs(f.file)
	if err != nil {
		return outcome{err: err}
	}
	plan, err := json.Marshal(map[string]map[string]string{"Replace": {where: changed}})
	if err != nil {
		return outcome{err: err}
	}
	if err := os.WriteFile(overlay, plan, 0o600); err != nil {
		return outcome{err: err}
	}
	if exec.Command("go", "build", "-overlay", overlay, "./"+c.dir).Run() != nil {
		return o
	}
	o.built = true
	for _, pkg := range c.tests {
		if _, ok := c.test(pkg, overlay); !ok {
			o.noticed = true
			break
		}
	}
	return o
}

// test runs the tests of a package, and reports whether they pass in time.
func (c *campaign) test(pkg, overlay string) (string, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), c.limit+2*time.Minute) // for the building
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-vet=off", "-failfast", "-timeout", c.limit.String())
	if overlay != "" {
		cmd.Args = append(cmd.Args, "-overlay", overlay)
	}
	cmd.Args = append(cmd.Args, pkg)
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}
