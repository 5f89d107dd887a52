package image

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// deb makes a package of one file and stores it.
func deb(t *testing.T, s *cas.Store, name, path, content string) snapshot.Artefact {
	t.Helper()
	archive := func(name, content string) []byte {
		var b bytes.Buffer
		zw := gzip.NewWriter(&b)
		tw := tar.NewWriter(zw)
		if err := tw.WriteHeader(&tar.Header{Name: "./" + name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		tw.Write([]byte(content))
		tw.Close()
		zw.Close()
		return b.Bytes()
	}
	var b bytes.Buffer
	b.WriteString("!<arch>\n")
	for _, m := range []struct {
		name string
		body []byte
	}{
		{"debian-binary", []byte("2.0\n")},
		{"control.tar.gz", archive("control", "Package: "+name+"\nVersion: 1.0\nArchitecture: amd64\nMaintainer: A <a@example.com>\nDescription: a package\n")},
		{"data.tar.gz", archive(path, content)},
	} {
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", m.name, 0, 0, 0, "100644", len(m.body))
		b.Write(m.body)
		if len(m.body)%2 == 1 {
			b.WriteByte('\n')
		}
	}
	sum, err := s.PutBytes(t.Context(), b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return snapshot.Artefact{Kind: snapshot.KindDeb, Name: name, Version: "1.0", Platform: "linux/amd64", SHA256: sum, Size: int64(b.Len())}
}

func TestDebianRootIsMadeOnce(t *testing.T) {
	s := newStore(t)
	debs := []snapshot.Artefact{deb(t, s, "libz", "usr/lib/libz.so", "z"), deb(t, s, "liba", "usr/lib/liba.so", "a")}
	members := Debian(s, debs, "linux/amd64", "base.runtime")
	l := build(t, s, members, Options{})
	got := uncompressed(t, l)
	for _, want := range []string{"usr/lib/liba.so", "usr/lib/libz.so", "var/lib/dpkg/status.d/liba", "2 0777 0 lib -> usr/lib\n", "5 1777 0 tmp/\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for _, a := range debs { // a layer that is known needs no package
		if err := s.Remove(t.Context(), a.SHA256); err != nil {
			t.Fatal(err)
		}
	}
	if again := build(t, s, Debian(s, debs, "linux/amd64", "base.runtime"), Options{}); again.record != l.record {
		t.Error("a warm layer differs")
	}
}

func TestDebianRefusesAMissingPackage(t *testing.T) {
	s := newStore(t)
	a := deb(t, s, "liba", "usr/lib/liba.so", "a")
	if err := s.Remove(t.Context(), a.SHA256); err != nil {
		t.Fatal(err)
	}
	if _, err := NewLayer(t.Context(), s, date, Debian(s, []snapshot.Artefact{a}, "linux/amd64", "base.runtime"), Options{}); err == nil {
		t.Error("a layer was made of a package that is not there")
	}
}
