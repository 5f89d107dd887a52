// Command probe tries to get out of the sandbox that it runs in. Its first argument names
// what it tries; it prints "held" and why, or "fell" and what it got.
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func main() {
	runtime.LockOSThread()
	name, args := os.Args[1], os.Args[2:]
	if work, ok := works[name]; ok {
		work(args)
		return
	}
	attack, ok := attacks[name]
	if !ok {
		fmt.Println("fell: no such attack:", name)
		return
	}
	if err := attack(args); err != nil {
		fmt.Println("held:", err)
	} else {
		fmt.Println("fell")
	}
}

// denied turns the number of an error into one.
func denied(errno syscall.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

func call(number uintptr, args ...uintptr) error {
	for len(args) < 6 {
		args = append(args, 0)
	}
	_, _, errno := syscall.RawSyscall6(number, args[0], args[1], args[2], args[3], args[4], args[5])
	return denied(errno)
}

func text(s string) uintptr {
	p, _ := syscall.BytePtrFromString(s)
	return uintptr(unsafe.Pointer(p))
}

func family(f int) error {
	_, err := unix.Socket(f, unix.SOCK_DGRAM, 0)
	if err != nil {
		_, err = unix.Socket(f, unix.SOCK_RAW, 0)
	}
	return err
}

func dial(network, address string) error {
	c, err := net.DialTimeout(network, address, 3*time.Second)
	if err != nil {
		return err
	}
	_, err = c.Write([]byte("x"))
	return err
}

func read(path string) error {
	b, err := os.ReadFile(path)
	if err == nil && len(b) == 0 {
		return errors.New("it is empty")
	}
	return err
}

func write(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		f, err = os.Create(path)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString("1")
	return errors.Join(err, f.Close())
}

// attacks return nil where they got what they wanted.
var attacks = map[string]func(args []string) error{
	"tcp":          func(a []string) error { return dial("tcp", a[0]) },
	"outside":      func([]string) error { return dial("tcp", "192.0.2.1:80") },
	"udp":          func([]string) error { return dial("udp", "192.0.2.1:53") },
	"dns":          func([]string) error { _, err := net.LookupHost("example.com"); return err },
	"abstract":     func(a []string) error { return dial("unix", a[0]) },
	"vsock":        func([]string) error { return family(unix.AF_VSOCK) },
	"netlink":      func([]string) error { return family(unix.AF_NETLINK) },
	"packet":       func([]string) error { return family(unix.AF_PACKET) },
	"alg":          func([]string) error { return family(unix.AF_ALG) },
	"read":         func(a []string) error { return read(a[0]) },
	"list":         func(a []string) error { _, err := os.ReadDir(a[0]); return err },
	"environment":  environment,
	"processes":    processes,
	"write":        func(a []string) error { return write(a[0]) },
	"mount":        func([]string) error { return call(unix.SYS_MOUNT, text("none"), text("/tmp"), text("tmpfs"), 0, 0) },
	"new-mount":    func([]string) error { return call(unix.SYS_FSOPEN, text("tmpfs"), 0) },
	"umount":       func([]string) error { return call(unix.SYS_UMOUNT2, text("/proc"), unix.MNT_DETACH) },
	"unshare":      func([]string) error { return call(unix.SYS_UNSHARE, unix.CLONE_NEWUSER) },
	"clone":        func([]string) error { return clone(unix.CLONE_NEWUSER) },
	"clone-cgroup": func([]string) error { return clone(unix.CLONE_NEWCGROUP) },
	"clone3":       func([]string) error { return clone3() },
	"setns":        func([]string) error { return setns() },
	"chroot":       func([]string) error { return call(unix.SYS_CHROOT, text("/tmp")) },
	"pivot":        func([]string) error { return call(unix.SYS_PIVOT_ROOT, text("."), text(".")) },
	"device":       func([]string) error { return unix.Mknod("/tmp/device", unix.S_IFBLK|0o666, 0xfe00) },
	"ptrace":       func([]string) error { return call(unix.SYS_PTRACE, unix.PTRACE_ATTACH, 1) },
	"memory-of-1":  func([]string) error { return write("/proc/1/mem") },
	"keyctl":       func([]string) error { return call(unix.SYS_KEYCTL, 0, ^uintptr(2), 1) },
	"io_uring":     func([]string) error { return call(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(new([256]byte)))) },
	"bpf":          func([]string) error { return call(unix.SYS_BPF, 0, uintptr(unsafe.Pointer(new([256]byte))), 72) },
	"perf": func([]string) error {
		return call(unix.SYS_PERF_EVENT_OPEN, uintptr(unsafe.Pointer(new([256]byte))), 0, ^uintptr(0), ^uintptr(0), 0)
	},
	"userfaultfd": func([]string) error { return call(unix.SYS_USERFAULTFD, 1) },
	"handle": func([]string) error {
		return call(unix.SYS_OPEN_BY_HANDLE_AT, 0, uintptr(unsafe.Pointer(new([256]byte))), 0)
	},
	"personality":   func([]string) error { return call(unix.SYS_PERSONALITY, 0x0040000) },
	"tiocsti":       func([]string) error { return tiocsti() },
	"unknown":       func([]string) error { return call(900) },
	"descriptors":   descriptors,
	"setuid":        setuid,
	"capabilities":  capabilities,
	"i386":          func([]string) error { return i386() },
	"sysctl":        func([]string) error { return write("/proc/sys/kernel/core_pattern") },
	"netctl":        func([]string) error { return write("/proc/sys/net/ipv4/ip_forward") },
	"remount-build": func([]string) error { return call(unix.SYS_MOUNT, 0, text("/"), 0, unix.MS_REMOUNT|unix.MS_BIND, 0) },
	"become-root":   func([]string) error { return call(unix.SYS_SETUID, 0) },
	"nice":          func([]string) error { return unix.Setpriority(unix.PRIO_PROCESS, 0, -5) },
	"host-name":     func([]string) error { return unix.Sethostname([]byte("x")) },
}

func clone(flags uintptr) error {
	pid, _, errno := syscall.RawSyscall6(unix.SYS_CLONE, flags|uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno == 0 && pid == 0 {
		syscall.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
	}
	return denied(errno)
}

func clone3() error {
	args := struct{ flags, pidfd, child, parent, signal, stack, size, tls uint64 }{flags: unix.CLONE_NEWUSER, signal: uint64(unix.SIGCHLD)}
	pid, _, errno := syscall.RawSyscall(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&args)), unsafe.Sizeof(args), 0)
	if errno == 0 && pid == 0 {
		syscall.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
	}
	if errno != unix.ENOSYS {
		return nil // libraries fall back from nothing else
	}
	return errno
}

func setns() error {
	f, err := os.Open("/proc/self/ns/net")
	if err != nil {
		return err
	}
	return call(unix.SYS_SETNS, f.Fd(), 0)
}

func tiocsti() error {
	c := byte('x')
	err := call(unix.SYS_IOCTL, 0, unix.TIOCSTI, uintptr(unsafe.Pointer(&c)))
	if err != unix.EPERM {
		return nil // it was asked of a device
	}
	return err
}

// environment looks for a variable of the host in every process.
func environment([]string) error {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && strings.Contains(string(b), "NBUILD_PROBE_SECRET") {
			return nil
		}
	}
	return fmt.Errorf("in none of %d processes", len(files))
}

func processes([]string) error {
	pids, _ := filepath.Glob("/proc/[0-9]*")
	if len(pids) > 2 {
		return nil
	}
	return fmt.Errorf("%d processes", len(pids))
}

// descriptors looks for one that is open beside the three.
func descriptors([]string) error {
	for fd := 3; fd < 1024; fd++ {
		target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		if err == nil && !strings.HasPrefix(target, "anon_inode:") && !strings.HasPrefix(target, "pipe:") && !strings.HasPrefix(target, "/proc/") {
			fmt.Println(fd, target)
			return nil
		}
	}
	return errors.New("none")
}

func setuid([]string) error {
	out, err := exec.Command("/bin/setuid-probe", "who").Output()
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(out)) == "1000" {
		return errors.New("it runs as 1000")
	}
	return nil
}

func capabilities([]string) error {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(b)) {
		if name, set, ok := strings.Cut(line, ":"); ok && strings.HasPrefix(name, "Cap") && strings.Trim(strings.TrimSpace(set), "0") != "" {
			fmt.Print(line)
			return nil
		}
	}
	return errors.New("there are none")
}

// works are what honest and other commands do.
var works = map[string]func(args []string){
	"who":   func([]string) { fmt.Println(os.Geteuid()) },
	"print": func(a []string) { fmt.Println(strings.Join(a, " ")) },
	"mounts": func([]string) {
		text, err := os.ReadFile("/proc/self/mountinfo")
		check(err)
		fmt.Print(string(text))
	},
	// say TEXT: on both of its streams
	"say": func(a []string) {
		fmt.Println(a[0])
		fmt.Fprintln(os.Stderr, a[0])
	},
	// modes FOLDER …: files, with their modes and times
	"modes": func(a []string) {
		for _, dir := range a {
			entries, err := os.ReadDir(dir)
			check(err)
			for _, e := range entries {
				info, err := e.Info()
				check(err)
				fmt.Println(filepath.Join(dir, e.Name()), info.Mode(), info.ModTime().Unix())
			}
		}
	},
	"fail": func(a []string) { n, _ := strconv.Atoi(a[0]); os.Exit(n) },
	"environ": func([]string) {
		env := os.Environ()
		slices.Sort(env)
		fmt.Println(strings.Join(env, "\n"))
	},
	"see": func([]string) {
		host, _ := os.Hostname()
		dir, _ := os.Getwd()
		umask := unix.Umask(0)
		fmt.Printf("uid %d gid %d host %s dir %s umask %03o pid1 %t\n", os.Getuid(), os.Getgid(), host, dir, umask, os.Getppid() == 1)
	},
	"loopback": func([]string) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err == nil {
			go func() { _ = dial("tcp", l.Addr().String()) }()
			_, err = l.Accept()
		}
		fmt.Println(err)
	},
	// answer ADDRESS: a server that says who it is
	"answer": func(a []string) {
		l, err := net.Listen("tcp", a[0])
		check(err)
		for {
			c, err := l.Accept()
			check(err)
			said := fmt.Sprintf("uid %d gid %d", os.Getuid(), os.Getgid())
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(said), said)
			c.Close()
		}
	},
	// talk ADDRESS TEXT …: sends each text on a connection of its own and prints what comes back
	"talk": func(a []string) {
		for _, text := range a[1:] {
			c, err := net.Dial("tcp", a[0])
			check(err)
			_, err = io.WriteString(c, text)
			check(err)
			_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
			answer, err := io.ReadAll(c)
			fmt.Printf("%s\n%v\n--\n", answer, err)
			c.Close()
		}
	},
	// hang ADDRESS COUNT: so many connections that ask for nothing, and then a question
	"hang": func(a []string) {
		count, _ := strconv.Atoi(a[1])
		for range count {
			c, err := net.Dial("tcp", a[0])
			check(err)
			_, _ = io.WriteString(c, "GET /")
		}
		c, err := net.Dial("tcp", a[0])
		check(err)
		_, _ = io.WriteString(c, "GET /-/ping HTTP/1.0\r\nHost: "+a[0]+"\r\n\r\n")
		answer, err := io.ReadAll(c)
		fmt.Println(strings.Contains(string(answer), "200 OK"), err)
	},
	// put PATH TEXT …: writes files
	"put": func(a []string) {
		for i := 0; i+1 < len(a); i += 2 {
			check(os.MkdirAll(filepath.Dir(a[i]), 0o755))
			check(os.WriteFile(a[i], []byte(a[i+1]), 0o644))
		}
	},
	"append": func(a []string) {
		f, err := os.OpenFile(a[0], os.O_APPEND|os.O_WRONLY, 0)
		check(err)
		_, err = f.WriteString(a[1])
		check(err)
	},
	"cat": func(a []string) {
		for _, name := range a {
			b, err := os.ReadFile(name)
			check(err)
			os.Stdout.Write(b)
		}
	},
	"link":  func(a []string) { check(os.Symlink(a[0], a[1])) },
	"fifo":  func(a []string) { check(unix.Mkfifo(a[0], 0o644)) },
	"sock":  func(a []string) { _, err := net.Listen("unix", a[0]); check(err); os.Exit(0) },
	"sleep": func(a []string) { d, _ := time.ParseDuration(a[0]); time.Sleep(d) },
	// daemon MARK: a process that leaves its parent, its session and its output behind
	"daemon": func(a []string) {
		if len(a) == 2 {
			time.Sleep(time.Minute)
			return
		}
		cmd := exec.Command("/proc/self/exe", "daemon", a[0], "child")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		check(cmd.Start())
		fmt.Println("started")
	},
	"forks": func([]string) {
		for {
			if err := exec.Command("/proc/self/exe", "sleep", "1m").Start(); err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
		}
	},
	"memory": func([]string) {
		var held [][]byte
		for {
			b := make([]byte, 8<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			held = append(held, b)
			_ = held
		}
	},
	"disk": func(a []string) {
		for i := 0; ; i++ {
			f, err := os.Create(fmt.Sprintf("%s/fill-%d", a[0], i))
			check(err)
			_, err = io.CopyN(f, zero{}, 4<<20)
			check(err)
			f.Close()
		}
	},
	"one-file": func(a []string) {
		f, err := os.Create(a[0])
		check(err)
		_, err = io.Copy(f, zero{})
		check(err)
	},
}

type zero struct{}

func (zero) Read(b []byte) (int, error) { return len(b), nil }

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
