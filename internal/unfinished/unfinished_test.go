package unfinished

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

const childEnv = "UNFINISHED_TEST_DIR"

// TestMain lets the tests run this binary as a process that makes a file and a folder
// and then waits to be killed.
func TestMain(m *testing.M) {
	dir := os.Getenv(childEnv)
	if dir == "" {
		os.Exit(m.Run())
	}
	f, err := File(dir, "blob-")
	if err == nil {
		_, err = f.WriteString("half")
	}
	d, dirErr := Dir(dir, "trace-")
	if dirErr == nil {
		dirErr = os.WriteFile(filepath.Join(d.Name(), "record"), []byte("more"), 0o600)
	}
	if err := errors.Join(err, dirErr); err != nil {
		panic(err)
	}
	runtime.GC()
	os.Stdout.WriteString("ready\n")
	for { // a collector that sees no more use of a file closes it, and its lock is gone
		time.Sleep(time.Hour)
		runtime.KeepAlive(f)
		runtime.KeepAlive(d)
	}
}

func TestWhatAKilledProcessLeftGoesAndWhatALiveOneHoldsStays(t *testing.T) {
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "kept")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, prefix := range []string{"blob-", "trace-"} {
		if s := Sweep(dir, prefix); s != (Swept{}) {
			t.Errorf("of a live process: %+v", s)
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	if s := Sweep(dir, "blob-"); s != (Swept{1, 4}) {
		t.Errorf("files of a killed process: %+v", s)
	}
	if s := Sweep(dir, "trace-"); s != (Swept{1, 4}) {
		t.Errorf("folders of a killed process: %+v", s)
	}
	if _, err := os.Stat(other); err != nil {
		t.Error("what has another name is gone")
	}
}

// TestSweepsTakeNothingFromThoseWhoWrite has many write and sweep at once: each file
// must come to its place.
func TestSweepsTakeNothingFromThoseWhoWrite(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for w := range 8 { // the sweeps take the names that are placed too, so each writes its own
		wg.Go(func() {
			name := filepath.Join(dir, string(rune('a'+w)))
			for range 100 {
				Sweep(dir, "")
				if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Error(err)
				}
				f, err := File(dir, "blob-")
				if err != nil {
					t.Error(err)
					return
				}
				if err := Place(f, func(temp string) error { return os.Link(temp, name) }); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestWriteRemovesWhatKilledWritersLeft(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, ".nbuild.lock.nbuild-123")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "nbuild.lock")
	if err := Write(path, 0o644, func(f *os.File) error { _, err := f.WriteString("whole"); return err }); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "whole" {
		t.Errorf("%q, %v", got, err)
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("%v is left", names)
	}
	if err := Write(path, 0o644, func(*os.File) error { return errors.New("no") }); err == nil {
		t.Error("a failed write succeeds")
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("%v is left after a failure", names)
	}
}
