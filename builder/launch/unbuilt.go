package launch

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/linkage"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
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
func CheckPackages(ctx context.Context, r *Root, s Start, p Packages) (problems, warnings diag.Problems, err error) {
	c := &checker{root: r, start: s, env: map[string]string{}}
	for _, v := range s.Env {
		name, value, _ := strings.Cut(v, "=")
		c.env[name] = value
	}
	u := &unbuilt{checker: c, packages: p, facts: map[string]*facts{}, musl: r.isMusl(s.Platform)}
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

// facts are what an artefact's index says, and its machine code once it was read.
type facts struct {
	artefact snapshot.Artefact
	index    *snapshot.Index
	objects  map[string]*linkage.Object
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
		n := u.root.find("/" + path.Join(placed.At, p.Path, native))
		if n == nil {
			continue
		}
		n.Object, n.known = o, true
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
	u.tell(placed, p, says, asks)
	return nil
}

// gypless reports whether a package says that its binding.gyp is not to be built (npm's
// documentation, "package.json", "gypfile").
func (u *unbuilt) gypless(placed *Placed, p *npm.Package) bool {
	n := u.root.find("/" + path.Join(placed.At, p.Path, "package.json"))
	if n == nil {
		return false
	}
	data, err := u.root.contents(n)
	var m struct {
		Gypfile *bool `json:"gypfile"`
	}
	return err == nil && json.Unmarshal([]byte(strings.TrimPrefix(string(data), "\ufeff")), &m) == nil && m.Gypfile != nil && !*m.Gypfile
}

func isAddon(name string) bool { return path.Ext(name) == ".node" }

// scripts are those that an install runs, in npm's order.
var scripts = []string{"preinstall", "install", "postinstall"}

// scriptOf says what an install would run of a package, "" where that is nothing.
func scriptOf(says *snapshot.PackageFacts) string {
	var all []string
	for _, s := range scripts {
		if text, ok := says.Scripts[s]; ok {
			all = append(all, fmt.Sprintf("%s: %s", s, diag.Clean(shortened(text))))
		}
	}
	if len(all) == 0 && says.Gyp {
		return "node-gyp, for its binding.gyp"
	}
	return strings.Join(all, "; ")
}

func shortened(s string) string {
	const most = 80
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// says returns what a package's manifest says, the folder of its artefact that it is in,
// and the artefact; nil where it is not pinned, which is reported elsewhere.
func (u *unbuilt) says(ctx context.Context, tree *npm.Tree, p *npm.Package) (*snapshot.PackageFacts, string, *facts, error) {
	owner, within := p, ""
	if p.Bundler != "" {
		var ok bool
		if owner, ok = tree.Find(p.Bundler); !ok {
			return nil, "", nil, nil
		}
		within = strings.TrimPrefix(p.Path, p.Bundler+"/")
	}
	a, ok := u.packages.Lock.Find(snapshot.KindNPM, owner.Name, owner.Version, "")
	if !ok {
		return nil, "", nil, nil
	}
	f, err := u.read(ctx, a)
	if err != nil {
		return nil, "", nil, err
	}
	if within != "" {
		return f.index.Bundled[within], within, f, nil
	}
	return f.index.Package, "", f, nil
}

func (u *unbuilt) read(ctx context.Context, a snapshot.Artefact) (*facts, error) {
	if f, ok := u.facts[a.ID()]; ok {
		return f, nil
	}
	digest, _ := a.Index()
	doc, err := u.packages.Store.Read(ctx, digest, bounds.FileIndex)
	if err != nil {
		return nil, fmt.Errorf("reading the file index of %s: %w", a.ID(), err)
	}
	index, err := snapshot.DecodeIndex(doc)
	if err != nil {
		return nil, fmt.Errorf("reading the file index of %s: %w", a.ID(), err)
	}
	f := &facts{artefact: a, index: index}
	u.facts[a.ID()] = f
	return f, nil
}

// objectsKind names what the store keeps of an artefact's machine code.
const objectsKind = "launch-objects-1"

// objects returns the machine code of an artefact, by path, as far as it is ELF.
func (u *unbuilt) objects(ctx context.Context, f *facts) (map[string]*linkage.Object, error) {
	if f.objects != nil {
		return f.objects, nil
	}
	f.objects = map[string]*linkage.Object{}
	natives := map[string]bool{}
	note := func(says *snapshot.PackageFacts, within string) {
		for _, n := range says.Natives {
			natives[path.Join(within, n)] = true
		}
	}
	note(f.index.Package, "")
	for dir, says := range f.index.Bundled {
		note(says, dir)
	}
	if len(natives) == 0 {
		return f.objects, nil
	}
	key := cas.Sum([]byte(f.artefact.SHA256.String() + "\n"))
	if doc, ok := u.packages.Store.Result(objectsKind, key); ok && json.Unmarshal(doc, &f.objects) == nil {
		return f.objects, nil
	}
	blob, err := u.packages.Store.Open(ctx, f.artefact.SHA256)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	contents, err := tarball.Unpack(blob, f.index)
	if err != nil {
		return nil, fmt.Errorf("unpacking %s: %w", f.artefact.ID(), err)
	}
	defer contents.Close()
	for i, e := range f.index.Entries {
		if !natives[e.Path] {
			continue
		}
		data := contents.Open(i)
		magic := make([]byte, len(linkage.Magic))
		if _, err := data.ReadAt(magic, 0); err == nil && string(magic) == linkage.Magic {
			if o, err := linkage.Read(data); err == nil {
				o.Defines = nil // nobody asks a package's library for a version of its own
				f.objects[e.Path] = o
			}
		}
	}
	doc, err := json.Marshal(f.objects)
	if err != nil || len(doc) > maxKept {
		return f.objects, err
	}
	return f.objects, u.packages.Store.PutResult(ctx, objectsKind, key, doc)
}

// maxKept is the longest record that the store keeps in a result.
const maxKept = 60 << 10

// fitting reports whether machine code is for the image: its processor, its C library,
// its Node.
func (u *unbuilt) fitting(o *linkage.Object, name string) bool {
	if o.Platform != u.start.Platform {
		return false
	}
	for _, n := range o.Needs {
		if !u.musl && strings.HasPrefix(n.Library, "libc.musl-") || u.musl && n.Library == "libc.so.6" {
			return false
		}
	}
	if isAddon(name) {
		return o.Addon.Is() && (u.abi == 0 || o.Addon.Fits(u.abi))
	}
	return o.Interpreter != "" || len(o.Needs) == 0
}

// brought reports whether a package that a package asks for where it can be had brings
// the machine code: one a platform, as many do it now.
func (u *unbuilt) brought(ctx context.Context, tree *npm.Tree, p *npm.Package) (bool, error) {
	for _, e := range p.Dependencies {
		q, ok := tree.Find(e.To)
		if !ok || e.Kind != npm.Optional {
			continue
		}
		says, within, f, err := u.says(ctx, tree, q)
		if err != nil {
			return false, err
		}
		if says == nil || len(says.Natives) == 0 || scriptOf(says) != "" {
			continue
		}
		objects, err := u.objects(ctx, f)
		if err != nil {
			return false, err
		}
		for _, native := range says.Natives {
			if o := objects[path.Join(within, native)]; o != nil && u.fitting(o, native) {
				return true, nil
			}
		}
	}
	return false, nil
}

// tell reports a package whose script was left out, with the block that accepts it.
func (u *unbuilt) tell(placed *Placed, p *npm.Package, says *snapshot.PackageFacts, asks string) {
	has := "ships no machine code"
	if len(says.Natives) > 0 {
		has = fmt.Sprintf("ships machine code, but none that fits (%s)", strings.Join(says.Natives[:min(len(says.Natives), 3)], ", "))
	}
	node := "its Node"
	if u.start.Node != "" {
		node = "Node " + u.start.Node
	}
	problem := &diag.Problem{
		Code: CodeUnbuilt, Pos: p.Pos,
		What: fmt.Sprintf("%s@%s is in image %q without what its install script makes", p.Name, p.Version, u.start.Image),
		Why: fmt.Sprintf("no package's code runs in a build, so this did not: %s; and it %s for %s and %s, which production may find out when it loads it",
			asks, has, u.start.Platform, node),
		Remedy: fmt.Sprintf("use a version or another package that ships its machine code; or, where production does without what the script makes, say so in build.hcl%s:\n%s",
			into(placed.Block), acceptance(placed.Block, p.Name)),
	}
	if p.Optional {
		u.warnings = append(u.warnings, problem)
		return
	}
	u.problems = append(u.problems, problem)
}

func into(b *pipelines.Npm) string {
	if b.Implied {
		return ""
	}
	return fmt.Sprintf(", in the block npm %q", b.Name)
}

// acceptance is the block to paste.
func acceptance(b *pipelines.Npm, name string) string {
	if b.Implied {
		return fmt.Sprintf("npm %q {\n  unbuilt %q {\n    reason = \"why production does without it\"\n  }\n}", b.Name, name)
	}
	return fmt.Sprintf("  unbuilt %q {\n    reason = \"why production does without it\"\n  }", name)
}

// Meaningless returns the unbuilt blocks of a tree's npm block that name no package of it
// that has a script or machine code. All holds the trees of every platform.
func Meaningless(ctx context.Context, p Packages) (diag.Problems, error) {
	if len(p.Placed) == 0 {
		return nil, nil
	}
	u := &unbuilt{packages: p, facts: map[string]*facts{}}
	meant := map[*pipelines.Unbuilt]bool{}
	for i := range p.Placed {
		placed := &p.Placed[i]
		for j := range placed.Tree.Packages {
			q := &placed.Tree.Packages[j]
			accepted := placed.Block.Accepts(q.Name, q.Version)
			if accepted == nil || meant[accepted] {
				continue
			}
			says, _, _, err := u.says(ctx, placed.Tree, q)
			if err != nil {
				return nil, err
			}
			meant[accepted] = says != nil && (scriptOf(says) != "" || len(says.Natives) > 0)
		}
	}
	var problems diag.Problems
	block := p.Placed[0].Block
	for i := range block.Unbuilt {
		if b := &block.Unbuilt[i]; !meant[b] {
			problems = append(problems, &diag.Problem{
				Code: CodeNeeded, Pos: b.At, What: fmt.Sprintf("unbuilt %q names no package of the lockfile that has an install script or machine code", b.Package),
				Why: "an exception that means nothing hides a mistake", Remedy: "correct its label, which is a package's name or name@version, or take the block out",
			})
		}
	}
	return problems, nil
}
