package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
)

// Folders of an order's scratch.
const (
	memory   = "memory"      // is in memory: it costs little, and where it is mounted from is no path of the host
	newRoot  = "memory/root" // where the root is laid out
	empty    = "memory/none" // what has nothing in it
	etc      = "memory/etc"  // files that are laid over those of the root
	copied   = "image"       // the root's folders in one, where they can't be laid over each other
	upper    = "work"        // what the command writes into its working folder
	overlaid = "merge"       // the overlay's own
	overTmp  = "other"       // that of the one over /tmp
	tmp      = "tmp"         // what it writes into /tmp
	taken    = "out"         // the outputs
)

type file struct{ name, text string }

// identity is what files of /etc say inside of the sandbox, whatever the root has.
var identity = []file{
	{"group", "root:x:0:\nbuild:x:1000:\n"},
	{"hosts", "127.0.0.1 localhost build\n::1 localhost\n"},
	{"nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"},
	{"passwd", "root:x:0:0:root:/:/bin/false\nbuild:x:1000:1000:build:/tmp/home:/bin/sh\n"},
	{"resolv.conf", ""},
}

// hostName is what the machine is called in a step, and imageName in an image, where it
// is an address that others would reach it by.
const (
	hostName  = "build"
	imageName = "image"
)

// imageIdentity is what is laid over the files of an image, as container engines do.
var imageIdentity = []file{
	{"hostname", imageName + "\n"},
	{"hosts", "127.0.0.1 localhost\n::1 localhost\n" + outside + " " + imageName + "\n"},
	{"resolv.conf", ""},
}

// identityOf is what files of /etc say for an order.
func identityOf(o *protocol.Order) []file {
	if o.Container != nil {
		return imageIdentity
	}
	return identity
}

// devices are what a program may expect of /dev.
var devices = []string{"null", "zero", "full", "random", "urandom"}

// making is one part of the sandbox, and what it is called where it is refused.
type making struct {
	name string
	do   func() error
}

// all makes one part after the other.
func all(parts []making) error {
	for _, p := range parts {
		if err := p.do(); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// layOut makes the root of the sandbox in the order's scratch. It runs in a mount
// namespace of its own.
func layOut(o *protocol.Order, owner int) error {
	at := func(elements ...string) string {
		return filepath.Join(append([]string{o.Scratch}, elements...)...)
	}
	root := at(newRoot)
	parts := []making{
		{"private mounts", func() error { return mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") }},
		{"folders in the scratch", func() error { return folders(o, at, owner) }},
		{"the root file system", func() error { return wholeRoot(o, at, owner) }},
		{"the places in the root", func() error { return places(o, root) }},
		{"/tmp", func() error { return written(at, tmp, overTmp, root+"/tmp") }},
		{"/dev", func() error { return dev(root+"/dev", o.Limits.Memory, owner) }},
	}
	if o.WorkAt() != "" {
		parts = append(parts, making{"the working folder", func() error { return work(o, at, owner) }})
	}
	for _, f := range identityOf(o) {
		parts = append(parts, making{"/etc/" + f.name, func() error {
			return bindReadOnly(at(etc, f.name), root+"/etc/"+f.name, unix.MS_NOEXEC)
		}})
	}
	return all(parts)
}

// places looks that what is mounted over is a folder or a file of the root itself. A base
// may be anyone's image, and a link in it would put a mount elsewhere.
func places(o *protocol.Order, root string) error {
	names := []string{"dev", "etc", "proc", "tmp"}
	if at := o.WorkAt(); at != "" {
		names = append(names, at[1:])
	}
	for _, name := range names {
		if info, err := os.Lstat(filepath.Join(root, name)); err != nil || !info.IsDir() {
			return fmt.Errorf("/%s is no folder (%v)", name, err)
		}
	}
	for _, f := range identityOf(o) {
		if info, err := os.Lstat(filepath.Join(root, "etc", f.name)); err != nil || !info.Mode().IsRegular() {
			return fmt.Errorf("/etc/%s is no file (%v)", f.name, err)
		}
	}
	return nil
}

// folders makes what the scratch holds, in the order of names.
func folders(o *protocol.Order, at func(...string) string, owner int) error {
	made := func(names ...string) error {
		for _, name := range names {
			if err := unix.Mkdir(at(name), 0o755); err != nil {
				return &fs.PathError{Op: "mkdir", Path: name, Err: err}
			}
		}
		return nil
	}
	if err := made(memory, overlaid, overTmp, taken, tmp, upper); err != nil {
		return err
	}
	theirs := []string{tmp, upper}
	if o.Container == nil {
		theirs = slices.Insert(theirs, 0, tmp+"/home") // what is inside of another before itself
		if err := made(tmp + "/home"); err != nil {
			return err
		}
	}
	if err := mount("tmpfs", at(memory), "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=0755,size=64k"); err != nil {
		return err
	}
	if err := made(newRoot, empty, etc); err != nil {
		return err
	}
	for _, f := range identityOf(o) {
		if err := writeFile(at(etc, f.name), f.text, unix.O_CREAT|unix.O_EXCL); err != nil {
			return err
		}
	}
	if err := os.Chmod(at(tmp), 0o777|fs.ModeSticky); err != nil {
		return err
	}
	for _, name := range theirs {
		if err := settle(at(name), owner); err != nil {
			return err
		}
	}
	for _, f := range identityOf(o) {
		if err := settle(at(etc, f.name), owner); err != nil {
			return err
		}
	}
	return nil
}

// settle gives what the sandbox makes the owner and the time that all inputs have: neither
// the user of the host nor its clock is seen in them.
func settle(name string, owner int) error {
	if err := os.Lchown(name, owner, owner); err != nil {
		return err
	}
	at := unix.Timespec{Sec: protocol.Epoch}
	return unix.UtimesNanoAt(unix.AT_FDCWD, name, []unix.Timespec{at, at}, unix.AT_SYMLINK_NOFOLLOW)
}

// mount is mount(2). This thread keeps its turn meanwhile: handing it on, and being
// handed it back, costs more than most mounts take.
func mount(from, to, kind string, flags uintptr, data string) error {
	var words [4]*byte
	for i, text := range []string{from, to, kind, data} {
		b, err := unix.BytePtrFromString(text)
		if err != nil {
			return err
		}
		words[i] = b
	}
	_, _, errno := syscall.RawSyscall6(unix.SYS_MOUNT, uintptr(unsafe.Pointer(words[0])), uintptr(unsafe.Pointer(words[1])), uintptr(unsafe.Pointer(words[2])), flags, uintptr(unsafe.Pointer(words[3])), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// bind mounts a file or folder at another place. Flags other than that it is a bind are
// only taken by a second mounting (mount(2)).
func bind(from, to string, flags uintptr) error {
	if err := mount(from, to, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	var now unix.Statfs_t
	if err := unix.Statfs(to, &now); err != nil {
		return err
	}
	// Flags that stand already may be locked, and a mounting without them is refused.
	kept := uintptr(now.Flags) & (unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_RDONLY | unix.MS_NOATIME | unix.MS_NODIRATIME | unix.MS_RELATIME)
	return mount("", to, "", unix.MS_BIND|unix.MS_REMOUNT|kept|flags, "")
}

func bindReadOnly(from, to string, flags uintptr) error {
	return bind(from, to, unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|flags)
}

// wholeRoot makes the root of the order's folders: laid over each other, or copied over
// each other where that can't be had.
func wholeRoot(o *protocol.Order, at func(...string) string, owner int) error {
	root := at(newRoot)
	if len(o.Over) == 0 { // over a folder without anything in it: see written
		if overlay([]string{o.Root, at(empty)}, "", "", root) == nil {
			return nil
		}
		return bindReadOnly(o.Root, root, 0)
	}
	lower := append([]string{o.Root}, o.Over...)
	slices.Reverse(lower) // the kernel's order begins on top
	err := overlay(lower, "", "", root)
	if err == nil {
		return nil
	}
	if failed := os.Mkdir(at(copied), 0o755); failed != nil {
		return errors.Join(err, failed)
	}
	for _, from := range slices.Backward(lower) {
		if failed := copyTree(from, at(copied), owner); failed != nil {
			return errors.Join(err, failed)
		}
	}
	return bindReadOnly(at(copied), root, 0)
}

// written mounts a folder of the scratch that is written to. A bind would show in
// /proc/self/mountinfo where on the host the folder stands (proc_pid_mountinfo(5), "root"); an
// overlay over a folder without anything in it shows numbers of descriptors. Where none can be
// had, it is a bind.
func written(at func(...string) string, name, own, to string) error {
	if overlay([]string{at(empty)}, at(name), at(own), to) == nil {
		return nil
	}
	return bind(at(name), to, unix.MS_NOSUID|unix.MS_NODEV)
}

// work makes the working folder: the order's folders under what the command writes, or
// a copy of them where no overlay can be had.
func work(o *protocol.Order, at func(...string) string, owner int) error {
	to := at(newRoot) + o.WorkAt()
	if len(o.Work) == 0 {
		return written(at, upper, overlaid, to)
	}
	err := overlay(o.Work, at(upper), at(overlaid), to)
	if err == nil {
		return nil
	}
	for i := len(o.Work) - 1; i >= 0; i-- {
		if copied := copyTree(o.Work[i], at(upper), owner); copied != nil {
			return errors.Join(err, copied)
		}
	}
	return bind(at(upper), to, unix.MS_NOSUID|unix.MS_NODEV)
}

// overlay lays folders over each other, the first on top; without an upper one nothing
// can be written. They are handed over by descriptor, so that no
// sign in their names means anything to the kernel's list of options.
func overlay(lower []string, upper, own, to string) error {
	names := make([]string, 0, len(lower)+2)
	flags := uintptr(unix.MS_NOSUID | unix.MS_NODEV)
	dirs := lower
	if upper == "" {
		flags |= unix.MS_RDONLY
	} else {
		dirs = append([]string{upper, own}, lower...)
	}
	for _, dir := range dirs {
		fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		names = append(names, "/proc/self/fd/"+strconv.Itoa(fd))
	}
	options := "lowerdir=" + strings.Join(names[len(names)-len(lower):], ":")
	if upper != "" {
		options += fmt.Sprintf(",upperdir=%s,workdir=%s", names[0], names[1])
	}
	if protocol.Privileged() {
		options += ",redirect_dir=off,index=off,metacopy=off"
	} else {
		options += ",userxattr"
	}
	return mount("overlay", to, "overlay", flags, options)
}

// copyTree copies a folder into another that may have some of it.
func copyTree(from, to string, owner int) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil || rel == "." {
			return err
		}
		target := filepath.Join(to, rel)
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			if err := os.Mkdir(target, info.Mode().Perm()); err != nil && !errors.Is(err, fs.ErrExist) {
				return err
			}
		case d.Type() == fs.ModeSymlink:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			_ = os.Remove(target)
			if err := os.Symlink(link, target); err != nil {
				return err
			}
		case d.Type().IsRegular():
			if err := copyFile(path, target, info.Mode().Perm()); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%s is no file, folder or link", path)
		}
		if err := os.Lchown(target, owner, owner); err != nil || d.Type() == fs.ModeSymlink {
			return err
		}
		return os.Chtimes(target, info.ModTime(), info.ModTime())
	})
}

func copyFile(from, to string, mode fs.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	_ = os.Remove(to)
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// dev makes /dev of a few devices that are the host's own.
func dev(at string, memory int64, owner int) error {
	of := fmt.Sprintf(",uid=%d,gid=%d", owner, owner)
	if err := mount("tmpfs", at, "tmpfs", unix.MS_NOSUID, "mode=0755,size=64k"+of); err != nil {
		return err
	}
	for _, name := range devices {
		if err := writeFile(at+"/"+name, "", unix.O_CREAT|unix.O_EXCL); err != nil {
			return err
		}
		if err := bind("/dev/"+name, at+"/"+name, unix.MS_NOSUID|unix.MS_NOEXEC); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, link := range [][2]string{{"fd", ""}, {"stdin", "/0"}, {"stdout", "/1"}, {"stderr", "/2"}} {
		if err := os.Symlink("/proc/self/fd"+link[1], at+"/"+link[0]); err != nil {
			return err
		}
		if err := settle(at+"/"+link[0], owner); err != nil {
			return err
		}
	}
	if err := os.Mkdir(at+"/shm", 0o755); err != nil {
		return err
	}
	size := ""
	if memory > 0 {
		size = fmt.Sprintf(",size=%d", memory/2)
	}
	if err := mount("tmpfs", at+"/shm", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=1777"+of+size); err != nil {
		return err
	}
	for _, name := range []string{"/shm", ""} {
		if err := settle(at+name, owner); err != nil {
			return err
		}
	}
	return mount("", at, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NOEXEC, "")
}
