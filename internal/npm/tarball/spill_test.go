package tarball

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// roomy is a reader that has room for what is large.
type roomy struct {
	*bytes.Reader
	t *testing.T
}

func (r roomy) Spill() (*os.File, error) {
	return os.Create(filepath.Join(r.t.TempDir(), "spill"))
}

// TestALargeArchiveIsTheSameInAFile compares what comes of an archive in memory and in a
// file, byte by byte.
func TestALargeArchiveIsTheSameInAFile(t *testing.T) {
	tgz := pack(t, file("package/cli.js", "#!/usr/bin/env node\r\n"+strings.Repeat("x", 1<<20)), file("package/twice", "a"), file("package/twice", "a"),
		file("package/zeros", strings.Repeat("\x00", largeUnpacked)), file("package/lib.node", "\x7fELF"+strings.Repeat("y", 1<<16)))
	want, err := Index(bytes.NewReader(tgz), Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Index(roomy{bytes.NewReader(tgz), t}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	c, err := Unpack(roomy{bytes.NewReader(tgz), t}, got)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.layout.data.file == nil {
		t.Error("it was unpacked in memory")
	}
	if err := c.Verify(); err != nil {
		t.Error(err)
	}
	if _, err := Index(roomy{bytes.NewReader(tgz[:len(tgz)-9]), t}, Options{}); err == nil {
		t.Error("an archive that was cut off was taken")
	}
}
