package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/builder/rootfs"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/linkage"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/internal/utf8bom"
	"github.com/nbuild/nbuild/pipelines"
)

// Placed is a tree of packages where an image has it.
type Placed struct {
	Tree  *locked.Tree
	At    string         // "app"
	Block *pipelines.Npm // that it is of

	Built map[string]Built // packages whose install scripts ran, by install path
}

// Built is a package whose install scripts ran.
type Built struct {
	Files []snapshot.Entry      // all that its folder holds now; their bytes are in the store
	Left  []pipelines.Lifecycle // scripts of it that no block allows
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
		u.member(placed, p)
		if p.Link != "" || !u.loads(placed, p) || placed.Block.Accepts(p.Name, p.Version) != nil {
			continue
		}
		if err := u.pkg(ctx, placed, p); err != nil {
			return err
		}
	}
	return nil
}

// member reports a folder of the project that a member of its workspace needs, where the
// image has the link to it and not the folder. A tree of the whole project has links to
// all members, and an image of one of them may do without the others.
func (u *unbuilt) member(placed *Placed, p *locked.Package) {
	if p.Link == "" || placed.Tree.Options.Workspace == "" {
		return
	}
	if n := u.root.Find("/" + path.Join(placed.At, p.Link, "package.json")); n != nil {
		return
	}
	u.problem(CodeMember, fmt.Sprintf("%s is a link to %s, which the image does not have", path.Join("/", placed.At, p.Path), path.Join("/", placed.At, p.Link)),
		placed.Tree.Options.Workspace+" asks for "+p.Name+", a folder of the project, whose files a layer has to bring",
		"add "+strconv.Quote(p.Link+"/**")+" to the files() of the layer that has "+placed.Tree.Options.Workspace)
}

// loads reports whether any file of a package may be loaded.
func (u *unbuilt) loads(placed *Placed, p *locked.Package) bool {
	return u.packages.Loads == nil || u.packages.Loads("/"+path.Join(placed.At, p.Path))
}

func (u *unbuilt) pkg(ctx context.Context, placed *Placed, p *locked.Package) error {
	says, within, f, err := u.says(ctx, placed.Tree, p)
	if err != nil || says == nil {
		return err
	}
	if built, ran := placed.Built[p.Path]; ran {
		return u.ran(ctx, placed, p, says, built)
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
		if err := u.addon("/"+path.Join(placed.At, p.Path, native), o); err != nil {
			return err
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
	if laid, err := u.laid(path.Join(placed.At, p.Path), says); err != nil || laid {
		return err
	}
	u.report(placed, p, says, asks)
	return nil
}

// laid reports whether a layer has put an addon for the image into a package's folder, such
// as one that was fetched.
func (u *unbuilt) laid(folder string, says *snapshot.PackageFacts) (bool, error) {
	found := false
	err := fs.WalkDir(u.root, folder, func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "node_modules":
			return fs.SkipDir
		case d.IsDir() || !isAddon(name) || slices.Contains(says.Natives, strings.TrimPrefix(name, folder+"/")):
			return nil
		}
		n := u.root.Find("/" + name)
		if n == nil {
			return nil
		}
		data, err := u.root.Contents(n)
		if err != nil || !bytes.HasPrefix(data, []byte(linkage.Magic)) {
			return err
		}
		if o, err := linkage.Read(bytes.NewReader(data)); err == nil && u.fitting(o, name) {
			found = true
			return u.addon("/"+name, o)
		}
		return nil
	})
	return found, err
}

// addon tells which libraries an addon of the image lacks.
func (u *unbuilt) addon(at string, o *linkage.Object) error {
	n := u.root.Find(at)
	if n == nil {
		return nil
	}
	n.Is(o)
	lacking, err := u.lacks(n, nil)
	if err != nil {
		return err
	}
	for _, l := range lacking {
		u.tellLack(l, "can't be loaded")
	}
	return nil
}

// ran looks at a package whose install scripts ran: whether its addons are for the image,
// and find their libraries there.
func (u *unbuilt) ran(ctx context.Context, placed *Placed, p *locked.Package, says *snapshot.PackageFacts, built Built) error {
	var addons []string
	found := false
	for _, e := range built.Files {
		if !isAddon(e.Path) || e.Link != "" {
			continue
		}
		o, err := u.object(ctx, e)
		if err != nil {
			return err
		}
		if o == nil {
			continue
		}
		addons = append(addons, e.Path)
		if !u.fitting(o, e.Path) {
			continue
		}
		found = true
		if err := u.addon("/"+path.Join(placed.At, p.Path, e.Path), o); err != nil {
			return err
		}
	}
	if found || len(addons) == 0 && len(built.Left) == 0 {
		return nil
	}
	var left []string
	for _, l := range built.Left {
		left = append(left, l.Event)
	}
	u.misbuilt(placed, p, addons, left)
	return nil
}

// object reads machine code from the store; nil where it is none of Linux.
func (u *unbuilt) object(ctx context.Context, e snapshot.Entry) (*linkage.Object, error) {
	data, err := u.packages.Store.Read(ctx, e.SHA256, bounds.FetchFile)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", e.Path, err)
	}
	if !bytes.HasPrefix(data, []byte(linkage.Magic)) {
		return nil, nil
	}
	o, err := linkage.Read(bytes.NewReader(data))
	if err != nil {
		return nil, nil // no loader takes it either
	}
	return o, nil
}

// gypless reports whether a package says that its binding.gyp is not to be built (npm's
// documentation, "package.json", "gypfile").
func (u *unbuilt) gypless(placed *Placed, p *locked.Package) bool {
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
