package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
)

// action carries out an action of the Remote Execution API on a worker that knows nothing
// of nbuild. It stands in the working folder of the input root, finds what it is held to
// in .nbuild/step, and leaves the outputs where the engine looks for them.
//
// What the command prints is this process's standard output. Its standard error has one
// line, the report, so that nothing that the command says can be taken for it.
func action(run []string) {
	sent := protocol.Sent{}
	r, err := carryAction(run, &sent)
	if err != nil {
		r = failure(err)
	}
	sent.Report = *r
	if err := json.NewEncoder(os.Stderr).Encode(sent); err != nil {
		os.Exit(protocol.ExitDenied)
	}
	switch {
	case r.Failed != "":
		os.Exit(protocol.ExitDenied)
	case r.Exit == 0 && len(r.Refused) > 0:
		os.Exit(protocol.ExitUnkept)
	}
	os.Exit(r.Exit)
}

// maxSettings is how large .nbuild/step may be, in bytes.
const maxSettings = 16 << 20

func carryAction(run []string, sent *protocol.Sent) (*protocol.Report, error) {
	input, err := filepath.Abs("..")
	if err != nil {
		return nil, refused{"the input root", err.Error()}
	}
	settings, text, err := readSettings(filepath.Join(input, protocol.OwnFolder, protocol.SettingsFile))
	if err != nil {
		return nil, refused{"what the action is held to", err.Error()}
	}
	sent.Step = protocol.NameStep(text, run)
	scratch, err := makeScratch(input)
	if err != nil {
		return nil, refused{"a folder for what the command writes", err.Error()}
	}
	// Once an outer process has its order, that one clears up, however this one ends.
	handed := false
	defer func() {
		if !handed {
			_ = os.RemoveAll(scratch)
		}
	}()
	unix.Umask(0o022)
	at := func(name string) string { return filepath.Join(scratch, name) }
	for _, name := range []string{protocol.RootFolder, protocol.WorkFolder} {
		if err := layInput(filepath.Join(input, name), at(name)); err != nil {
			return nil, refused{"the folder " + name + " of the input root", err.Error()}
		}
	}
	replica := ""
	if settings.Replica {
		replica = at(protocol.ReplicaFolder)
		if err := layInput(filepath.Join(input, protocol.OwnFolder, protocol.ReplicaFolder), replica); err != nil {
			return nil, refused{"the replica of the input root", err.Error()}
		}
	}
	if err := os.Mkdir(at("scratch"), 0o755); err != nil {
		return nil, refused{"folders in the scratch", err.Error()}
	}
	order := &protocol.Order{
		Root: at(protocol.RootFolder), Work: []string{at(protocol.WorkFolder)}, Run: run, Env: settings.Env, Outputs: settings.Outputs,
		Limits: settings.Limits, Scratch: at("scratch"), Clear: true, Container: settings.Container, Replica: replica,
	}
	handed = true
	r, err := protocol.Carry(context.Background(), "/proc/self/exe", order, os.Stdout, func(r *protocol.Report) error {
		if r.Failed != "" || r.Exit != 0 || len(r.Refused) > 0 {
			return nil
		}
		for _, o := range settings.Outputs {
			if err := leave(at("scratch/"+taken), filepath.Join(input, protocol.WorkFolder), o); err != nil {
				return refused{"the output " + o, err.Error()}
			}
		}
		return nil
	})
	_ = os.RemoveAll(scratch) // what the outer process had no part of
	return r, err
}

func readSettings(name string) (*protocol.Settings, string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, "", err
	}
	if info.Size() > maxSettings {
		return nil, "", fmt.Errorf("it has %d bytes", info.Size())
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, "", err
	}
	s, err := protocol.ParseSettings(string(text))
	return s, string(text), err
}

// makeScratch makes a folder in the input root, which the engine removes with it, or
// where the worker keeps temporary files.
func makeScratch(input string) (string, error) {
	var errs []error
	for _, dir := range []string{filepath.Join(input, protocol.OwnFolder), input, os.TempDir()} {
		made, err := os.MkdirTemp(dir, "scratch-")
		if err == nil {
			return made, os.Chmod(made, 0o755)
		}
		errs = append(errs, err)
	}
	return "", errors.Join(errs...)
}

// clearScratch removes the scratch of an order and the folder that was made for it. It
// is called in the namespace whose mounts stand in there, by who may remove all of it.
func clearScratch(scratch string) {
	for _, name := range []string{newRoot, memory} {
		_ = unix.Unmount(filepath.Join(scratch, name), unix.MNT_DETACH)
	}
	_ = os.RemoveAll(filepath.Dir(scratch))
}

// leave moves an output to its place in the working folder that the engine made. What
// lies there came with the action and may be a name of a file in the worker's own store:
// names are taken away and made, and nothing is written into.
func leave(from, work, output string) error {
	dir := work
	for name := range strings.SplitSeq(path.Dir(output), "/") {
		if name == "." {
			break
		}
		dir = filepath.Join(dir, name)
		if info, err := os.Lstat(dir); err == nil && info.IsDir() {
			continue
		} else if err == nil {
			if err := os.Remove(dir); err != nil {
				return err
			}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	to := filepath.Join(work, output)
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	err := os.Rename(filepath.Join(from, output), to)
	if errors.Is(err, unix.EXDEV) {
		return copyInto(filepath.Join(from, output), to, os.Geteuid(), os.Getegid())
	}
	return err
}
