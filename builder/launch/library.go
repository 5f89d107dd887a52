package launch

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder/rootfs"
	"github.com/nbuild/nbuild/internal/debian"
	"github.com/nbuild/nbuild/internal/lazyregexp"
	"github.com/nbuild/nbuild/internal/linkage"
)

// triplets are the folders of a platform's libraries in Debian, by its multiarch name.
var triplets = map[string]string{"linux/amd64": "x86_64-linux-gnu", "linux/arm64": "aarch64-linux-gnu"}

// ofMusl are names that musl's loader takes for itself, whatever stands in the image.
var ofMusl = lazyregexp.New(`^lib(?:c|pthread|rt|m|dl|util|xnet)\.`)

// lack is a library that the loader would not find.
type lack struct {
	need linkage.Need // with those versions that are lacking, where the library is there
	by   string       // who asks for it
	at   string       // where the library is, "" where it is not there
}

// libraries holds a program to what its loader has to find.
func (c *checker) libraries(n *rootfs.Node, inherited []string) error {
	lacking, err := c.lacks(n, inherited)
	for _, l := range lacking {
		c.tellLack(l, "ends before its first line runs")
	}
	return err
}

// lacks looks for everything that a file and its libraries ask for.
func (c *checker) lacks(n *rootfs.Node, inherited []string) ([]lack, error) {
	object := n.Object
	var all []lack
	musl := false
	if object.Interpreter != "" {
		loader := c.root.Find(object.Interpreter)
		if loader == nil {
			return []lack{{need: linkage.Need{Library: object.Interpreter}, by: "/" + n.Path}}, nil
		}
		musl = strings.Contains(object.Interpreter, "/ld-musl-")
	} else {
		musl = isMusl(c.root, c.start.Platform)
	}
	type asked struct {
		n     *rootfs.Node
		rpath []string // those of who led here
	}
	seen := map[string]bool{n.Path: true}
	for queue := []asked{{n, inherited}}; len(queue) > 0; queue = queue[1:] {
		a := queue[0]
		own := expand(a.n.Object.RPath, a.n.Path)
		rpath := append(slices.Clone(own), a.rpath...)
		if len(a.n.Object.RunPath) > 0 {
			rpath = nil
		}
		for _, need := range a.n.Object.Needs {
			if musl && ofMusl().MatchString(need.Library) {
				continue
			}
			found, err := c.library(need.Library, rpath, expand(a.n.Object.RunPath, a.n.Path))
			if err != nil {
				return nil, err
			}
			if found == nil {
				all = append(all, lack{need: need, by: "/" + a.n.Path})
				continue
			}
			if missing := without(need.Versions, found.Object.Defines); len(missing) > 0 && len(found.Object.Defines) > 0 && !musl {
				all = append(all, lack{need: linkage.Need{Library: need.Library, Versions: missing}, by: "/" + a.n.Path, at: "/" + found.Path})
			}
			if !seen[found.Path] {
				seen[found.Path] = true
				queue = append(queue, asked{found, append(slices.Clone(own), a.rpath...)})
			}
		}
	}
	return all, nil
}

func without(all, those []string) []string {
	var rest []string
	for _, v := range all {
		if !slices.Contains(those, v) {
			rest = append(rest, v)
		}
	}
	return rest
}

// expand puts the folder of a file in place of $ORIGIN (ld.so(8), "Dynamic string
// tokens"). A folder with another token is passed over.
func expand(folders []string, file string) []string {
	var all []string
	for _, f := range folders {
		f = strings.NewReplacer("${ORIGIN}", "/"+path.Dir(file), "$ORIGIN", "/"+path.Dir(file)).Replace(f)
		if !strings.Contains(f, "$") {
			all = append(all, f)
		}
	}
	return all
}

// library finds a library as the loader does: in the folders of who asks, in those of
// LD_LIBRARY_PATH, in the system's.
func (c *checker) library(name string, rpath, runpath []string) (*rootfs.Node, error) {
	if strings.Contains(name, "/") {
		return c.fits(c.root.Find(c.absolute(name)))
	}
	folders := slices.Concat(rpath, strings.Split(c.env["LD_LIBRARY_PATH"], ":"), runpath, systemFolders(c.start.Platform))
	for _, dir := range folders {
		if dir == "" {
			continue
		}
		n, err := c.fits(c.root.Find(path.Join(c.absolute(dir), name)))
		if n != nil || err != nil {
			return n, err
		}
	}
	return nil, nil
}

// fits returns a file that is a library for the image's platform.
func (c *checker) fits(n *rootfs.Node) (*rootfs.Node, error) {
	if n == nil || !n.Perm.IsRegular() {
		return nil, nil
	}
	if err := c.root.Facts(n); err != nil {
		return nil, err
	}
	if n.Object == nil || n.Object.Platform != c.start.Platform {
		return nil, nil
	}
	return n, nil
}

// systemFolders are those that the loaders of the distributions look in. Which of them one
// loader knows is in its code and its cache; a library in another's is not distinguished.
func systemFolders(platform string) []string {
	triplet := triplets[platform]
	return []string{
		"/lib/" + triplet, "/usr/lib/" + triplet, "/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib/" + triplet, "/usr/local/lib", "/usr/local/lib64",
	}
}

// isMusl reports whether the image's C library is musl.
func isMusl(r *rootfs.FS, platform string) bool {
	machine, _, _ := strings.Cut(triplets[platform], "-")
	return r.Find("/lib/ld-musl-"+machine+".so.1") != nil && r.Find("/lib/"+triplets[platform]+"/libc.so.6") == nil && r.Find("/lib64/libc.so.6") == nil
}

// tellLack reports a library that is lacking, and who brings it.
func (c *checker) tellLack(l lack, end string) {
	what := fmt.Sprintf("%s needs %s, which is not in it", l.by, l.need.Library)
	why := fmt.Sprintf("the loader looks for that library before anything of %s runs, and %s %s", l.by, path.Base(l.by), end)
	if l.at != "" {
		what = fmt.Sprintf("%s needs %s with %s, which %s does not have", l.by, l.need.Library, strings.Join(l.need.Versions, ", "), l.at)
		why = "the library of the image is older than the one that it was made with"
	}
	c.problem(CodeLibrary, what, why, c.bringer(l))
}

// bringer says who brings a library.
func (c *checker) bringer(l lack) string {
	name := path.Base(l.need.Library)
	pkg, known := debian.Library(name)
	base := c.start.Base
	switch {
	case base.Image != "" && pkg == "":
		return fmt.Sprintf("use another base image than %s, one that has it", base.Image)
	case base.Image != "":
		return fmt.Sprintf("use another base image than %s, one that has it; in Debian the package %s brings it", base.Image, pkg)
	case l.at != "":
		return "take a newer suite of Debian for the base, or an older version of what asks for it"
	case strings.Contains(name, "musl"):
		return "it is made for Alpine's C library, musl: use an image of Alpine as the base, or a package that is made for glibc too"
	case l.by == "/usr/local/bin/node" && known:
		return "run `nbuild pin`, which brings what Node itself asks for"
	case pkg == "":
		return "add the package of Debian that brings it to `packages` of the base, and run `nbuild pin`"
	}
	named := fmt.Sprintf("debian = { packages = [%s] }", quoted(append(slices.Clone(base.Packages), pkg)))
	if base.Implied {
		named = fmt.Sprintf("base %q { %s }", base.Name, named)
	}
	remedy := fmt.Sprintf("add the package that brings it to the base: `%s` in build.hcl, and run `nbuild pin`", named)
	if !known {
		remedy += "; the package's name follows Debian's rule for libraries, and pin says if there is none of that name"
	}
	return remedy
}

func quoted(all []string) string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(out, ", ")
}
