package debian

import (
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Index returns the file index of a package: its files in their normalised form,
// and what its control file and its copyright file say. Author is the maintainer;
// the licence is an SPDX expression where the copyright file is machine-readable.
func (d *Deb) Index() *snapshot.Index {
	x := &snapshot.Index{Package: &snapshot.PackageFacts{
		Name:     d.Name(),
		Version:  d.Version(),
		Author:   d.fields.get("Maintainer"),
		Homepage: d.fields.get("Homepage"),
	}}
	x.Package.Description, _, _ = strings.Cut(d.fields.get("Description"), "\n")
	for _, f := range d.Files {
		e := snapshot.Entry{Path: f.Path, Link: f.Link}
		if f.Link == "" {
			e.Mode, e.Size, e.SHA256 = uint32(f.Mode), int64(len(f.Data)), cas.Sum(f.Data)
		}
		x.Entries = append(x.Entries, e)
		if isCopyright(f.Path) && f.Link == "" {
			x.Package.LicenseFiles = append(x.Package.LicenseFiles, f.Path)
			if path.Base(path.Dir(f.Path)) == d.Name() {
				x.Package.License = license(f.Data)
			}
		}
	}
	return x
}

// isCopyright reports whether a path is that of a package's copyright file (Debian
// Policy §12.5).
func isCopyright(p string) bool {
	rest, ok := strings.CutPrefix(p, "usr/share/doc/")
	name, file, _ := strings.Cut(rest, "/")
	return ok && name != "" && file == "copyright"
}
