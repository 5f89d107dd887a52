package launch

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/linkage"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// facts are what an artefact's index says, and its machine code once it was read.
type facts struct {
	artefact snapshot.Artefact
	index    *snapshot.Index
	objects  map[string]*linkage.Object
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
func (u *unbuilt) says(ctx context.Context, tree *locked.Tree, p *locked.Package) (*snapshot.PackageFacts, string, *facts, error) {
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
	index, err := snapshot.IndexOf(ctx, u.packages.Store, a)
	if err != nil {
		return nil, err
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
		if !u.musl && (strings.HasPrefix(n.Library, "libc.musl-") || n.Library == "libc.so") || u.musl && n.Library == "libc.so.6" {
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
func (u *unbuilt) brought(ctx context.Context, tree *locked.Tree, p *locked.Package) (bool, error) {
	for _, e := range p.Dependencies {
		q, ok := tree.Find(e.To)
		if !ok || e.Kind != locked.Optional {
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
