package sandbox

import (
	"context"
	"flag"
	"io"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"
)

var figures = flag.Int("figures", 0, "measure starting against bwrap, this many times in turn")

// What starting costs beside bubblewrap with the same mounts, in turn: run with
// -figures 41. Nothing fails because of it.
func TestStartFigures(t *testing.T) {
	if *figures == 0 {
		t.Skip("-figures is not given")
	}
	w := newWorld(t, myself)
	w.spec.Run = []string{"probe", "print"}
	r := w.spec.Root
	peer := []string{
		"--ro-bind", r, "/", "--proc", "/proc", "--dev", "/dev", "--bind", w.spec.Work[0], "/build", "--tmpfs", "/tmp", "--chdir", "/build",
		"--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000", "--hostname", "build", "--die-with-parent", "--new-session", "--clearenv", "/bin/probe", "print",
	}
	var ours, theirs []cost
	for range *figures {
		ours = append(ours, taken(t, func() error { _, err := Run(context.Background(), w.spec, io.Discard); return err }))
		w.next()
		theirs = append(theirs, taken(t, func() error { return exec.Command("bwrap", peer...).Run() }))
	}
	t.Logf("sandbox %v wall, %v CPU; bwrap %v wall, %v CPU (medians of %d)", middle(ours, wall), middle(ours, cpu), middle(theirs, wall), middle(theirs, cpu), *figures)
}

type cost struct{ wall, cpu time.Duration }

func wall(c cost) time.Duration { return c.wall }
func cpu(c cost) time.Duration  { return c.cpu }

func middle(costs []cost, of func(cost) time.Duration) time.Duration {
	var all []time.Duration
	for _, c := range costs {
		all = append(all, of(c))
	}
	slices.Sort(all)
	return all[len(all)/2].Round(10 * time.Microsecond)
}

// taken returns what something cost: the CPU time of this process and its children.
func taken(t *testing.T, do func() error) cost {
	t.Helper()
	used := func() (total time.Duration) {
		for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
			var u syscall.Rusage
			if err := syscall.Getrusage(who, &u); err != nil {
				t.Fatal(err)
			}
			total += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
		return total
	}
	began, before := time.Now(), used()
	if err := do(); err != nil {
		t.Fatal(err)
	}
	return cost{time.Since(began), used() - before}
}
