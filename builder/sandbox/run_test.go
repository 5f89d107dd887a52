package sandbox

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestACommandSeesTheSameEverywhere(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		_, log := w.run("see")
		if want := "uid 1000 gid 1000 host build dir /build umask 022 pid1 true\n"; log != want {
			t.Errorf("%s", cmp.Diff(want, log))
		}
		w.next()
		if _, log := w.run("environ"); log != strings.Join(Environment(), "\n")+"\n" {
			t.Errorf("the environment is\n%s", log)
		}
		w.next()
		if _, log := w.run("loopback"); log != "<nil>\n" {
			t.Errorf("its own loopback: %s", log)
		}
	})
}

func TestOutputsAreTakenAndInputsStayAsTheyWere(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		w.input("src/main.js", "one")
		w.spec.Outputs = []string{"dist", "src/made.js"}
		r, log := w.run("put", "dist/a/b.js", "two", "src/main.js", "changed", "src/made.js", "three", "/tmp/x", "y", "/tmp/home/z", "y", "/dev/shm/s", "y")
		if r.Exit != 0 || len(r.Refused) > 0 || log != "" {
			t.Fatalf("%+v\n%s", r, log)
		}
		for name, want := range map[string]string{"scratch/out/dist/a/b.js": "two", "scratch/out/src/made.js": "three", "work/src/main.js": "one"} {
			if got, err := os.ReadFile(filepath.Join(w.dir, name)); err != nil || string(got) != want {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
		if info, err := os.Stat(filepath.Join(w.dir, "scratch/out/dist/a/b.js")); err != nil || info.Mode().Perm() != 0o644 {
			t.Error(info.Mode(), err)
		}
		w.next()
		w.spec.Outputs = nil
		if _, log := w.run("cat", "src/main.js"); log != "one" {
			t.Errorf("the next step reads %q", log)
		}
	})
}

func TestFoldersOfInputsAreLaidOverEachOther(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		w.input("a", "upper ")
		below := w.folder("below")
		w.must(os.WriteFile(filepath.Join(below, "a"), []byte("lower "), 0o644))
		w.must(os.WriteFile(filepath.Join(below, "b"), []byte("b"), 0o644))
		w.spec.Work = append(w.spec.Work, below)
		if _, log := w.run("cat", "a", "b"); log != "upper b" {
			t.Errorf("%q", log)
		}
	})
}

func TestOutputsThatMayNotBeKeptAreNamed(t *testing.T) {
	for name, test := range map[string]struct{ make, outputs, want []string }{
		"missing":        {[]string{"print"}, []string{"dist"}, []string{"dist: it was not made"}},
		"a FIFO":         {[]string{"fifo", "pipe"}, []string{"pipe"}, []string{"pipe: it is a FIFO, and only files, folders and links are kept"}},
		"a socket":       {[]string{"sock", "sock"}, []string{"sock"}, []string{"sock: it is a socket, and only files, folders and links are kept"}},
		"absolute link":  {[]string{"link", "/etc/passwd", "link"}, []string{"link"}, []string{"link: it is a link to /etc/passwd, and an absolute one leads elsewhere in another place"}},
		"link out":       {[]string{"link", "a/../../etc", "link"}, []string{"link"}, []string{"link: it is a link out of the working folder, to a/../../etc"}},
		"through a link": {[]string{"link", "/etc", "dist"}, []string{"dist/passwd"}, []string{"dist/passwd: dist is no folder"}},
		"a link inside":  {[]string{"link", "src/../a", "link"}, []string{"link"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			as(t, func(t *testing.T, w *world) {
				w.spec.Outputs = test.outputs
				r, log := w.run(test.make...)
				if diff := cmp.Diff(test.want, r.Refused); diff != "" || r.Exit != 0 {
					t.Errorf("%+v\n%s%s", r, log, diff)
				}
			})
		})
	}
}

func TestExitCodesAndSignalsAreReported(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		if r, _ := w.run("fail", "7"); r.Exit != 7 || r.Limit != "" {
			t.Errorf("%+v", r)
		}
		w.next()
		w.spec.Env = append(w.spec.Env, "PATH=/nowhere")
		if r, log := w.run("print"); r.Exit != 127 || !strings.Contains(log, "not found in PATH=/nowhere") {
			t.Errorf("%+v %s", r, log)
		}
	})
}

func TestALimitEndsACommandAndIsNamed(t *testing.T) {
	for name, test := range map[string]struct {
		limits Limits
		run    []string
		want   string
	}{
		"time":      {Limits{Time: 300 * time.Millisecond}, []string{"sleep", "1m"}, "time"},
		"memory":    {Limits{Memory: 64 << 20, Time: time.Minute}, []string{"memory"}, "memory"},
		"processes": {Limits{Processes: 40, Time: time.Minute}, []string{"forks"}, "processes"},
		"disk":      {Limits{Disk: 64 << 20, Time: time.Minute}, []string{"disk", "/build"}, "disk"},
		"/tmp":      {Limits{Disk: 64 << 20, Time: time.Minute}, []string{"disk", "/tmp"}, "disk"},
		"one file":  {Limits{Disk: 64 << 20, Time: time.Minute}, []string{"one-file", "/build/x"}, "disk"},
	} {
		t.Run(name, func(t *testing.T) {
			as(t, func(t *testing.T, w *world) {
				w.spec.Limits = test.limits
				r, log := w.run(test.run...)
				if r.Limit != test.want || r.Exit == 0 {
					t.Errorf("%+v\n%s", r, log)
				}
				t.Log(r.Held, r.Wall)
			})
		})
	}
}
