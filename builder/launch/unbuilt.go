package launch

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder/rootfs"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/internal/utf8bom"
	"github.com/nbuild/nbuild/pipelines"
)

// Placed is a tree of packages where an image has it.
type Placed struct {
	Tree  *npm.Tree
	At    string         // "app"
	Block *pipelines.Npm // that it is of
}

// Packages are the packages of an image.
type Packages struct {
	Store  *cas.Store
	Lock   *snapshot.Lock
	Placed []Placed

	// Loads reports whether a file of the image may be loaded; nil lets all be loaded.
	Loads func(path string) bool
}

// moduleVersions are what Node calls NODE_MODULE_VERSION, by major version: an addon that
// is not of Node-API is made for one of them.
var moduleVersions = map[int]int{20: 115, 22: 127, 24: 137, 26: 147}

// CheckPackages returns what the packages of an image lack to be loaded: the machine code
// that an install script would have made or brought, and the libraries that their addons
// ask for. What only optional dependencies ask for is a warning, because whoever asks
// goes on without it, as where npm can't build it.
func CheckPackages(ctx context.Context, r *rootfs.FS, s Start, p Packages) (problems, warnings diag.Problems, err error) {
	c := &checker{root: r, start: s, env: map[string]string{}}
	for _, v := range s.Env {
		name, value, _ := strings.Cut(v, "=")
		c.env[name] = value
	}
	u := &unbuilt{checker: c, packages: p, facts: map[string]*facts{}, musl: isMusl(r, s.Platform)}
	var major int
	if _, err := fmt.Sscanf(s.Node, "%d.", &major); err == nil {
		u.abi = moduleVersions[major]
	}
	for i := range p.Placed {
		if err := u.tree(ctx, &p.Placed[i]); err != nil {
			return nil, nil, err
		}
	}
	return c.problems, u.warnings, nil
}

// unbuilt looks for packages whose scripts would have made what they need.
type unbuilt struct {
	*checker
	packages Packages
	facts    map[string]*facts // of artefacts, by ID
	warnings diag.Problems
	musl     bool
	abi      int // of the image's Node, 0 where it is not known
}

func (u *unbuilt) tree(ctx context.Context, placed *Placed) error {
	for i := range placed.Tree.Packages {
		p := &placed.Tree.Packages[i]
		if p.Link != "" || !u.loads(placed, p) || placed.Block.Accepts(p.Name, p.Version) != nil {
			continue
		}
		if err := u.pkg(ctx, placed, p); err != nil {
			return err
		}
	}
	return nil
}

// loads reports whether any file of a package may be loaded.
func (u *unbuilt) loads(placed *Placed, p *npm.Package) bool {
	return u.packages.Loads == nil || u.packages.Loads("/"+path.Join(placed.At, p.Path))
}

func (u *unbuilt) pkg(ctx context.Context, placed *Placed, p *npm.Package) error {
	says, within, f, err := u.says(ctx, placed.Tree, p)
	if err != nil || says == nil {
		return err
	}
	asks := scriptOf(says)
	if asks == "" && len(says.Natives) == 0 {
		return nil
	}
	objects, err := u.objects(ctx, f)
	if err != nil {
		return err
	}
	found := false
	for _, native := range says.Natives {
		o := objects[path.Join(within, native)]
		if o == nil || !u.fitting(o, native) {
			continue
		}
		found = true
		if path.Ext(native) != ".node" {
			continue
		}
		n := u.root.Find("/" + path.Join(placed.At, p.Path, native))
		if n == nil {
			continue
		}
		n.Is(o)
		lacking, err := u.lacks(n, nil)
		if err != nil {
			return err
		}
		for _, l := range lacking {
			u.tellLack(l, "can't be loaded")
		}
	}
	if asks == "" || found && !(says.Gyp && !slices.ContainsFunc(says.Natives, isAddon)) {
		return nil
	}
	brought, err := u.brought(ctx, placed.Tree, p)
	if err != nil || brought {
		return err
	}
	if len(says.Scripts) == 0 && u.gypless(placed, p) {
		return nil
	}
	u.report(placed, p, says, asks)
	return nil
}

// gypless reports whether a package says that its binding.gyp is not to be built (npm's
// documentation, "package.json", "gypfile").
func (u *unbuilt) gypless(placed *Placed, p *npm.Package) bool {
	n := u.root.Find("/" + path.Join(placed.At, p.Path, "package.json"))
	if n == nil {
		return false
	}
	data, err := u.root.Contents(n)
	if err != nil {
		return false
	}
	gypless := false
	r := strictjson.NewReader(utf8bom.Trim(data))
	r.Object(func(key string, _ int) {
		if key != "gypfile" {
			r.Skip()
			return
		}
		value, given := r.AsBool()
		gypless = given && !value
	})
	r.End()
	return gypless && !r.Failed()
}
