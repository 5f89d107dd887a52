package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
)

// holder holds the limits of a sandbox: with a control group where one can be had, and
// for what it has none of with rlimits and a look every now and then.
type holder struct {
	limits  protocol.Limits
	scratch string
	how     string
	groups  []group // none where limits are sampled

	most      int64 // memory that was seen, where it is sampled
	processes int   // the most that were seen
}

// group is a folder of a control group hierarchy that was made for this sandbox.
type group struct{ dir, memory, processes, peak string }

// newHolder makes the control groups.
func newHolder(l protocol.Limits, scratch string) *holder {
	h := &holder{limits: l, scratch: scratch, how: protocol.HeldSampled}
	name := fmt.Sprintf("nbuild-%d-%d", os.Getpid(), time.Now().UnixNano())
	mounts, own := hierarchies()
	if at, ok := own[""]; ok && mounts[""] != "" {
		g := group{filepath.Join(mounts[""], at, name), "memory.max", "pids.max", "memory.peak"}
		if h.make(g) == nil && h.write(g, "memory.swap.max", "0") == nil {
			h.groups, h.how = []group{g}, protocol.HeldV2
			return h
		}
		_ = os.Remove(g.dir)
	}
	var old []group
	for _, c := range []string{"memory", "pids"} {
		at, ok := own[c]
		if !ok || mounts[c] == "" {
			break
		}
		sweep(filepath.Join(mounts[c], at))
		g := group{dir: filepath.Join(mounts[c], at, name)}
		if c == "memory" {
			g.memory, g.peak = "memory.limit_in_bytes", "memory.max_usage_in_bytes"
		} else {
			g.processes = "pids.max"
		}
		old = append(old, g)
		if h.make(g) != nil {
			break
		}
		if len(old) == 2 {
			_ = h.write(old[0], "memory.memsw.limit_in_bytes", strconv.FormatInt(l.Memory, 10)) // where swap is counted
			h.groups, h.how = old, protocol.HeldV1
			return h
		}
	}
	for _, g := range old {
		_ = os.Remove(g.dir)
	}
	return h
}

// sweep removes what killed runs left: groups whose maker is gone. A group is empty as
// well just before its sandbox starts.
func sweep(dir string) {
	left, _ := filepath.Glob(filepath.Join(dir, "nbuild-*"))
	for _, old := range left {
		maker, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(old), "nbuild-"), "-")
		if pid, err := strconv.Atoi(maker); err == nil && unix.Kill(pid, 0) == unix.ESRCH {
			_ = os.Remove(old)
		}
	}
}

// hierarchies finds where control groups are mounted, and in which of them this process
// is, both by controller; the newer kind has the name "" (cgroups(7)).
func hierarchies() (mounts, own map[string]string) {
	mounts, own = map[string]string{}, map[string]string{}
	text, _ := readFile("/proc/self/mountinfo")
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		sep := 0
		for i, s := range f {
			if s == "-" {
				sep = i
			}
		}
		if sep < 6 || len(f) < sep+4 || f[3] != "/" {
			continue
		}
		switch f[sep+1] {
		case "cgroup2":
			mounts[""] = f[4]
		case "cgroup":
			for c := range strings.SplitSeq(f[sep+3], ",") {
				mounts[c] = f[4]
			}
		}
	}
	text, _ = readFile("/proc/self/cgroup")
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		for c := range strings.SplitSeq(parts[1], ",") {
			own[c] = parts[2]
		}
	}
	return mounts, own
}

func (h *holder) write(g group, file, text string) error {
	return writeFile(g.dir+"/"+file, text, 0)
}

// make makes a group and sets its limits.
func (h *holder) make(g group) error {
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		return err
	}
	if g.memory != "" && h.limits.Memory > 0 {
		if err := h.write(g, g.memory, strconv.FormatInt(h.limits.Memory, 10)); err != nil {
			return err
		}
	}
	if g.processes != "" && h.limits.Processes > 0 {
		return h.write(g, g.processes, strconv.Itoa(h.limits.Processes+ours))
	}
	return nil
}

// take puts the inner process, and so all that it starts, under the limits.
func (h *holder) take(pid int) error {
	for _, g := range h.groups {
		if err := h.write(g, "cgroup.procs", strconv.Itoa(pid)); err != nil {
			return err
		}
	}
	return nil
}

func (h *holder) close() {
	for _, g := range h.groups {
		for range 50 { // the kernel takes a moment after the last process
			if os.Remove(g.dir) == nil {
				break
			}
			time.Sleep(2 * time.Millisecond)
		}
	}
}

// look looks at what is used, and returns the limit that was overstepped and how long to
// wait until the next look. What no group holds is looked at: disk always, memory where
// there is none.
func (h *holder) look(pid int) (limit string, pause time.Duration) {
	began := time.Now()
	if h.how == protocol.HeldSampled {
		memory, processes := usage(pid)
		h.most, h.processes = max(h.most, memory), max(h.processes, processes)
		if h.limits.Memory > 0 && memory > h.limits.Memory {
			return protocol.LimitMemory, 0
		}
		if h.limits.Processes > 0 && processes > h.limits.Processes+ours {
			return protocol.LimitProcesses, 0
		}
	}
	if h.limits.Disk > 0 && h.disk() > h.limits.Disk {
		return protocol.LimitDisk, 0
	}
	// Looking costs at most a fiftieth of one processor.
	return "", min(max(50*time.Since(began), firstLook), 2*time.Second)
}

// firstLook is how long a command has run when it is first looked at.
const firstLook = 10 * time.Millisecond

// disk returns how many bytes were written, by what the files take up.
func (h *holder) disk() (total int64) {
	for _, name := range []string{upper, tmp} {
		_ = filepath.WalkDir(filepath.Join(h.scratch, name), func(_ string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil // gone meanwhile
			}
			if info, err := d.Info(); err == nil {
				if st, ok := info.Sys().(*syscall.Stat_t); ok {
					total += st.Blocks * 512
				}
			}
			return nil
		})
	}
	return total
}

// hit reports which limit a control group or an rlimit held the command to, from how it
// ended and what was counted.
func (h *holder) hit(exit int) string {
	killed := exit == 128+int(unix.SIGKILL)
	for _, g := range h.groups {
		for _, file := range []string{"memory.oom_control", "memory.events"} {
			if g.memory != "" && counted(filepath.Join(g.dir, file), "oom_kill") > 0 && exit != 0 {
				return protocol.LimitMemory
			}
		}
		if g.processes != "" && counted(filepath.Join(g.dir, "pids.events"), "max") > 0 && exit != 0 {
			return protocol.LimitProcesses
		}
	}
	switch {
	case exit == 128+int(unix.SIGXFSZ), exit != 0 && h.limits.Disk > 0 && h.disk() > h.limits.Disk:
		return protocol.LimitDisk
	case h.how == protocol.HeldSampled && h.limits.Processes > 0 && h.processes >= h.limits.Processes && exit != 0:
		return protocol.LimitProcesses
	case h.how == protocol.HeldSampled && killed && h.limits.Memory > 0 && h.most > h.limits.Memory*9/10:
		return protocol.LimitMemory
	}
	return ""
}

// peak returns the most memory that was seen, 0 where nothing counted it.
func (h *holder) peak() int64 {
	for _, g := range h.groups {
		if text, err := readFile(filepath.Join(g.dir, g.peak)); err == nil && g.peak != "" {
			if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
				return n
			}
		}
	}
	return h.most
}

// counted reads a number from a file of lines, each a name and a number.
func counted(file, name string) int64 {
	text, err := readFile(file)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == name {
			n, _ := strconv.ParseInt(f[1], 10, 64)
			return n
		}
	}
	return 0
}

// usage adds up what a process and all below it use: memory that is theirs or shared
// among them, in bytes, and threads.
func usage(pid int) (memory int64, threads int) {
	work := []int{pid}
	for len(work) > 0 && threads < 1<<20 {
		p := work[len(work)-1]
		work = work[:len(work)-1]
		text, err := readFile(fmt.Sprintf("/proc/%d/status", p))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(line, ":")
			n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			switch name {
			case "RssAnon", "RssShmem":
				memory += n << 10
			case "Threads":
				threads += int(n)
			}
		}
		tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", p))
		for _, t := range tasks {
			children, _ := readFile(fmt.Sprintf("/proc/%d/task/%s/children", p, t.Name()))
			for c := range strings.FieldsSeq(string(children)) {
				if n, err := strconv.Atoi(c); err == nil {
					work = append(work, n)
				}
			}
		}
	}
	return memory, threads
}
