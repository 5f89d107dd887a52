package sandbox

import "github.com/nbuild/nbuild/builder/sandbox/protocol"

// WorkDir is the working folder of every command.
const WorkDir = protocol.WorkDir

// Skeleton lists what a root file system must hold for the sandbox to be laid over it,
// sorted: folders, whose names end in a slash, and empty files.
func Skeleton() []string {
	return []string{"build/", "dev/", "etc/", "etc/group", "etc/hosts", "etc/nsswitch.conf", "etc/passwd", "etc/resolv.conf", "proc/", "tmp/"}
}

// RecordDir is the working folder of an image that is recorded.
const RecordDir = protocol.RecordDir

// ContainerSkeleton lists what the files of an image must hold likewise, of one that is
// recorded a folder more.
func ContainerSkeleton(recorded bool) []string {
	names := []string{"dev/", "etc/", "etc/hostname", "etc/hosts", "etc/resolv.conf", "proc/", "tmp/"}
	if recorded {
		names = append([]string{RecordDir[1:] + "/"}, names...)
	}
	return names
}

// Environment lists what every command's environment has beside its own, sorted, each
// KEY=value: nothing of the host's, and the same on every machine.
func Environment() []string {
	return []string{
		"HOME=/tmp/home", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "LOGNAME=build",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"TMPDIR=/tmp", "TZ=UTC", "USER=build",
	}
}
