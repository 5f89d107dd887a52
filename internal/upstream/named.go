package upstream

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm/registry"
	"github.com/nbuild/nbuild/internal/npm/sri"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// named pins the versions of one name, asking the registry about it once.
type named struct {
	options  PinOptions
	name     string
	packages []asked

	asked     bool
	packument *registry.Packument
	err       error
}

// record is what the store keeps of a pinned package under its integrity.
type record struct {
	SHA256    cas.Digest       `json:"sha256"`
	Size      int64            `json:"size"`
	Index     cas.Digest       `json:"index"`
	Published string           `json:"published,omitempty"`
	Signals   snapshot.Signals `json:"told"` // under the name it had when the first records were written
}

// recordKind names the records of this package; a change of the tarball reader or
// of what is kept of a registry's word takes another one.
const recordKind = "pin-npm-3"

// pin returns the artefact of one package and whether nothing was fetched.
func (n *named) pin(ctx context.Context, p asked) (snapshot.Artefact, bool, error) {
	o := n.options
	if p.unreadable {
		return snapshot.Artefact{}, false, at(p, &diag.Problem{
			Code: registry.CodeIntegrity, Err: sri.ErrNone, What: fmt.Sprintf("%s@%s has no integrity that can be checked", p.Name, p.Version),
			Why:    "it was meant to name the bytes, and nothing can be held to it",
			Remedy: "write what `npm view " + diag.Word(p.Name) + "@" + diag.Word(p.Version) + " dist.integrity` prints in its place",
		})
	}
	binding := ""
	if n.known(p) {
		binding = o.Client.Config().Binding(p.Name)
	}
	if a, ok := n.previous(p, binding); ok {
		a, err := o.reindex(ctx, a)
		if err != nil {
			return a, true, at(p, err)
		}
		if _, indexed := a.Index(); indexed { // else it is fetched anew, to be unpacked
			a, err = n.inWords(ctx, p, a)
			return a, true, err
		}
	}
	if p.held.Weak() {
		if err := n.strengthen(ctx, &p); err != nil {
			return snapshot.Artefact{}, false, at(p, err)
		}
	}
	key := cas.Sum([]byte(strings.Join([]string{p.Name, p.Version, p.held.String(), binding, n.place(p)}, "\n")))
	if !p.held.Weak() { // else another project's record could stand in for these bytes
		if r, ok := n.recorded(key); ok {
			return artefact(p, binding, r), true, nil
		}
	}
	r, err := n.fetch(ctx, p)
	if err != nil {
		return snapshot.Artefact{}, false, at(p, err)
	}
	if p.line.Weak() {
		came, err := n.sha512(ctx, r.SHA256)
		if err != nil {
			return snapshot.Artefact{}, false, err
		}
		p.line = p.line.Join(came)
		return artefact(p, binding, r), false, nil
	}
	doc, err := json.Marshal(r)
	if err != nil {
		return snapshot.Artefact{}, false, fmt.Errorf("recording %s: %w", p.Name, err)
	}
	if err := o.Store.PutResult(ctx, recordKind, key, doc); err != nil {
		return snapshot.Artefact{}, false, err
	}
	return artefact(p, binding, r), false, nil
}

// at gives a problem the place in the lockfile.
func at(p asked, err error) error {
	for _, x := range diag.All(err) {
		if x.Pos == (diag.Pos{}) {
			x.Pos = p.Pos
		}
	}
	return err
}

// previous is the artefact as it was pinned before, if it is still the same one and
// was held to everything that the lockfile names. Where the lockfile has come to name
// it by itself, the line says so from now on.
func (n *named) previous(p asked, binding string) (snapshot.Artefact, bool) {
	o := n.options
	if o.Previous == nil || slices.Contains(o.Update, p.Name) {
		return snapshot.Artefact{}, false
	}
	a, ok := o.Previous.Find(snapshot.KindNPM, p.Name, p.Version, "")
	if !ok || a.Facts["registry"] != binding || a.Facts["resolution"] != resolutions[p.From] || !p.covered(a) {
		return snapshot.Artefact{}, false
	}
	if p.basis == snapshot.BasisLockfile {
		a.Integrity, a.Facts = p.line.String(), maps.Clone(a.Facts)
		delete(a.Facts, "integrity")
	}
	return a, true
}

// recorded is what an earlier run fetched, if the store still has it all.
func (n *named) recorded(key cas.Digest) (record, bool) {
	var r record
	store := n.options.Store
	if slices.Contains(n.options.Update, n.name) {
		return r, false
	}
	doc, ok := store.Result(recordKind, key)
	if !ok || json.Unmarshal(doc, &r) != nil {
		return r, false
	}
	if size, ok := store.Stat(r.SHA256); !ok || size != r.Size {
		return r, false
	}
	if _, ok := store.Stat(r.Index); !ok {
		return r, false
	}
	return r, true
}

// inWords asks once more about a line that says where an earlier nbuild kept what the
// registry said, and has the line say it itself. Nothing else of it changes.
func (n *named) inWords(ctx context.Context, p asked, a snapshot.Artefact) (snapshot.Artefact, error) {
	const earlier = "signals"
	if a.Facts[earlier] == "" {
		return a, nil
	}
	var r record
	if err := n.ask(ctx, p, &r); err != nil {
		return a, at(p, err)
	}
	a.Facts = maps.Clone(a.Facts)
	delete(a.Facts, earlier)
	maps.Copy(a.Facts, r.Signals.Facts())
	return a, nil
}

func artefact(p asked, binding string, r record) snapshot.Artefact {
	facts := r.Signals.Facts()
	facts["index"] = r.Index.String()
	for key, value := range map[string]string{"published": r.Published, "registry": binding} {
		if value != "" {
			facts[key] = value
		}
	}
	if how := resolutions[p.From]; how != "" {
		facts["resolution"] = how
	}
	if p.basis != snapshot.BasisLockfile {
		facts["integrity"] = string(p.basis)
	}
	return snapshot.Artefact{
		Kind: snapshot.KindNPM, Name: p.Name, Version: p.Version,
		SHA256: r.SHA256, Size: r.Size, Integrity: p.line.String(), Facts: facts,
	}
}

// fetch brings the tarball and what the registry says about it.
func (n *named) fetch(ctx context.Context, p asked) (record, error) {
	var r record
	o := n.options
	id := "npm " + p.Name + "@" + p.Version
	var w *cas.Writer
	defer func() {
		if w != nil {
			w.Abort()
		}
	}()
	begin := func() (io.Writer, error) {
		if w != nil {
			w.Abort()
		}
		var err error
		if w, err = o.Store.Create(ctx); err != nil {
			return nil, err
		}
		return event.Counting(w, o.Events, "pin", p.Name+"@"+p.Version), nil
	}
	var err error
	if p.From == locked.FromFile {
		err = tarballOf(o.Files, p.File, id, p.held.String(), begin)
	} else {
		request := registry.Request{Name: p.Name, Version: p.Version, Integrity: p.held.String(), Unnamed: true, Resolved: p.Resolved, URL: p.From == locked.FromAddress}
		err = o.Client.Tarball(ctx, request, begin)
	}
	if err != nil {
		return r, err
	}
	if r.SHA256, r.Size, err = w.Commit(); err != nil {
		return r, err
	}
	blob, err := o.Store.Open(ctx, r.SHA256)
	if err != nil {
		return r, err
	}
	defer func() { _ = blob.Close() }()
	x, err := unpacked(func() (*snapshot.Index, error) { return tarball.Index(blob, tarball.Options{}) })
	if err != nil {
		return r, p.ofProject(tarball.Explain(id, err))
	}
	if x.Package.Name != p.Name || !sameVersion(x.Package.Version, p.Version) {
		return r, p.ofProject(&diag.Problem{
			Code: CodeOtherPackage, What: fmt.Sprintf("the tarball of %s says it is %s@%s", id, x.Package.Name, x.Package.Version),
			Why:    "the lockfile's word and the package's differ, so reviews and advisories would be looked up under a wrong name",
			Remedy: tarball.AnotherVersion(p.Name),
		})
	}
	doc, err := snapshot.EncodeIndex(x)
	if err != nil {
		return r, err
	}
	if r.Index, err = o.Store.PutBytes(ctx, doc); err != nil || !n.known(p) {
		return r, err
	}
	return r, n.ask(ctx, p, &r)
}

// ofProject has a problem of a tarball that stands in the project say what to do about that
// file: no registry has another version of it.
func (p asked) ofProject(err error) error {
	if p.From == locked.FromFile {
		for _, x := range diag.All(err) {
			x.Remedy = fmt.Sprintf("put the tarball of %s@%s at %s, as `npm pack` writes it, and run `nbuild pin`", p.Name, p.Version, p.File)
		}
	}
	return err
}

// resolutions are how nbuild.lock says where bytes come from, "" for the registry.
var resolutions = map[locked.Source]string{locked.FromAddress: "url", locked.FromFile: "file"}

// known reports whether the registry that the name is bound to may be asked about a
// package: the lockfile says that it comes from there. Nobody else learns its name.
func (n *named) known(p asked) bool {
	switch p.From {
	case locked.FromRegistry, "":
		return true
	case locked.FromAddress:
		return n.options.Client.Config().Keeps(p.Name, p.Resolved)
	}
	return false
}

// place is where the bytes come from, for the key of a record.
func (n *named) place(p asked) string {
	switch p.From {
	case locked.FromAddress:
		return p.Resolved
	case locked.FromFile:
		return "file"
	}
	return "false" // as the records of the first versions have it
}

// sameVersion compares versions as npm normalises them: build metadata is no part
// of a published version.
func sameVersion(a, b string) bool {
	a, _, _ = strings.Cut(a, "+")
	b, _, _ = strings.Cut(b, "+")
	return a == b
}

// ask fills in when the version was published and what else the registry says.
func (n *named) ask(ctx context.Context, p asked, r *record) error {
	v, ok, err := n.says(ctx, p)
	if err != nil || !ok {
		return err // unpublished: its age is not known
	}
	if !v.Published.IsZero() {
		r.Published = v.Published.Truncate(time.Second).Format(time.RFC3339)
	}
	r.Signals = snapshot.Signals{Provenance: v.Provenance, Maintainers: v.Maintainers, Deprecated: v.Deprecated}
	if v.Provenance == "" && len(v.Maintainers) > 0 { // a mirror whose documents have neither says nothing
		r.Signals.Provenance = snapshot.NoProvenance
	}
	return nil
}

// says is what the registry says about a version, and whether it knows it.
func (n *named) says(ctx context.Context, p asked) (registry.Version, bool, error) {
	if !n.asked {
		versions := make([]string, len(n.packages))
		for i, q := range n.packages {
			versions[i] = q.Version
		}
		n.packument, n.err = n.options.Client.Packument(ctx, n.name, versions)
		n.asked = true
	}
	if n.err != nil {
		return registry.Version{}, false, n.err
	}
	v, ok := n.packument.Versions[p.Version]
	return v, ok, nil
}
