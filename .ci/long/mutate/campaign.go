package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// campaign is the faults of one package.
type campaign struct {
	dirs  []string // folders: the package's own first, then others whose tests run
	at    string
	seed  uint64
	limit time.Duration
	jobs  int

	suites  []*suite // one a folder
	program [sha256.Size]byte
}

type result struct {
	noticed, tried, unbuilt, same int
	survivors                     []string
}

func (r result) rate() int { return 100 * r.noticed / max(1, r.tried) }

// outcome is what came of a fault: noticed by a test, or one of the others, or survived.
type outcome struct {
	fault         fault
	unbuilt, same bool
	by            string // what noticed it
	reached       bool   // a test runs its line
	err           error
}

func (o outcome) String() string {
	switch {
	case o.by != "":
		return "noticed  " + o.fault.String() + "  [" + o.by + "]"
	case !o.reached:
		return "survived " + o.fault.String() + "  [no test gets there]"
	}
	return "survived " + o.fault.String()
}

// run tries faults until count of them were programs of their own.
func (c *campaign) run(count int) (result, error) {
	work, err := os.MkdirTemp("", "mutate-*")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(work)
	for i, dir := range c.dirs {
		s, err := measure(dir, c.dirs[0], filepath.Join(work, fmt.Sprint("suite", i)), c.jobs)
		if err != nil {
			return result{}, err
		}
		c.suites = append(c.suites, s)
	}
	if c.program, err = instructions(c.dirs[0], ""); err != nil {
		return result{}, err
	}
	faults, err := faultsOf(c.dirs[0], c.at)
	if err != nil {
		return result{}, err
	}
	name := fnv.New64a()
	name.Write([]byte(c.dirs[0]))
	draw := rand.New(rand.NewPCG(c.seed, name.Sum64()))
	draw.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })

	// Whether a fault counts is known when it was tried. So they are taken in turn, and
	// the first count that do are the draw.
	var r result
	for r.tried < count && len(faults) > 0 {
		batch := faults[:min(len(faults), max(c.jobs, count-r.tried))]
		faults = faults[len(batch):]
		for _, o := range c.tryAll(batch, work) {
			switch {
			case o.err != nil:
				return result{}, o.err
			case r.tried == count:
			case o.unbuilt:
				r.unbuilt++
			case o.same:
				r.same++
			case o.by != "":
				r.tried++
				r.noticed++
			default:
				r.tried++
				r.survivors = append(r.survivors, o.String())
			}
		}
	}
	slices.Sort(r.survivors)
	return r, nil
}

// tryAll tries faults, some at a time, and gives what came of them in their order.
func (c *campaign) tryAll(faults []fault, work string) []outcome {
	outcomes := make([]outcome, len(faults))
	var turn sync.WaitGroup
	free := make(chan struct{}, c.jobs)
	for i, f := range faults {
		free <- struct{}{}
		turn.Go(func() {
			defer func() { <-free }()
			o := c.try(f, work)
			if o.err == nil && !o.unbuilt && !o.same {
				fmt.Fprintln(os.Stderr, o) // for whoever waits
			}
			outcomes[i] = o
		})
	}
	turn.Wait()
	return outcomes
}

// try builds the tests with a fault and runs them until one notices.
func (c *campaign) try(f fault, work string) outcome {
	o := outcome{fault: f}
	dir, err := os.MkdirTemp(work, "fault-*")
	if err != nil {
		return outcome{err: err}
	}
	defer os.RemoveAll(dir)
	overlay, err := f.overlay(dir)
	if err != nil {
		return outcome{err: err}
	}
	for i, s := range c.suites {
		binary := filepath.Join(dir, fmt.Sprint(i, ".test"))
		if out, err := build(s.dir, binary, "-overlay", overlay); err != nil {
			if i == 0 {
				o.unbuilt = true
				return o
			}
			return outcome{err: fmt.Errorf("%s with %v: %w\n%s", s.dir, f, err, out)}
		}
		groups, reached := s.order(f)
		o.reached = o.reached || reached
		for _, tests := range groups {
			if by := s.run(binary, tests, c.limit); by != "" {
				o.by = by
				return o
			}
		}
		os.Remove(binary)
	}
	program, err := instructions(c.dirs[0], overlay)
	if err != nil {
		return outcome{err: err}
	}
	o.same = program == c.program
	return o
}

// overlay writes the file with the fault, and what tells the go command to take it.
func (f fault) overlay(dir string) (string, error) {
	source, err := os.ReadFile(f.file)
	if err != nil {
		return "", err
	}
	changed, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(changed, f.apply(source), 0o600); err != nil {
		return "", err
	}
	where, err := filepath.Abs(f.file)
	if err != nil {
		return "", err
	}
	plan, err := json.Marshal(map[string]map[string]string{"Replace": {where: changed}})
	if err != nil {
		return "", err
	}
	return overlay, os.WriteFile(overlay, plan, 0o600)
}

// build makes the test binary of a package.
func build(dir, binary string, flags ...string) ([]byte, error) {
	args := append([]string{"test", "-c", "-vet=off", "-trimpath", "-ldflags=-s -w", "-o", binary}, flags...)
	return exec.Command("go", append(args, "./"+dir)...).CombinedOutput()
}

// instructions is the digest of what the compiler makes of a package: its listing, lines
// and all. Two files of which it makes the same are one program.
func instructions(dir, overlay string) (sum [sha256.Size]byte, err error) {
	args := []string{"build", "-trimpath", "-gcflags=-S"}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	listing, err := exec.Command("go", append(args, "./"+dir)...).CombinedOutput()
	if err != nil {
		return sum, fmt.Errorf("listing %s: %w\n%s", dir, err, listing)
	}
	return sha256.Sum256(listing), nil
}
