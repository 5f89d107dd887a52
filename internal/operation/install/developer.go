package install

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// engines are the versions of Node and npm on this machine, by which npm ci judges engines.
// Where there is no Node it is the one that nbuild.lock pins.
func engines(ctx context.Context, host machine.Host, lock *snapshot.Lock) (project.Engines, error) {
	var out project.Engines
	var err error
	if out.Node, err = host.NodeVersion(ctx); err != nil {
		return out, err
	}
	if out.Node == "" {
		for a := range lock.Of(snapshot.KindNode) {
			out.Node = a.Version
		}
	}
	out.NPM = host.NPMVersion()
	return out, nil
}

// developer is this machine in the words of devEngines.
func developer(known func() (project.Engines, error)) (npm.Developer, error) {
	versions, err := known()
	if err != nil {
		return npm.Developer{}, err
	}
	return npm.Developer{
		Node: versions.Node, NPM: versions.NPM, OS: runtime.GOOS, Release: release(), CPU: project.CPU(runtime.GOARCH), Libc: libc(),
	}, nil
}

// release is that of the kernel, "6.12.9-amd64".
func release() string {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return ""
	}
	text, _, _ := bytes.Cut(name.Release[:], []byte{0})
	return string(text)
}

// libc returns the C library of this machine as npm's `libc` field means it, "" where
// there is none that npm knows.
func libc() string {
	if runtime.GOOS != "linux" {
		return ""
	}
	return family(os.DirFS("/"))
}

// family is the C library that the ldd of a Linux belongs to, which is how npm knows it
// (npm-install-checks, current-env): the loader of another may be installed beside it.
// Where there is no ldd, npm asks Node, and this looks for the loader of musl.
func family(root fs.FS) string {
	if script, err := fs.ReadFile(root, "usr/bin/ldd"); err == nil {
		switch {
		case bytes.Contains(script, []byte("musl")):
			return "musl"
		case bytes.Contains(script, []byte("GNU C Library")):
			return "glibc"
		}
		return ""
	}
	if found, err := fs.Glob(root, "lib/ld-musl-*.so.1"); err == nil && len(found) > 0 {
		return "musl"
	}
	return "glibc"
}
