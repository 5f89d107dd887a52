package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// suite is the tests of one package, and which lines of the package with faults each of
// them runs.
type suite struct {
	dir   string
	tests []test
}

type test struct {
	name   string
	took   time.Duration
	blocks []block
}

// block is a stretch of a file that runs as a whole.
type block struct {
	file                       string // its last element
	fromLine, fromCol, to, col int
}

func (b block) has(file string, line, col int) bool {
	return b.file == file && (line > b.fromLine || line == b.fromLine && col >= b.fromCol) &&
		(line < b.to || line == b.to && col <= b.col)
}

// measure runs each test of a package by itself and without a fault, to see that it
// passes, how long it takes, and what of the package in faulty it runs.
func measure(dir, faulty, work string, jobs int) (*suite, error) {
	if err := os.MkdirAll(work, 0o700); err != nil {
		return nil, err
	}
	binary := filepath.Join(work, "covered.test")
	if out, err := build(dir, binary, "-cover", "-covermode=set", "-coverpkg=./"+faulty); err != nil {
		return nil, fmt.Errorf("building the tests of %s: %w\n%s", dir, err, out)
	}
	list := exec.Command(binary, "-test.list", "^(Test|Fuzz|Example)")
	list.Dir = dir
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the tests of %s: %w", dir, err)
	}
	s := &suite{dir: dir}
	for name := range strings.FieldsSeq(string(out)) {
		s.tests = append(s.tests, test{name: name})
	}
	errs := make([]error, len(s.tests))
	var turn sync.WaitGroup
	free := make(chan struct{}, jobs)
	for i := range s.tests {
		t, profile := &s.tests[i], filepath.Join(work, fmt.Sprint(i, ".cover"))
		free <- struct{}{}
		turn.Go(func() {
			defer func() { <-free }()
			start := time.Now()
			if out, err := execute(dir, 0, 10*time.Minute, binary, "-test.run", exactly(t.name), "-test.coverprofile", profile); err != nil {
				errs[i] = fmt.Errorf("%s of %s fails without a fault: %w\n%s", t.name, dir, err, out)
				return
			}
			t.took = time.Since(start)
			t.blocks, errs[i] = readProfile(profile)
		})
	}
	turn.Wait()
	return s, cmp.Or(errs...)
}

// readProfile reads which blocks ran.
func readProfile(name string) ([]block, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var ran []block
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		place, rest, ok := strings.Cut(lines.Text(), ".go:")
		if !ok || strings.HasSuffix(rest, " 0") {
			continue
		}
		b := block{file: path.Base(place) + ".go"}
		if _, err := fmt.Sscanf(rest, "%d.%d,%d.%d", &b.fromLine, &b.fromCol, &b.to, &b.col); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", name, lines.Text(), err)
		}
		ran = append(ran, b)
	}
	return ran, nil
}

// order gives the tests in the order in which they are asked about a fault: those that
// run its line, the quick ones first, and the rest, which could notice it
// through a child process or a variable of the package. It reports whether one runs it.
func (s *suite) order(f fault) (groups [][]test, reached bool) {
	near := func(covers func(block) bool) (is, not []test) {
		for _, t := range s.tests {
			if slices.ContainsFunc(t.blocks, covers) {
				is = append(is, t)
			} else {
				not = append(not, t)
			}
		}
		return is, not
	}
	file := filepath.Base(f.file)
	runs, rest := near(func(b block) bool { return b.has(file, f.line, f.column) })
	reached = len(runs) > 0
	if !reached { // the head of a case, or a variable: what runs the function around it, or anything
		runs, rest = near(func(b block) bool {
			return f.function.fromLine == 0 || b.file == file && b.fromLine >= f.function.fromLine && b.to <= f.function.to
		})
		reached = len(runs) > 0 && (f.head || f.function.fromLine == 0)
	}
	slices.SortStableFunc(runs, func(a, b test) int { return cmp.Compare(a.took, b.took) })
	for bound := 2 * time.Second; len(runs) > 0; bound *= 4 {
		n := 0
		for sum := time.Duration(0); n < len(runs) && (n == 0 || sum+runs[n].took < bound); n++ {
			sum += runs[n].took
		}
		groups, runs = append(groups, runs[:n]), runs[n:]
	}
	if len(rest) > 0 {
		groups = append(groups, rest)
	}
	return groups, reached
}

// run runs tests until one fails, and returns what it was, or "". A test that passes when
// it is asked again has noticed nothing: the machine was busy, or it is a matter of luck.
func (s *suite) run(binary string, number int, tests []test, limit time.Duration) string {
	all := make([]string, len(tests))
	for i, t := range tests {
		all[i] = t.name
		limit += 10 * t.took
	}
	by, name := s.once(binary, number, all, limit)
	if by == "" || name == "" {
		return by
	}
	if again, _ := s.once(binary, number, []string{name}, limit); again != "" {
		return by
	}
	by, _ = s.once(binary, number, all, limit)
	return by
}

// once runs tests and says what failed, with the name of the test where it has one. What
// was not done in time has none.
func (s *suite) once(binary string, number int, tests []string, limit time.Duration) (by, name string) {
	out, err := execute(s.dir, number, limit, binary, "-test.failfast", "-test.run", exactly(tests...))
	switch m := failed.FindSubmatch(out); {
	case err == nil:
		return "", ""
	case errors.Is(err, errTime) || m == nil:
		return s.dir + ": " + err.Error(), ""
	default:
		return s.dir + " " + string(m[1]), string(m[1])
	}
}

var failed = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)

var errTime = errors.New("not done in time")

// exactly is the pattern of these tests and no others.
func exactly(names ...string) string { return "^(" + strings.Join(names, "|") + ")$" }

// execute runs a test binary in its package's folder, with the fault of a number, as a
// group of processes that ends with it, so that nothing goes on which a fault has left
// behind.
func execute(dir string, number int, limit time.Duration, binary string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, append(args, "-test.timeout=0")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", variable, number))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // ESRCH where all have ended
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("%w: %s", errTime, limit.Round(time.Second))
	}
	return out, err
}
