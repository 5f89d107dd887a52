package sandbox

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// container has the world start an image: its files in two layers, and who it is.
func (w *world) container(user, group uint32, asked Asked) {
	w.t.Helper()
	upper := w.folder("upper")
	for _, name := range ContainerSkeleton(false) {
		if !strings.HasSuffix(name, "/") {
			w.must(os.MkdirAll(filepath.Join(upper, filepath.Dir(name)), 0o755))
			w.must(os.WriteFile(filepath.Join(upper, name), nil, 0o644))
		}
	}
	w.must(os.MkdirAll(filepath.Join(upper, "srv"), 0o755))
	w.must(os.WriteFile(filepath.Join(upper, "srv/a"), []byte("upper"), 0o644))
	w.must(os.WriteFile(filepath.Join(upper, "etc/passwd"), []byte("root:x:0:0::/root:/bin/sh\napp:x:4321:4321::/home/app:/bin/sh\n"), 0o644))
	w.must(os.MkdirAll(filepath.Join(w.spec.Root, "srv"), 0o755))
	w.must(os.WriteFile(filepath.Join(w.spec.Root, "srv/a"), []byte("lower"), 0o644))
	if asked.Timeout == 0 {
		asked.Timeout = time.Minute
	}
	w.spec.Over, w.spec.Env = []string{upper}, []string{"PATH=/bin", "A=1"}
	w.spec.Container = &Container{User: user, Group: group, Dir: "/srv", Asked: asked}
}

func TestAnImageIsStartedAsItself(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		w.container(4321, 99, Asked{})
		r, log := w.run("see")
		if !strings.HasPrefix(log, "uid 4321 gid 99 host image dir /srv umask 022 pid1 true\n") || r.Exit != 0 || r.Unmet != "" {
			t.Errorf("%+v\n%s", r, log)
		}
		w.next()
		if _, log := w.run("environ"); !strings.HasPrefix(log, "A=1\nHOME=/home/app\nPATH=/bin\n") {
			t.Errorf("its environment is\n%s", log)
		}
		w.next()
		if _, log := w.run("cat", "a"); !strings.HasPrefix(log, "upper") {
			t.Errorf("the upper layer is not on top: %s", log)
		}
		w.next()
		if r, log := w.run("put", "/tmp/x", "y"); r.Unmet != "" {
			t.Errorf("%+v\n%s", r, log)
		}
		for _, name := range []string{"/srv/b", "/srv/a", "/etc/passwd", "/etc/hosts", "/build/x", "/bin/x"} {
			w.next()
			if r, log := w.run("put", name, "y"); r.Exit == 0 || r.Unmet == "" {
				t.Errorf("%s was written: %+v\n%s", name, r, log)
			}
		}
	})
}

// TestRootOfAnImageIsNobody starts an image as its root, who may no more than others.
func TestRootOfAnImageIsNobody(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		w.container(0, 0, Asked{})
		if _, log := w.run("see"); !strings.HasPrefix(log, "uid 0 gid 0 host image") {
			t.Error(log)
		}
		for _, name := range []string{"/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/srv/a", "/dev/x"} {
			w.next()
			if r, log := w.run("put", name, "y"); r.Exit == 0 {
				t.Errorf("%s was written: %s", name, log)
			}
		}
	})
}

func TestAnImageIsAskedFromWithin(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		ask := Asked{HTTP: &Question{Port: 80, Path: "/"}, Text: "uid 65532 gid 65532"}
		w.container(65532, 65532, ask)
		if r, log := w.run("answer", ":80"); r.Exit != 0 || r.Unmet != "" || !strings.Contains(log, "nbuild: GET 127.0.0.2:80/: 200\n") {
			t.Errorf("%+v\n%s", r, log)
		}
		w.next()
		if r, log := w.run("answer", "127.0.0.1:80"); !strings.Contains(r.Unmet, "of localhost alone") || r.Exit == 0 {
			t.Errorf("%+v\n%s", r, log)
		}
		w.next()
		w.spec.Container.Asked.Timeout = time.Second
		if r, log := w.run("answer", ":81"); r.Unmet != "within 1s nothing listened on port 80" || r.Exit == 0 {
			t.Errorf("%+v\n%s", r, log)
		}
	})
}

// TestLayersAreCopiedWhereTheyCantLieOverEachOther has a folder among the layers more than
// once, which the kernel refuses to lay over itself.
func TestLayersAreCopiedWhereTheyCantLieOverEachOther(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		w.container(65532, 65532, Asked{})
		w.spec.Over = append(slices.Repeat([]string{w.spec.Root}, 2), w.spec.Over...)
		if r, log := w.run("cat", "a"); !strings.HasPrefix(log, "upper") || r.Unmet != "" {
			t.Errorf("%+v\n%s", r, log)
		}
	})
}
