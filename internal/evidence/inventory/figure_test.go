package inventory

import (
	"flag"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/cas"
)

var corpus = flag.String("corpus", "", "a folder with a node_modules to take figures of")

// TestFigureOfTheInventory prints what the whole inventory of an installed tree
// costs: CPU of every file analysed on one worker and kept, resident memory, and the
// CPU of a second look. It runs only where a folder is named.
func TestFigureOfTheInventory(t *testing.T) {
	if *corpus == "" {
		t.Skip("-corpus names no folder to measure")
	}
	root, err := os.OpenRoot(*corpus)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	store, err := cas.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"first", "second"} {
		before := usage(t)
		folders, err := Folders(t.Context(), root)
		if err != nil {
			t.Fatal(err)
		}
		c := New(store, Options{Workers: 1})
		found, err := c.Folders(t.Context(), root, folders)
		if err != nil {
			t.Fatal(err)
		}
		after := usage(t)
		files, size, findings, unparsed := 0, int64(0), 0, map[string]bool{}
		for _, p := range found {
			files, size, findings = files+p.Files, size+p.Bytes, findings+len(p.Findings)
			for _, u := range p.Unparsed {
				unparsed[p.Path+"/"+u.File] = true
			}
		}
		cpu := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
		t.Logf("%s look: %d packages (%d analysed), %d files, %d not wholly read, %.1f MB, %d findings: %.2f s CPU, %.1f MB/s, %d MiB resident at most",
			name, len(found), c.Analysed(), files, len(unparsed), float64(size)/1e6, findings,
			cpu.Seconds(), float64(size)/1e6/cpu.Seconds(), after.Maxrss>>10)
	}
}

func usage(t *testing.T) unix.Rusage {
	t.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return u
}
