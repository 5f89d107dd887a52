// Command mutate puts small faults into packages, one at a time, and asks whether their
// tests notice.
//
// A test that passes whatever the code does proves nothing, and reading does not show it.
// So a fault is drawn by chance and by a seed (a condition turned, a comparison moved by
// one, a statement or a whole check dropped, a constant changed, two results swapped), the
// tests are built with it through an overlay, which leaves the tree as it is, and run:
// those that reach the fault, the quick ones first, then all others of the package, then
// those of the packages that are named after it. Which tests reach a line was measured
// before, test by test; it decides about the order alone. A fault that leaves all of them
// green is a survivor: it is printed with its line, for somebody to say whether a test is
// missing or the two programs do the same.
//
// Four kinds of faults count for nothing: what does not build, what stands in the words of
// an error, what changes only how much room is set aside, and what survives because the
// compiler makes the same instructions of it.
//
// The invariant: the same seed on the same tree draws the same faults in the same order.
// The exit code is 1 where a package is below the rate that is asked for.
package main

import (
	"flag"
	"fmt"
	"os"
	"path"
	"strings"
	"time"
)

func main() {
	count := flag.Int("n", 30, "faults a package")
	seed := flag.Uint64("seed", 1, "what faults are drawn by")
	limit := flag.Duration("timeout", 30*time.Second, "how long tests may take beside ten times what they take without a fault; one that makes them wait longer is noticed")
	least := flag.Int("least", 0, "the percentage of noticed faults below which the exit code is 1")
	jobs := flag.Int("j", 1, "faults that are tried at a time")
	at := flag.String("at", "", "only faults of this `file.go` or file.go:LINE")
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
		c := campaign{at: *at, seed: *seed, limit: *limit, jobs: max(1, *jobs)}
		for _, dir := range strings.Split(dirs, "+") {
			c.dirs = append(c.dirs, path.Clean(dir))
		}
		r, err := c.run(*count)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", c.dirs[0], err)
			os.Exit(1)
		}
		fmt.Printf("%s: %d of %d noticed, %d%% (seed %d; %d more do not build, %d are the same program)\n",
			c.dirs[0], r.noticed, r.tried, r.rate(), *seed, r.unbuilt, r.same)
		for _, s := range r.survivors {
			fmt.Println("  " + s)
		}
		below = below || r.rate() < *least
	}
	if below {
		os.Exit(1)
	}
}
