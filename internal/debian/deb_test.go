package debian

import (
	"archive/tar"
	"bytes"
	"io"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/snapshot"
)

func TestOpenNormalises(t *testing.T) {
	d, err := Open(simpleDeb(t, "demo",
		entry{"./", tar.TypeDir, 0o755, ""},
		entry{"./lib/x/liba.so.1", tar.TypeReg, 0o644, "a"},
		entry{"./lib/x/liba.so", tar.TypeSymlink, 0o777, "liba.so.1"},
		entry{"./lib/x/libb.so", tar.TypeSymlink, 0o777, "../../usr/lib/libb.so.1"},
		entry{"./bin", tar.TypeSymlink, 0o777, "usr/bin"},
		entry{"./usr/bin/su", tar.TypeReg, 0o4755, "su"},
		entry{"./usr/bin/su2", tar.TypeLink, 0, "./usr/bin/su"},
		entry{"./etc/conf", tar.TypeReg, 0o600, "c"},
		entry{"./etc/link", tar.TypeSymlink, 0o777, "/usr/bin/su"},
		entry{"./usr/share/doc/demo/copyright", tar.TypeReg, 0o644, "Format: x/copyright-format/1.0/\n\nFiles: *\nLicense: Expat\n"},
	))
	if err != nil {
		t.Fatal(err)
	}
	x := d.Index()
	if _, err := snapshot.EncodeIndex(x); err != nil {
		t.Error(err)
	}
	file := func(p string, mode uint32, body string) snapshot.Entry {
		return snapshot.Entry{Path: p, Mode: mode, Size: int64(len(body)), SHA256: cas.Sum([]byte(body))}
	}
	want := []snapshot.Entry{
		file("etc/conf", 0o644, "c"),
		{Path: "etc/link", Link: "/usr/bin/su"},
		file("usr/bin/su", 0o755, "su"),
		file("usr/bin/su2", 0o755, "su"),
		{Path: "usr/lib/x/liba.so", Link: "/lib/x/liba.so.1"},
		file("usr/lib/x/liba.so.1", 0o644, "a"),
		{Path: "usr/lib/x/libb.so", Link: "/usr/lib/libb.so.1"},
	}
	if diff := cmp.Diff(want, x.Entries[:len(x.Entries)-1]); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	facts := &snapshot.PackageFacts{
		Name: "demo", Version: "1.0-1", Description: "short", Author: "Example <a@example.com>",
		License: "MIT", LicenseFiles: []string{"usr/share/doc/demo/copyright"},
	}
	if diff := cmp.Diff(facts, x.Package); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

func TestOpenRefuses(t *testing.T) {
	good := entry{"./a", tar.TypeReg, 0o644, "a"}
	tests := map[string][]byte{
		"a path with ..":               simpleDeb(t, "demo", entry{"./../etc/passwd", tar.TypeReg, 0o644, "x"}),
		"an inner ..":                  simpleDeb(t, "demo", entry{"./a/../../b", tar.TypeReg, 0o644, "x"}),
		"an absolute path":             simpleDeb(t, "demo", entry{"/etc/passwd", tar.TypeReg, 0o644, "x"}),
		"a link out":                   simpleDeb(t, "demo", entry{"./etc/x", tar.TypeSymlink, 0, "../../etc/passwd"}),
		"a moved link out":             simpleDeb(t, "demo", entry{"./lib/x", tar.TypeSymlink, 0, "../../etc/passwd"}),
		"a file beneath a link":        simpleDeb(t, "demo", entry{"./etc/x", tar.TypeSymlink, 0, "/tmp"}, entry{"./etc/x/y", tar.TypeReg, 0o644, "x"}),
		"a file beneath a file":        simpleDeb(t, "demo", good, entry{"./a/b", tar.TypeReg, 0o644, "x"}),
		"a hard link out":              simpleDeb(t, "demo", entry{"./x", tar.TypeLink, 0, "../etc/passwd"}),
		"a hard link to nothing":       simpleDeb(t, "demo", entry{"./x", tar.TypeLink, 0, "./y"}),
		"a hard link to a link":        simpleDeb(t, "demo", entry{"./y", tar.TypeSymlink, 0, "z"}, entry{"./x", tar.TypeLink, 0, "./y"}),
		"a device":                     simpleDeb(t, "demo", entry{"./dev/null", tar.TypeChar, 0o666, ""}),
		"a block device":               simpleDeb(t, "demo", entry{"./dev/sda", tar.TypeBlock, 0o666, ""}),
		"a pipe":                       simpleDeb(t, "demo", entry{"./run/p", tar.TypeFifo, 0o666, ""}),
		"a path twice":                 simpleDeb(t, "demo", good, good),
		"a path twice by merged usr":   simpleDeb(t, "demo", entry{"./lib/a", tar.TypeReg, 0o644, "a"}, entry{"./usr/lib/a", tar.TypeReg, 0o644, "b"}),
		"another link for /lib":        simpleDeb(t, "demo", entry{"./lib", tar.TypeSymlink, 0, "/tmp"}, entry{"./lib/a", tar.TypeReg, 0o644, "a"}, entry{"./lib/b", tar.TypeSymlink, 0, "../../x"}),
		"a root that is a file":        simpleDeb(t, "demo", entry{"./", tar.TypeSymlink, 0, "x"}),
		"no ar":                        []byte("PK\x03\x04"),
		"an ar cut short":              simpleDeb(t, "demo", good)[:200],
		"a name that is a path":        makeDeb(t, "Package: ../x\nVersion: 1\nArchitecture: all\n", good),
		"no version":                   makeDeb(t, "Package: demo\nArchitecture: all\n", good),
		"two paragraphs":               makeDeb(t, "Package: demo\nVersion: 1\n\nPackage: other\nVersion: 1\n", good),
		"members in another order":     arFile(arMember{"control.tar.gz", nil}, arMember{"debian-binary", []byte("2.0\n")}, arMember{"data.tar.gz", nil}),
		"a second data.tar":            append(simpleDeb(t, "demo", good), arFile(arMember{"data.tar.gz", nil})[len(arMagic):]...),
		"a compression nobody expects": arFile(arMember{"debian-binary", []byte("2.0\n")}, arMember{"control.tar.lzma", nil}, arMember{"data.tar.gz", nil}),
	}
	for name, src := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := Open(src); code(err) != CodeRefused || diag.All(err)[0].Remedy == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestUntarStopsAtItsBound(t *testing.T) {
	bomb := tarball(t, entry{"./a", tar.TypeReg, 0o644, strings.Repeat("\x00", 1<<20)})
	d := &Deb{}
	if err := d.readControl(arMember{"control.tar.gz", bomb}); err == nil {
		t.Error("no control file, and no error")
	}
	err := untar(arMember{"data.tar.gz", bomb}, "data.tar", 1<<19, func(_ *tar.Header, r io.Reader) error {
		_, err := new(bytes.Buffer).ReadFrom(r)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), errBound.Error()) {
		t.Errorf("got %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(simpleDeb(f, "demo", entry{"./lib/a", tar.TypeReg, 0o644, "a"}, entry{"./lib/b", tar.TypeSymlink, 0, "a"}))
	f.Add(arFile(arMember{"debian-binary", []byte("2.0\n")}))
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := Open(src)
		if err != nil {
			return
		}
		if _, err := snapshot.EncodeIndex(d.Index()); err != nil {
			t.Errorf("an index that leaves its form: %v", err)
		}
	})
}

func FuzzLayout(f *testing.F) {
	f.Add("./lib/a/b", "../../c")
	f.Add("usr/../x", "/y")
	f.Fuzz(func(t *testing.T, name, link string) {
		p, moved, err := place(name)
		if err != nil || p == "." {
			return
		}
		if path.IsAbs(p) || path.Clean(p) != p || strings.HasPrefix(p, "../") {
			t.Fatalf("%q stands at %q", name, p)
		}
		to, err := target(p, link, moved)
		if err != nil {
			return
		}
		if end := path.Join(path.Dir(p), to); !path.IsAbs(to) && (end == ".." || strings.HasPrefix(end, "../")) {
			t.Errorf("%q links to %q, out of the root", p, to)
		}
	})
}

func FuzzAr(f *testing.F) {
	f.Add(arFile(arMember{"debian-binary", []byte("2.0\n")}, arMember{"x", []byte("odd")}))
	f.Fuzz(func(t *testing.T, src []byte) {
		members, err := readAr(src)
		if err != nil {
			return
		}
		size := len(arMagic)
		for _, m := range members {
			size += arHeader + len(m.data)
		}
		if size > len(src) {
			t.Errorf("%d bytes of members in %d", size, len(src))
		}
	})
}
