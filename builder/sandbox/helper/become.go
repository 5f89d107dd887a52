package main

import (
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
)

// here is the working folder, as an argument that is a descriptor.
const here = ^uintptr(99) // AT_FDCWD

// write writes what the first process does: in its root, without powers, it starts the
// command whose program stands at a path. before is what signals the command may have;
// hands are its pipes, to hear and to say, this program, and the folder of a replica.
func (f *first) write(o *protocol.Order, program string, before *unix.Sigset_t, hands [4]int, alone bool) error {
	f.keepHands(hands)
	s := &f.become
	s.whoItIs(o)
	s.enterRoot()
	// A new /proc is allowed only while another is in sight that shows as much.
	s.proc(o.FirstProcess, o.Container != nil)
	s.pivot()
	name, writable := hostName, []string{"/build", "/tmp", "/dev", "/proc"}
	if o.Container != nil {
		name, writable = imageName, writable[1:]
		if o.Container.Recorded {
			writable = append(writable, protocol.RecordDir)
		}
	}
	s.part("the host name")
	s.add(unix.SYS_SETHOSTNAME, s.text(name), uintptr(len(name)))
	s.part("the domain name")
	s.add(unix.SYS_SETDOMAINNAME, s.text("(none)"), uintptr(len("(none)")))
	s.loopback()
	s.part("standard input")
	if !o.Reads {
		null := new(int32)
		s.add(unix.SYS_OPENAT, here, s.text("/dev/null"), unix.O_RDONLY|unix.O_CLOEXEC).into = null
		s.add(unix.SYS_DUP3, 0, 0, 0).of = null
		s.add(unix.SYS_CLOSE).of = null
	}
	if !f.asProgram {
		s.part("the ends of processes")
		var ends unix.Sigset_t
		ends.Val[0] = 1 << (uint(unix.SIGCHLD) - 1)
		f.watched = [2]unix.PollFd{{Fd: goFD, Events: unix.POLLIN}, {Events: unix.POLLIN}}
		s.add(unix.SYS_SIGNALFD4, ^uintptr(0), at(s, &ends), 8, unix.SFD_CLOEXEC).into = &f.watched[1].Fd
	}
	if err := s.rlimits(o.Limits, alone); err != nil {
		return err
	}
	if err := s.dropCapabilities(); err != nil {
		return err
	}
	s.landlock(writable)
	// What the command's user may look into is what may be looked into at all: not this.
	s.part("its own memory")
	s.add(unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	filter, err := filterProgram()
	if err != nil {
		return err
	}
	s.alive = append(s.alive, filter.Filter)
	s.part("the filter of system calls")
	s.add(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, at(s, filter))

	f.startCommand(o, program, before)
	return nil
}

// keepHands leaves the first process the three descriptors that every program has, and
// those that it uses.
func (f *first) keepHands(hands [4]int) {
	s, flags, last := &f.hands, uintptr(unix.O_CLOEXEC), uintptr(sayFD)
	if f.asProgram {
		flags = 0
	}
	s.part("descriptors")
	s.add(unix.SYS_DUP3, uintptr(hands[0]), goFD, flags)
	s.add(unix.SYS_DUP3, uintptr(hands[1]), sayFD, flags)
	if f.asProgram {
		last = selfFD
		s.add(unix.SYS_DUP3, uintptr(hands[2]), selfFD, unix.O_CLOEXEC)
		if hands[3] >= 0 {
			s.add(unix.SYS_DUP3, uintptr(hands[3]), protocol.ReplicaFD, 0)
		} else {
			s.add(unix.SYS_CLOSE, protocol.ReplicaFD).maybe = true
		}
	}
	s.add(unix.SYS_CLOSE_RANGE, last+1, uintptr(^uint32(0)), 0)
}

// startCommand writes how the command is started, or this program in its place.
func (f *first) startCommand(o *protocol.Order, program string, before *unix.Sigset_t) {
	s := &f.command
	if f.asProgram {
		s = &f.aside
	}
	s.part("the command")
	s.add(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, at(s, before), 0, 8)
	if f.asProgram {
		s.add(unix.SYS_EXECVEAT, selfFD, s.text(""), s.texts([]string{"nbuild-sandbox", "inner"}), s.texts([]string{protocol.OneProcessor}), unix.AT_EMPTY_PATH)
		return
	}
	s.add(unix.SYS_SETSID)
	s.add(unix.SYS_CHDIR, s.text(protocol.WorkDir))
	s.add(unix.SYS_EXECVE, s.text(program), s.texts(o.Run), s.texts(o.Env))
}

// whoItIs makes it the user of the sandbox, that ends with the process that made it.
func (s *script) whoItIs(o *protocol.Order) {
	user, group := whoIs(o)
	u, g := uintptr(user), uintptr(group)
	s.part("the user")
	s.add(unix.SYS_PRCTL, unix.PR_SET_NAME, s.text("nbuild-sandbox"))
	s.add(unix.SYS_SETSID)
	if protocol.Privileged() {
		s.add(unix.SYS_SETGROUPS, 0, 0)
	}
	s.add(unix.SYS_SETRESGID, g, g, g)
	s.add(unix.SYS_SETRESUID, u, u, u)
	s.add(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL)) // another user, and it is forgotten
}

// mount writes mount(2).
func (s *script) mount(from, to, kind string, flags uintptr, data string) *call {
	return s.add(unix.SYS_MOUNT, s.text(from), s.text(to), s.text(kind), flags, s.text(data))
}

// enterRoot makes the working folder, which is the new root, a mount of this namespace:
// the folder's own is locked, and one that is laid on it moves. It is not named, because
// the folders above it may be closed to the command's user.
func (s *script) enterRoot() {
	s.part("private mounts")
	s.mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	s.part("the new root")
	root := new(int32)
	dot := s.text(".")
	s.add(unix.SYS_OPEN_TREE, here, dot, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE).into = root
	s.add(unix.SYS_MOVE_MOUNT, 0, s.text(""), here, dot, unix.MOVE_MOUNT_F_EMPTY_PATH).of = root
	s.add(unix.SYS_FCHDIR).of = root
	s.add(unix.SYS_CLOSE).of = root
}

// pivot makes the working folder, a mount, the root, and lets go of the old one.
func (s *script) pivot() {
	s.part("the change of the root")
	dot := s.text(".")
	s.add(unix.SYS_PIVOT_ROOT, dot, dot)
	s.add(unix.SYS_UMOUNT2, dot, unix.MNT_DETACH)
	s.add(unix.SYS_CHDIR, s.text("/"))
}

// hidden are files of /proc that tell of the host or change it; read-only and emptied are
// folders.
var (
	hidden   = []string{"kcore", "keys", "key-users", "kmsg", "kallsyms", "kpagecount", "kpageflags", "kpagecgroup", "sched_debug", "sysrq-trigger", "timer_list", "vmallocinfo", "slabinfo"}
	readOnly = []string{"sys", "bus", "fs", "irq"}
	emptied  = []string{"acpi", "scsi", "asound"}
)

// proc mounts the /proc of this process namespace below the working folder, and has the
// processes of the namespace count on from a number. In an image any port may be listened
// on, as container engines have it: the network is nobody else's.
func (s *script) proc(first int, anyPort bool) {
	s.part("/proc")
	// Of a process that may not be looked into, nothing is to be had: the first one, a copy of
	// one that a user's own namespace calls root, would else have folders that are the user's.
	s.mount("proc", "proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "hidepid=1")
	write := func(name, value string) (calls []*call) {
		fd := new(int32)
		s.add(unix.SYS_OPENAT, here, s.text(name), unix.O_WRONLY|unix.O_CLOEXEC).into = fd
		s.add(unix.SYS_WRITE, 0, s.text(value), uintptr(len(value))).of = fd
		s.add(unix.SYS_CLOSE).of = fd
		for i := len(s.calls) - 3; i < len(s.calls); i++ {
			calls = append(calls, &s.calls[i])
		}
		return calls
	}
	if first > 0 { // pid_namespaces(7)
		write("proc/sys/kernel/ns_last_pid", strconv.Itoa(first))
	}
	if anyPort { // what can't be had shows when a low one is asked for
		for _, c := range write("proc/sys/net/ipv4/ip_unprivileged_port_start", "0") {
			c.maybe = true
		}
	}
	// Flags other than that it is a bind are only taken by a second mounting (mount(2)). All
	// that may be locked is among them, so that none is taken away.
	const held = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	over := func(from, to string) {
		c := s.mount(from, to, "", unix.MS_BIND, "")
		c.absent, c.without = true, 1
		s.mount("", to, "", unix.MS_BIND|unix.MS_REMOUNT|held, "")
	}
	for _, name := range readOnly {
		over("proc/"+name, "proc/"+name)
	}
	for _, name := range hidden {
		over("dev/null", "proc/"+name)
	}
	for _, name := range emptied {
		s.mount("tmpfs", "proc/"+name, "tmpfs", held, "size=0,mode=0555").absent = true
	}
}

// loopback sets the network's only device up.
func (s *script) loopback() {
	s.part("the loopback")
	request := make([]byte, 40) // struct ifreq of netdevice(7): a name, then flags
	copy(request, "lo")
	*(*uint16)(unsafe.Pointer(&request[unix.IFNAMSIZ])) = unix.IFF_UP | unix.IFF_RUNNING | unix.IFF_LOOPBACK
	socket := new(int32)
	s.add(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0).into = socket
	s.add(unix.SYS_IOCTL, 0, unix.SIOCSIFFLAGS, s.bytes(request)).of = socket
	s.add(unix.SYS_CLOSE).of = socket
}

// rlimits sets what the kernel holds each process to, and each user of a namespace.
func (s *script) rlimits(l protocol.Limits, alone bool) error {
	s.part("rlimits")
	set := func(what uintptr, to uint64) {
		s.add(unix.SYS_PRLIMIT64, 0, what, at(s, &unix.Rlimit{Cur: to, Max: to}), 0)
	}
	// No dump, and none to a program of the host either, which a limit of 0 would still
	// start (core(5)).
	set(unix.RLIMIT_CORE, 1)
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return err
	}
	set(unix.RLIMIT_NOFILE, min(files.Max, openFiles))
	if l.Processes > 0 && alone {
		set(unix.RLIMIT_NPROC, uint64(l.Processes+ours))
	}
	if l.Disk > 0 {
		set(unix.RLIMIT_FSIZE, uint64(l.Disk)+beyond)
	}
	return nil
}

// beyond is how far above the limit of all files together one file may grow, so that
// what was too much can be seen.
const beyond = 1 << 20

// ours is how many threads the first process of the sandbox may have, beside what the
// command may.
const ours = 16

// openFiles is how many files a process may have open, the same everywhere.
const openFiles = 65_536
