package image

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
)

// Member is one share of a layer that is compressed and cached on its own, such as
// an npm package at its install path.
type Member struct {
	Name string // for a person: "npm lodash@4.17.21"
	Path string // where its files stand in the image, "app/node_modules/lodash"; "" is the root
	Last bool   // after every member that is not, whatever its path: bin links

	// Key is the digest of everything that determines what Files yields, apart
	// from Path: an artefact's SHA-256 and how it was normalised. Equal keys mean
	// equal files, so a wrong key puts wrong files into an image.
	Key cas.Digest

	// Owner says who brought the member, for the report of what made each layer:
	// a block of build.hcl, "npm.deps" or "step.bundle".
	Owner string

	// Files yields the member's files in bytewise order of their paths, each once.
	// It is called more than once and yields the same each time; what it hands out
	// may be opened until yield returns.
	Files func(ctx context.Context, yield func(File) error) error
}

// File is a file, link or directory of a member.
type File struct {
	Path   string     // below the member's path, relative and clean; "" is the member's own path
	Mode   int64      // 0644 or 0755, 0 means 0644; of a directory any of 01777, 0 means 0755
	Size   int64      // bytes of the content
	Link   string     // the target, if it is a symbolic link
	Dir    bool       // a directory; needed only for an empty one, or for a mode of its own
	SHA256 cas.Digest // of the content; zero where it is not known

	// The content is Data, or what Open gives where that is set. What it gives may be an
	// io.ReaderAt too, so that who looks for something in a large file need not read it.
	Data []byte
	Open func() (io.ReadCloser, error)
}

// content opens the file's bytes.
func (f File) content() (io.ReadCloser, error) {
	if f.Open != nil {
		return f.Open()
	}
	return io.NopCloser(bytes.NewReader(f.Data)), nil
}

// normal fills in the mode and size that stand for themselves.
func (f File) normal() File {
	switch {
	case f.Link != "":
		f.Mode, f.Size = 0o777, 0
	case f.Dir:
		f.Size = 0
		if f.Mode == 0 {
			f.Mode = 0o755
		}
	default:
		if f.Mode == 0 {
			f.Mode = 0o644
		}
		if f.Open == nil {
			f.Size = int64(len(f.Data))
		}
	}
	return f
}

// compareMembers is the order of members in a layer (formats, "Layers").
func compareMembers(a, b Member) int {
	if a.Last != b.Last {
		if a.Last {
			return 1
		}
		return -1
	}
	if c := strings.Compare(a.Path, b.Path); c != 0 {
		return c
	}
	if c := cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Owner, b.Owner)); c != 0 {
		return c
	}
	return bytes.Compare(a.Key[:], b.Key[:])
}

// check returns why a layer may not hold the file at its full path, or "".
func (f File) check(full string) string {
	if why := checkPath(full); why != "" {
		return why
	}
	switch {
	case f.Link != "":
		return checkLink(full, f.Link)
	case f.Dir && f.Mode&^0o1777 != 0:
		return fmt.Sprintf("the directory has mode %04o; set-id bits have no place in an image", f.Mode)
	case !f.Dir && f.Mode != 0o644 && f.Mode != 0o755:
		return fmt.Sprintf("the file has mode %04o; a layer holds 0644 and 0755", f.Mode)
	case f.Size < 0 || f.Size > bounds.FetchFile:
		return fmt.Sprintf("the file has %d bytes, over the bound of %d", f.Size, int64(bounds.FetchFile))
	}
	return ""
}

// checkPath returns why a path has no place in a layer, or "". A name that starts
// with .wh. is a whiteout: it would delete what a lower layer has (OCI image
// specification, layer.md, "Whiteouts").
func checkPath(p string) string {
	switch {
	case p == "" || p == ".":
		return "the path is the root itself"
	case p[0] == '/':
		return "the path is absolute"
	case p == ".." || strings.HasPrefix(p, "../") || path.Clean(p) != p:
		return "the path is not clean or leaves the root"
	case len(p) > bounds.Path:
		return fmt.Sprintf("the path has %d bytes, over the bound of %d", len(p), bounds.Path)
	case strings.Count(p, "/") >= bounds.PathDepth:
		return fmt.Sprintf("the path has more than %d elements", bounds.PathDepth)
	case strings.ContainsRune(p, 0) || !utf8.ValidString(p):
		return "the path holds a NUL or is no UTF-8"
	case strings.HasPrefix(p, ".wh.") || strings.Contains(p, "/.wh."):
		return "a name that starts with .wh. deletes files of lower layers"
	}
	return ""
}

// checkLink returns why a link has no place in a layer, or "". Absolute targets
// are of the image's root, as everywhere in an image.
func checkLink(full, target string) string {
	switch {
	case len(target) > bounds.Path:
		return fmt.Sprintf("the link's target has %d bytes, over the bound of %d", len(target), bounds.Path)
	case strings.ContainsRune(target, 0) || !utf8.ValidString(target):
		return "the link's target holds a NUL or is no UTF-8"
	case target[0] == '/':
		return ""
	}
	depth := strings.Count(full, "/")
	for e := range strings.SplitSeq(target, "/") {
		switch e {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return fmt.Sprintf("the link to %q leads out of the root", target)
			}
		default:
			depth++
		}
	}
	return ""
}

// sorted returns the members in a layer's order.
func sorted(members []Member) []Member {
	members = slices.Clone(members)
	slices.SortStableFunc(members, compareMembers)
	return members
}

// refused is the problem of a path that no layer may hold.
func refused(m Member, full, why string) *diag.Problem {
	return &diag.Problem{
		Code:   CodePath,
		What:   fmt.Sprintf("%s can't put %q into the image", m.Name, full),
		Why:    why,
		Remedy: fmt.Sprintf("leave the file out of %s; of a package, take another version with `npm update NAME --package-lock-only`, then `nbuild pin`", m.Owner),
	}
}
