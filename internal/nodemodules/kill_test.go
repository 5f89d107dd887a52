package nodemodules

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/event"
)

// TestKilledInstallLeavesTheOldTreeOrTheNew runs the installer in a process that
// kills itself at its n-th event, for every n, and then runs it again.
func TestKilledInstallLeavesTheOldTreeOrTheNew(t *testing.T) {
	defer unix.Umask(unix.Umask(0o022))
	if dir := os.Getenv("NBUILD_TEST_KILL_DIR"); dir != "" {
		n, _ := strconv.Atoi(os.Getenv("NBUILD_TEST_KILL_AT"))
		o := demo(t).options()
		o.Dir = dir
		var events atomic.Int64
		o.Events = event.Func(func(event.Event) {
			if events.Add(1) == int64(n) {
				_ = unix.Kill(os.Getpid(), unix.SIGKILL)
				select {} // until it arrives
			}
		})
		if _, err := Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		return
	}
	old := []string{"644 node_modules/old/index.js: old"}
	seen := map[bool]int{}
	for n := 1; n <= 6; n++ { // the plan, four packages, the summary
		p := demo(t)
		p.write("node_modules/old/index.js", "old")
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledInstallLeavesTheOldTreeOrTheNew$")
		cmd.Env = append(os.Environ(), "NBUILD_TEST_KILL_DIR="+p.dir, "NBUILD_TEST_KILL_AT="+strconv.Itoa(n))
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Fatalf("killed at %d, it ended well:\n%s", n, out)
		}
		whole := &project{t: t, dir: p.dir}
		tree := slices.DeleteFunc(whole.list(), func(line string) bool { return !slices.Contains(old, line) && !slices.Contains(demoTree, line) })
		isOld, isNew := cmp.Equal(tree, old), cmp.Equal(tree, demoTree)
		if isOld == isNew {
			t.Errorf("killed at %d, the tree is neither: %v", n, tree)
		}
		seen[isNew]++
		if _, err := Run(t.Context(), p.options()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(demoTree, p.list()); diff != "" {
			t.Errorf("after the kill at %d (-want +got):\n%s", n, diff)
		}
		if _, err := os.Lstat(filepath.Join(p.dir, newName)); err == nil {
			t.Error("what the killed one left is still there")
		}
	}
	if seen[false] != 5 || seen[true] != 1 {
		t.Errorf("old trees %d, new trees %d", seen[false], seen[true])
	}
}
