package debian

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
)

// rootForm names the rules by which a root is made of packages. It is part of
// every Part's key, so it changes whenever they do.
const rootForm = "nbuild-rootfs 1"

// Part is the share of a root file system that one package brings, or, with the
// name "system", what this package writes. Equal keys mean equal files. Files are
// sorted by path and stand in one part each.
type Part struct {
	Name  string // "deb libc6@2.41-12", or "system"
	Key   cas.Digest
	Files []File
}

// Rootfs makes a root file system of packages for a platform: the part "system"
// first, then each package's by name. Documentation, manual pages, translations
// and the like are left out, copyright files are not. What each package is stands
// in var/lib/dpkg/status.d, where scanners look for it in images without dpkg.
func Rootfs(debs []*Deb, platform string) ([]Part, error) {
	arch, err := Architecture(platform)
	if err != nil {
		return nil, err
	}
	debs = slices.Clone(debs)
	slices.SortFunc(debs, func(a, b *Deb) int { return strings.Compare(a.Name(), b.Name()) })
	var problems diag.Problems
	owners := map[string]string{}
	var parts []Part
	for _, d := range debs {
		name := "deb " + d.Name() + "@" + d.Version()
		if got := d.Architecture(); got != arch && got != "all" {
			problems = append(problems, unfit(fmt.Sprintf("%s is for %s, not for %s", name, got, arch)))
		}
		part := Part{Name: name, Key: cas.Sum([]byte(rootForm + "\ndeb " + d.SHA256.String())), Files: d.rootFiles()}
		for _, f := range part.Files {
			if other, taken := owners[f.Path]; taken {
				problems = append(problems, unfit(fmt.Sprintf("%s and %s both bring %s", other, name, f.Path)))
			}
			owners[f.Path] = name
		}
		parts = append(parts, part)
	}
	system := Part{Name: "system"}
	for _, f := range systemFiles(slices.ContainsFunc(debs, func(d *Deb) bool { return d.Name() == "tzdata" }), certificates(debs), arch) {
		if _, taken := owners[f.Path]; !taken { // a package knows better
			system.Files = append(system.Files, f)
		}
	}
	system.Key = partKey(system.Files)
	parts = append([]Part{system}, parts...)
	problems = append(problems, beneathLinks(parts)...)
	problems.Sort()
	return parts, problems.Err()
}

// beneathLinks finds files that would be written through a link.
func beneathLinks(parts []Part) diag.Problems {
	links := map[string]string{} // path to who brings it
	for _, part := range parts {
		for _, f := range part.Files {
			if f.Link != "" {
				links[f.Path] = part.Name
			}
		}
	}
	var problems diag.Problems
	for _, part := range parts {
		for _, f := range part.Files {
			for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
				if owner, ok := links[dir]; ok {
					problems = append(problems, unfit(fmt.Sprintf("%s brings %s, beneath the link %s of %s", part.Name, f.Path, dir, owner)))
				}
			}
		}
	}
	return problems
}

func unfit(what string) *diag.Problem {
	return &diag.Problem{
		Code: CodeRoot, What: what,
		Why:    "the packages do not make one root file system",
		Remedy: "take one of them out of `packages` of the base in build.hcl, and run `nbuild pin`",
	}
}

// partKey is the digest of files in an order, with all that an image keeps of them.
func partKey(files []File) cas.Digest {
	var b bytes.Buffer
	b.WriteString(rootForm + "\n")
	for _, f := range files {
		fmt.Fprintf(&b, "%q %o %q %t %s\n", f.Path, f.Mode, f.Link, f.Dir, cas.Sum(f.Data))
	}
	return cas.Sum(b.Bytes())
}

// rootFiles are a package's files in a root, with its entry in dpkg's list.
func (d *Deb) rootFiles() []File {
	var files []File
	for _, f := range d.Files {
		if !pruned(f.Path) {
			files = append(files, f)
		}
	}
	status := File{Path: "var/lib/dpkg/status.d/" + d.Name(), Mode: 0o644, Data: slices.Concat(bytes.TrimSpace(d.Control), []byte("\n"))}
	sums := File{Path: status.Path + ".md5sums", Mode: 0o644, Data: md5sums(files)}
	files = append(files, status, sums)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files
}

// md5sums lists the files as dpkg's own lists do. MD5 is what readers of that list
// expect; nothing here trusts it.
func md5sums(files []File) []byte {
	var b bytes.Buffer
	for _, f := range files {
		if f.Link == "" {
			sum := md5.Sum(f.Data)
			b.WriteString(hex.EncodeToString(sum[:]) + "  " + f.Path + "\n")
		}
	}
	return b.Bytes()
}

// needless are the folders of usr/share that no program needs to run.
var needless = map[string]bool{
	"bash-completion": true, "bug": true, "common-licenses": false, "doc": true, "doc-base": true, "gcc": true,
	"gdb": true, "info": true, "lintian": true, "locale": true, "man": true, "menu": true, "pixmaps": true,
}

// pruned reports whether a file is left out of a root.
func pruned(p string) bool {
	rest, ok := strings.CutPrefix(p, "usr/share/")
	if !ok {
		return false
	}
	folder, inner, below := strings.Cut(rest, "/")
	if folder == "doc" && below {
		// A package may have a link for its folder, to that of another of its source.
		return inner != "" && strings.Contains(inner, "/") && path.Base(inner) != "copyright"
	}
	return below && needless[folder]
}
