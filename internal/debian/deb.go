package debian

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/debian/debversion"
	"github.com/nbuild/nbuild/internal/diag"
)

// Deb is an unpacked package, in memory.
type Deb struct {
	SHA256  cas.Digest // of the .deb
	Control []byte     // the control file, as it stands
	Files   []File     // sorted by path; files and links, no directories

	fields paragraph
	md5    []byte // the list of MD5 sums, as it stands
}

// File is a file, link or directory of a root file system. Path is relative,
// clean, with slashes.
type File struct {
	Path string
	Mode int64  // 0644 or 0755; of a directory any of 01777
	Link string // the target, if it is a symbolic link
	Dir  bool   // a directory, listed only where it is empty or has a mode of its own
	Data []byte // the content of a file
}

// Name returns the package's name.
func (d *Deb) Name() string { return d.fields.get("Package") }

// Version returns the package's version.
func (d *Deb) Version() string { return d.fields.get("Version") }

// Architecture returns what the package is for: "amd64", "arm64" or "all".
func (d *Deb) Architecture() string { return d.fields.get("Architecture") }

// Open unpacks a .deb (deb(5)) and normalises what is in it:
//
//   - files stand where a merged /usr has them: lib/x is usr/lib/x, and the links
//     that make that so (lib, bin, sbin and their kin) are left to Rootfs;
//   - modes are 0644, or 0755 where anybody may execute; set-uid, set-gid and
//     sticky bits are dropped, since nothing in such an image runs as another
//     user than the one it was started as;
//   - owners, times and directories are dropped;
//   - a hard link becomes a second file with the same content;
//   - a symbolic link stays as it is, absolute or relative, unless it would climb
//     out of the root.
//
// Devices, pipes, paths out of the root, a path given twice and files beneath a
// link are refused: Debian ships none in what is meant here.
func Open(deb []byte) (*Deb, error) {
	d, err := open(deb)
	if err != nil {
		return nil, &diag.Problem{
			Code: CodeRefused, What: "a .deb can't be read: sha256:" + cas.Sum(deb).String(), Err: err,
			Why:    "it is damaged, of a form that nbuild does not know, or made to do harm",
			Remedy: "leave its package out of `packages` in build.hcl, and run `nbuild pin`",
		}
	}
	return d, nil
}

func open(deb []byte) (*Deb, error) {
	if len(deb) > bounds.Deb {
		return nil, refused("%d bytes, over the bound of %d", len(deb), bounds.Deb)
	}
	members, err := readAr(deb)
	if err != nil {
		return nil, err
	}
	members = slices.DeleteFunc(members, func(m arMember) bool { return strings.HasPrefix(m.name, "_") })
	if len(members) != 3 || members[0].name != "debian-binary" || !bytes.HasPrefix(members[0].data, []byte("2.")) {
		return nil, refused("it is no package of format 2")
	}
	d := &Deb{SHA256: cas.Sum(deb)}
	if err := d.readControl(members[1]); err != nil {
		return nil, err
	}
	return d, d.readData(members[2])
}

// readControl reads the control archive: the control file and the MD5 sums. The
// scripts are passed over.
func (d *Deb) readControl(m arMember) error {
	err := untar(m, "control.tar", bounds.DebControl, func(h *tar.Header, r io.Reader) error {
		name := path.Clean("/" + h.Name)
		if h.Typeflag != tar.TypeReg || name != "/control" && name != "/md5sums" {
			return nil
		}
		src, err := io.ReadAll(r)
		if name == "/control" {
			d.Control = src
		} else {
			d.md5 = src
		}
		return err
	})
	if err != nil {
		return err
	}
	if d.fields, err = one(d.Control); err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	if !packageName(d.Name()) || debversion.Check(d.Version()) != nil {
		return refused("its control file names no package")
	}
	return nil
}

// easySize is how many bytes are made room for because a header says so.
const easySize = 16 << 20

// readData reads the files.
func (d *Deb) readData(m arMember) error {
	places := map[string]int{}
	err := untar(m, "data.tar", bounds.DebUnpacked, func(h *tar.Header, r io.Reader) error {
		p, moved, err := place(h.Name)
		if err != nil || h.Typeflag == tar.TypeDir {
			return err
		}
		f := File{Path: p, Mode: 0o644}
		switch h.Typeflag {
		case tar.TypeReg:
			if h.Mode&0o111 != 0 {
				f.Mode = 0o755
			}
			data := bytes.NewBuffer(make([]byte, 0, min(h.Size, easySize)+bytes.MinRead))
			if _, err = data.ReadFrom(r); err != nil {
				return err
			}
			f.Data = data.Bytes()
		case tar.TypeLink:
			target, _, err := place(h.Linkname)
			if err != nil {
				return err
			}
			i, ok := places[target]
			if !ok || d.Files[i].Link != "" {
				return refused("%q is a hard link to %q, no file that stands before it", h.Name, h.Linkname)
			}
			f = d.Files[i]
			f.Path = p
		case tar.TypeSymlink:
			if target, ok := merged[p]; ok && strings.Trim(h.Linkname, "/") == target {
				return nil
			}
			if f.Link, err = target(p, h.Linkname, moved); err != nil {
				return err
			}
		default:
			return refused("%q is a device, a pipe or of an unknown kind (%q)", h.Name, h.Typeflag)
		}
		if p == "." {
			return refused("its root is no directory")
		}
		if _, twice := places[p]; twice {
			return refused("%q is there twice", h.Name)
		}
		places[p] = len(d.Files)
		d.Files = append(d.Files, f)
		return nil
	})
	if err != nil {
		return err
	}
	for _, f := range d.Files {
		for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
			if _, ok := places[dir]; ok {
				return refused("%q stands beneath %q, which is no directory", f.Path, dir)
			}
		}
	}
	slices.SortFunc(d.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

// untar walks a compressed tar of a .deb. The bounds are on what it unpacks to,
// headers included, and on its members.
func untar(m arMember, name string, limit int64, take func(*tar.Header, io.Reader) error) error {
	ext, ok := strings.CutPrefix(m.name, name)
	if !ok || !slices.Contains([]string{"", ".gz", ".xz", ".zst"}, ext) {
		return refused("%.40q stands where %s should", m.name, name)
	}
	packed, err := inflate(m.data, m.name)
	if err != nil {
		return refused("%s: %v", m.name, err)
	}
	defer packed.Close()
	tr := tar.NewReader(&limitedReader{r: packed, left: limit})
	for n := 0; ; n++ {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) { // place judges paths
			return refused("%s: %v", m.name, err)
		}
		if n == bounds.ArchiveEntries {
			return refused("%s has more than %d members", m.name, bounds.ArchiveEntries)
		}
		if err := take(h, tr); errors.Is(err, errRefused) {
			return err
		} else if err != nil {
			return refused("%s: %q: %v", m.name, h.Name, err)
		}
	}
}
