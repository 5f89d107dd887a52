package rootfs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/builder/image"
)

// A member hands out what can be opened only while it is walked, as a tarball does.
func TestContentsAreReadWhileTheirMemberIsWalked(t *testing.T) {
	walked, walks := false, 0
	m := image.Member{Name: "tarball", Path: "app", Files: func(_ context.Context, yield func(image.File) error) error {
		walked = true
		walks++
		defer func() { walked = false }()
		for _, name := range []string{"README.md", "a.js", "package.json"} {
			f := image.File{Path: name, Size: int64(len(name)), Open: func() (io.ReadCloser, error) {
				if !walked {
					return nil, errors.New("it is over")
				}
				return io.NopCloser(strings.NewReader(name)), nil
			}}
			if err := yield(f); err != nil {
				return err
			}
		}
		return nil
	}}
	tree, err := New(t.Context(), nil, []image.Member{m})
	if err != nil {
		t.Fatal(err)
	}
	tree.Hold(func(name string) bool { return path.Ext(name) != ".md" })
	walks = 0
	for _, name := range []string{"app/package.json", "app/a.js", "app/README.md", "app/a.js"} {
		data, err := tree.ReadFile(name)
		if err != nil || "app/"+string(data) != name {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	if walks != 2 { // one for all that is wanted, one for the other
		t.Errorf("%d walks", walks)
	}
	entries, err := tree.ReadDir("app")
	if err != nil || !slices.IsSortedFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) }) {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestLaterLayersLieOverEarlierOnes(t *testing.T) {
	under := []*Node{{Path: "etc/motd", Perm: 0o644, Bytes: 3}, {Path: "bin", Perm: fs.ModeSymlink | 0o777, Link: "usr/bin"}, {Path: "usr/bin/tool", Perm: 0o755}}
	own := []image.Member{
		image.Files([]image.File{{Path: "motd", Data: []byte("one")}, {Path: "up", Link: "../etc/../etc/./motd"}, {Path: "round", Link: "round"}}, "etc", "first", "test"),
		image.Files([]image.File{{Path: "motd", Data: []byte("two")}, {Path: "empty", Data: nil}}, "etc", "second", "test"),
	}
	f, err := New(t.Context(), under, own)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := f.ReadFile("etc/motd"); err != nil || string(data) != "two" {
		t.Errorf("%q, %v", data, err)
	}
	if data, err := f.ReadFile("etc/empty"); err != nil || len(data) != 0 {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := f.ReadFile("usr/bin/tool"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file of what is beneath was read: %v", err)
	}
	for name, want := range map[string]string{
		"/etc/up": "etc/motd", "/bin/tool": "usr/bin/tool", "/bin/../bin/./tool": "usr/bin/tool", "/../..": ".", "/": ".",
		"/etc/round": "", "/etc/motd/x": "", "/absent": "",
	} {
		got := ""
		if n := f.Find(name); n != nil {
			got = n.Path
		}
		if got != want {
			t.Errorf("%s leads to %q, want %q", name, got, want)
		}
	}
	if diff := cmp.Diff([]string{"etc/empty", "etc/motd"}, f.Own()); diff != "" {
		t.Errorf("own files (-want +got):\n%s", diff)
	}
	var names []string
	err = fs.WalkDir(f, ".", func(name string, d fs.DirEntry, err error) error {
		names = append(names, name)
		return err
	})
	want := []string{".", "bin", "etc", "etc/empty", "etc/motd", "etc/round", "etc/up", "usr", "usr/bin", "usr/bin/tool"}
	if diff := cmp.Diff(want, names); diff != "" || err != nil {
		t.Errorf("walked (-want +got):\n%s%v", diff, err)
	}
	if _, err := New(t.Context(), []*Node{{Path: "../x"}}, nil); err == nil {
		t.Error("a path out of the root was taken")
	}
}
