package sandbox

import (
	"context"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var figures = flag.Int("figures", 0, "measure starting against bwrap, this many times in turn")

// What starting costs beside bubblewrap with the same mounts, in turn: run with
// -figures 41. Nothing fails because of it.
//
// All that is started is waited for, whoever started it: bubblewrap ends before the
// process that makes its mounts, and what that used would be nobody's.
func TestStartFigures(t *testing.T) {
	if *figures == 0 {
		t.Skip("-figures is not given")
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, myself)
	w.spec.Run = []string{"probe", "print"}
	w.spec.Limits = Limits{Memory: 1 << 30, Disk: 1 << 30, Processes: 100, Time: time.Minute}
	peer := w.peer()
	var ours, theirs []cost
	for range *figures {
		ours = append(ours, taken(t, func() error { _, err := Run(context.Background(), w.spec, io.Discard); return err }))
		w.next()
		theirs = append(theirs, taken(t, func() error { return exec.Command("bwrap", peer...).Run() }))
	}
	t.Logf("sandbox %v wall, %v CPU; bwrap %v wall, %v CPU (medians of %d)", middle(ours, wall), middle(ours, cpu), middle(theirs, wall), middle(theirs, cpu), *figures)
}

// peer is what bubblewrap is told for the mounts that a step has.
func (w *world) peer() []string {
	args := []string{
		"--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000", "--hostname", "build", "--die-with-parent", "--new-session", "--clearenv",
		"--ro-bind", w.spec.Root, "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/dev/shm", "--remount-ro", "/dev",
		"--bind", w.spec.Work[0], "/build", "--bind", w.folder("peer-tmp"), "/tmp", "--chdir", "/build",
	}
	over := func(kind, from, to string) {
		if _, err := os.Stat(to); err == nil {
			args = append(args, strings.Fields(kind+" "+from+" "+to)...)
		}
	}
	for _, name := range []string{"sys", "bus", "fs", "irq"} {
		over("--ro-bind", "/proc/"+name, "/proc/"+name)
	}
	for _, name := range []string{
		"kcore", "keys", "key-users", "kmsg", "kallsyms", "kpagecount", "kpageflags", "kpagecgroup", "sched_debug", "sysrq-trigger", "timer_list", "vmallocinfo", "slabinfo",
	} {
		over("--ro-bind", "/dev/null", "/proc/"+name)
	}
	for _, name := range []string{"acpi", "scsi", "asound"} {
		over("--tmpfs", "", "/proc/"+name)
	}
	for _, name := range Skeleton() {
		if base, ok := strings.CutPrefix(name, "etc/"); ok && base != "" {
			args = append(args, "--ro-bind", filepath.Join(w.spec.Root, name), "/"+name)
		}
	}
	return append(args, "/bin/probe", "print")
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
	ended := time.Since(began)
	for { // who was left to this process
		if _, err := unix.Wait4(-1, nil, 0, nil); err != nil && err != unix.EINTR {
			break
		}
	}
	return cost{ended, used() - before}
}
