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
	"strings"
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

	pkg     string   // the package's name
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
	name, err := exec.Command("go", "list", "-f", "{{.Name}}", "./"+c.dirs[0]).Output()
	if err != nil {
		return result{}, fmt.Errorf("asking for the name of %s: %w", c.dirs[0], err)
	}
	c.pkg = strings.TrimSpace(string(name))
	faults, err := faultsOf(c.dirs[0], c.at)
	if err != nil {
		return result{}, err
	}
	own := fnv.New64a()
	own.Write([]byte(c.dirs[0]))
	draw := rand.New(rand.NewPCG(c.seed, own.Sum64()))
	draw.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })

	// Whether a fault counts is known when it was tried. So they are taken in turn, and
	// the first count that do are the draw.
	var r result
	for r.tried < count && len(faults) > 0 {
		batch := faults[:min(len(faults), max(c.jobs, (count-r.tried)*5/4))]
		faults = faults[len(batch):]
		outcomes, err := c.tryAll(batch, work)
		if err != nil {
			return result{}, err
		}
		for _, o := range outcomes {
			switch {
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

// tryAll tries faults: those that can be behind switches in one program, the others each
// in a program of its own. It gives what came of them in their order.
func (c *campaign) tryAll(faults []fault, work string) ([]outcome, error) {
	dir, err := os.MkdirTemp(work, "batch-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var together, alone []fault
	for _, f := range faults {
		if f.behind != nil {
			together = append(together, f)
		} else {
			alone = append(alone, f)
		}
	}
	outcomes := map[string]outcome{} // by what the fault says of itself and where it is
	for i, w := range weavings(together) {
		own := filepath.Join(dir, fmt.Sprint("woven", i))
		if err := os.Mkdir(own, 0o700); err != nil {
			return nil, err
		}
		p := &program{dir: own, suites: c.suites}
		overlay, never, single, err := w.build(c.dirs[0], c.pkg, own, p.binary(0))
		if err != nil {
			return nil, err
		}
		alone = append(alone, single...)
		for _, f := range never {
			outcomes[f.id()] = outcome{fault: f, unbuilt: true}
		}
		if len(w.faults) == 0 {
			continue
		}
		p.overlay = overlay
		p.built = append(p.built, p.binary(0))
		if by := c.suites[0].run(p.binary(0), 0, c.suites[0].tests, c.limit); by != "" {
			return nil, fmt.Errorf("with every switch off, %s fails", by)
		}
		c.each(w.faults, outcomes, func(i int, f fault) outcome { return c.try(f, p, i+1, dir) })
		os.RemoveAll(own)
	}
	c.each(alone, outcomes, func(i int, f fault) outcome {
		own, err := os.MkdirTemp(dir, "alone-*")
		if err != nil {
			return outcome{err: err}
		}
		defer os.RemoveAll(own)
		p := &program{dir: own, suites: c.suites}
		if p.overlay, err = f.overlay(own); err != nil {
			return outcome{err: err}
		}
		if _, err := build(c.dirs[0], p.binary(0), "-overlay", p.overlay); err != nil {
			return outcome{fault: f, unbuilt: true}
		}
		p.built = append(p.built, p.binary(0))
		return c.try(f, p, 0, dir)
	})
	list := make([]outcome, len(faults))
	for i, f := range faults {
		if list[i] = outcomes[f.id()]; list[i].err != nil {
			return nil, fmt.Errorf("%v: %w", f, list[i].err)
		}
	}
	return list, nil
}

// each does something with faults, some at a time, and keeps what came of it.
func (c *campaign) each(faults []fault, outcomes map[string]outcome, do func(int, fault) outcome) {
	var turn sync.WaitGroup
	var mu sync.Mutex
	free := make(chan struct{}, c.jobs)
	for i, f := range faults {
		free <- struct{}{}
		turn.Go(func() {
			defer func() { <-free }()
			o := do(i, f)
			if o.err == nil && !o.unbuilt && !o.same {
				fmt.Fprintln(os.Stderr, o) // for whoever waits
			}
			mu.Lock()
			defer mu.Unlock()
			outcomes[f.id()] = o
		})
	}
	turn.Wait()
}

// id is a name of a fault that no other of the package has.
func (f fault) id() string { return fmt.Sprint(f.file, f.start, f.end, f.kind, f.text) }

// program is the tests of a campaign built with faults, those of each package when they are
// asked for.
type program struct {
	dir, overlay string
	suites       []*suite
	mu           sync.Mutex
	built        []string
}

func (p *program) binary(i int) string { return filepath.Join(p.dir, fmt.Sprint(i, ".test")) }

func (p *program) of(i int) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n := len(p.built); n <= i; n++ {
		if out, err := build(p.suites[n].dir, p.binary(n), "-overlay", p.overlay); err != nil {
			return "", fmt.Errorf("building the tests of %s: %w\n%s", p.suites[n].dir, err, out)
		}
		p.built = append(p.built, p.binary(n))
	}
	return p.built[i], nil
}

// try runs tests with the fault that has a number in a program until one notices. The
// number 0 is that of a fault which is always there.
func (c *campaign) try(f fault, p *program, number int, work string) outcome {
	o := outcome{fault: f}
	for i, s := range c.suites {
		binary, err := p.of(i)
		if err != nil {
			return outcome{err: err}
		}
		groups, reached := s.order(f)
		o.reached = o.reached || reached
		for _, tests := range groups {
			if o.by = s.run(binary, number, tests, c.limit); o.by != "" {
				return o
			}
		}
	}
	own, err := os.MkdirTemp(work, "listing-*")
	if err != nil {
		return outcome{err: err}
	}
	defer os.RemoveAll(own)
	overlay, err := f.overlay(own)
	if err != nil {
		return outcome{err: err}
	}
	program, err := instructions(c.dirs[0], overlay)
	o.unbuilt = err != nil
	o.same = err == nil && program == c.program
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
