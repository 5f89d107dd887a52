package debian

import (
	"archive/tar"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
)

var update = flag.Bool("update", false, "write the golden files anew")

func unpack(t testing.TB, name string, entries ...entry) *Deb {
	t.Helper()
	d, err := Open(simpleDeb(t, name, entries...))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func listing(parts []Part) string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "%s %s\n", p.Name, p.Key)
		for _, f := range p.Files {
			switch {
			case f.Dir:
				fmt.Fprintf(&b, "  %o %s/\n", f.Mode, f.Path)
			case f.Link != "":
				fmt.Fprintf(&b, "  link %s %s\n", f.Path, f.Link)
			default:
				fmt.Fprintf(&b, "  %o %s %d %.12s\n", f.Mode, f.Path, len(f.Data), cas.Sum(f.Data))
			}
		}
	}
	return b.String()
}

func TestRootfsIsAFunctionOfItsPackages(t *testing.T) {
	certs := unpack(t, "ca-certificates",
		entry{"./usr/share/ca-certificates/b/2.crt", tar.TypeReg, 0o644, "two\n\n"},
		entry{"./usr/share/ca-certificates/a/1.crt", tar.TypeReg, 0o644, "one"},
		entry{"./usr/share/man/man8/x.8.gz", tar.TypeReg, 0o644, "man"},
		entry{"./usr/share/doc/ca-certificates/README", tar.TypeReg, 0o644, "readme"},
		entry{"./usr/share/doc/ca-certificates/copyright", tar.TypeReg, 0o644, "copyright"},
	)
	lib := unpack(t, "libdemo",
		entry{"./lib/libdemo.so.1", tar.TypeReg, 0o644, "lib"},
		entry{"./usr/share/doc/libdemo", tar.TypeSymlink, 0, "demo-base"},
		entry{"./etc/nsswitch.conf", tar.TypeReg, 0o644, "its own\n"},
	)
	parts, err := Rootfs([]*Deb{lib, certs}, "linux/amd64")
	if err != nil {
		t.Fatal(err)
	}
	again, err := Rootfs([]*Deb{certs, lib}, "linux/amd64")
	if diff := cmp.Diff(parts, again); diff != "" || err != nil {
		t.Errorf("in another order: %v\n%s", err, diff)
	}
	got := listing(parts)
	const golden = "testdata/rootfs.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("root (-want +got):\n%s", diff)
	}
	for _, p := range parts {
		if !slices.IsSortedFunc(p.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) }) {
			t.Errorf("%s is not sorted", p.Name)
		}
		for _, f := range p.Files {
			if f.Path == "etc/ssl/certs/ca-certificates.crt" && string(f.Data) != "one\ntwo\n" {
				t.Errorf("certificates: %q", f.Data)
			}
		}
	}
}

func TestRootfsRefuses(t *testing.T) {
	a := unpack(t, "aa", entry{"./etc/x", tar.TypeReg, 0o644, "a"})
	tests := map[string]struct {
		debs     []*Deb
		platform string
	}{
		"one path from two packages":    {[]*Deb{a, unpack(t, "bb", entry{"./etc/x", tar.TypeReg, 0o644, "b"})}, "linux/amd64"},
		"a file beneath another's link": {[]*Deb{a, unpack(t, "bb", entry{"./etc", tar.TypeSymlink, 0, "/tmp"})}, "linux/amd64"},
		"a package of another machine":  {[]*Deb{a}, "linux/arm64"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := Rootfs(test.debs, test.platform); code(err) != CodeRoot {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := Rootfs(nil, "windows/amd64"); err == nil {
		t.Errorf("got %v", err)
	}
}
