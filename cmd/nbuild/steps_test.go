package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/nbuild/nbuild/internal/linkage/linkagetest"
)

// tools are the programs of this machine that steps of scripts run.
var tools = []string{"sh", "cat", "cp", "date", "env", "id", "ls", "mkdir", "nproc", "rm", "sleep"}

// library is the path of a library, or of the loader, as ldd prints it.
var library = regexp.MustCompile(`(?m)(?:^|=>)\s*(/\S+) \(0x`)

// serve is the server of the scripts' images, built once.
var serve = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "serve")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, "serve"), "./testdata/serve")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, text)
	}
	return os.ReadFile(filepath.Join(dir, "serve"))
})

// gone holds that nothing runs that has a word in its arguments: gone WORD.
func gone(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: gone WORD")
	}
	for range 100 { // a kernel takes a moment to end a namespace
		if !running(args[0]) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	ts.Fatalf("something of %q runs still", args[0])
}

// shellBase pushes $REGISTRY/base/shell:1, an image with a shell and a few tools of this
// machine, and a program for node. It says that it is for this machine's platform, or for
// those that are named, whose node is of theirs; with "node" it has this machine's Node in place
// of that program, and with "npm" its npm too: shell-base [node|npm|ARCHITECTURE…].
func shellBase(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: shell-base [node|npm|ARCHITECTURE…]")
	}
	tools, client := tools, slices.Equal(args, []string{"npm"})
	real := client || slices.Equal(args, []string{"node"})
	if real {
		tools = append(slices.Clone(tools), "node")
	}
	if len(args) == 0 || real {
		args = []string{runtime.GOARCH}
	}
	files := map[string][]byte{}
	var env []string
	if real { // as Node's own images say it
		version, err := exec.Command("node", "--version").Output()
		ts.Check(err)
		env = []string{"NODE_VERSION=" + strings.TrimPrefix(strings.TrimSpace(string(version)), "v")}
	}
	read := func(as, from string) {
		body, err := os.ReadFile(from)
		ts.Check(err)
		files[strings.TrimPrefix(as, "/")] = body
	}
	for _, tool := range tools {
		at, err := exec.LookPath(tool)
		ts.Check(err)
		at, err = filepath.EvalSymlinks(at)
		ts.Check(err)
		read("bin/"+tool, at)
		libraries, _ := exec.Command("ldd", at).Output() // a program that links to none is no failure
		for _, found := range library.FindAllStringSubmatch(string(libraries), -1) {
			read(found[1], found[1])
		}
	}
	server, err := serve()
	ts.Check(err)
	files["bin/serve"] = server
	if client {
		ts.Check(npmFiles(files))
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, arch := range args {
		if !real {
			files["usr/bin/node"] = linkagetest.Program("linux/" + arch)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: imageOf(ts, files, arch, env...), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		})
	}
	tag, err := name.NewTag(ts.Getenv("REGISTRY") + "/base/shell:1")
	ts.Check(err)
	ts.Check(remote.WriteIndex(tag, index))
}

// npmFiles adds this machine's npm, as npm-cli.js in /npm/bin, without its documentation.
func npmFiles(files map[string][]byte) error {
	at, err := exec.LookPath("npm")
	if err == nil {
		at, err = filepath.EvalSymlinks(at)
	}
	if err != nil {
		return err
	}
	top := filepath.Dir(filepath.Dir(at))
	return fs.WalkDir(os.DirFS(top), ".", func(name string, d fs.DirEntry, err error) error {
		if name == "docs" || name == "man" {
			return fs.SkipDir
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files["npm/"+name], err = os.ReadFile(filepath.Join(top, name))
		return err
	})
}

// imageOf makes an image of files.
func imageOf(ts *testscript.TestScript, files map[string][]byte, arch string, env ...string) v1.Image {
	var b bytes.Buffer
	archive := tar.NewWriter(&b)
	for _, n := range slices.Sorted(maps.Keys(files)) {
		ts.Check(archive.WriteHeader(&tar.Header{Name: n, Mode: 0o755, Size: int64(len(files[n])), Typeflag: tar.TypeReg}))
		_, err := archive.Write(files[n])
		ts.Check(err)
	}
	ts.Check(archive.Close())
	img, err := mutate.AppendLayers(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), static.NewLayer(b.Bytes(), types.OCIUncompressedLayer))
	ts.Check(err)
	config, err := img.ConfigFile()
	ts.Check(err)
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Config.Env = "linux", arch, append([]string{"PATH=/bin:/usr/bin"}, env...)
	img, err = mutate.ConfigFile(img, config)
	ts.Check(err)
	return img
}

// struck runs a command until it prints a word, sends it a signal, and holds how it ends.
// Nothing may run afterwards that has the word in its arguments: struck SIGNAL CODE WORD
// COMMAND ARGS…. The signal KILL ends nbuild without a chance to clean up.
func struck(ts *testscript.TestScript, neg bool, args []string) {
	strike := map[string]os.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}
	if neg || len(args) < 4 || strike[args[0]] == nil {
		ts.Fatalf("usage: struck INT|TERM|KILL CODE WORD COMMAND ARGS…")
	}
	word := args[2]
	program, err := exec.LookPath(args[3])
	ts.Check(err)
	printed, to, err := os.Pipe()
	ts.Check(err)
	defer printed.Close()
	cmd := exec.Command(program, args[4:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), to, to
	for _, name := range []string{"PATH", "HOME", "NBUILD_STORE"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	ts.Check(cmd.Start())
	to.Close()
	var all strings.Builder
	for lines := bufio.NewScanner(printed); lines.Scan(); {
		all.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), word) {
			break
		}
	}
	ts.Check(cmd.Process.Signal(strike[args[0]]))
	rest, _ := io.ReadAll(printed) // ends with the last process that has it
	if got := exitText(cmd.Wait()); got != args[1] {
		ts.Fatalf("ended with %s, want %s:\n%s%s", got, args[1], all.String(), rest)
	}
	gone(ts, false, []string{word})
}

// running reports whether a process has a word in its arguments.
func running(word string) bool {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range lines {
		text, err := os.ReadFile(name)
		if err == nil && bytes.Contains(text, []byte(word)) && !bytes.Contains(text, []byte("test.")) {
			return true
		}
	}
	return false
}

// npmTool publishes this machine's npm in the script's registry, packed as npm packs it:
// npm-tool FOLDER. CI has the npm of the newest Node that it tests.
func npmTool(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: npm-tool FOLDER")
	}
	at, err := exec.LookPath("npm")
	ts.Check(err)
	at, err = filepath.EvalSymlinks(at)
	ts.Check(err)
	from := filepath.Dir(filepath.Dir(at))
	text, err := os.ReadFile(filepath.Join(from, "package.json"))
	ts.Check(err)
	var manifest struct{ Version string }
	ts.Check(json.Unmarshal(text, &manifest))
	ts.Check(os.CopyFS(filepath.Join(ts.MkAbs(args[0]), "npm", manifest.Version), os.DirFS(from)))
}
