package replica

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/npm/replica/catalogue"
	"github.com/nbuild/nbuild/internal/npm/semver"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Documents is what a replica has, beside the tarballs, which are in the store.
type Documents struct {
	Catalogue *catalogue.Catalogue
	Text      []byte // the documents, one behind the other
}

// rules stands for how documents are written. Raise it whenever the same packages would give
// others.
const rules = "nbuild-replica-documents 1"

// keptAs names documents in the store; another form of what is kept takes another one.
const keptAs = "npm-replica-1"

// Of lists the packages of a snapshot that a replica serves: all of kind npm whose name and
// version a registry could have. Which lockfile asked for one does not count.
func Of(lock *snapshot.Lock) []snapshot.Artefact {
	var all []snapshot.Artefact
	for a := range lock.Of(snapshot.KindNPM) {
		if _, ok := semver.Parse(a.Version, semver.Options{}); ok && !strings.ContainsAny(a.Version, "/ ") && servable(a.Name) {
			all = append(all, a)
		}
	}
	return all
}

// servable reports whether a path of the protocol can name a package: NAME or @SCOPE/NAME.
func servable(name string) bool {
	if scope, rest, ok := strings.Cut(name, "/"); ok {
		if len(scope) < 2 || scope[0] != '@' {
			return false
		}
		name = rest
	}
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\\%?#")
}

// Key is the digest of all that determines the documents of packages at a base address.
func Key(of []snapshot.Artefact, base string) cas.Digest {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%q\n", rules, base)
	for _, a := range of {
		fmt.Fprintf(&b, "%q %q %s %d", a.Name, a.Version, a.SHA256, a.Size)
		for _, k := range slices.Sorted(maps.Keys(a.Facts)) {
			fmt.Fprintf(&b, " %s=%q", k, a.Facts[k])
		}
		b.WriteString("\n")
	}
	return cas.Sum([]byte(b.String()))
}

// Write writes the documents of packages, whose tarballs and file indexes the store has. Base
// is the address of the replica, which tarballs are named by; it ends with a slash. What was
// written for the same packages before is read from the store.
func Write(ctx context.Context, store *cas.Store, of []snapshot.Artefact, base string) (*Documents, error) {
	record, err := store.Joined(ctx, keptAs, []cas.Digest{Key(of, base)}, bounds.Replica, func() ([]byte, error) {
		says, err := read(ctx, store, of)
		if err != nil {
			return nil, err
		}
		d, err := write(of, says, base)
		if err != nil {
			return nil, err
		}
		list := d.Catalogue.Format()
		return slices.Concat(binary.AppendUvarint(nil, uint64(len(list))), list, d.Text), nil
	})
	if err != nil {
		return nil, fmt.Errorf("writing the documents of a replica: %w", err)
	}
	n, width := binary.Uvarint(record)
	if width <= 0 || n > uint64(len(record)-width) {
		return nil, fmt.Errorf("reading the documents of a replica: they are cut")
	}
	list, text := record[width:width+int(n)], record[width+int(n):]
	c, err := catalogue.Parse(string(list))
	if err != nil {
		return nil, fmt.Errorf("reading the documents of a replica: %w", err)
	}
	for _, e := range c.Entries {
		if e.Kind != catalogue.Tarball && (e.Offset > int64(len(text)) || e.Size > int64(len(text))-e.Offset) {
			return nil, fmt.Errorf("reading the documents of a replica: they are cut")
		}
	}
	return &Documents{c, text}, nil
}

// version is one version of a package, as documents have it.
type version struct {
	artefact snapshot.Artefact
	parsed   semver.Version
	says     *published
	tarball  string // its path
}

// write makes the documents of packages, name by name.
func write(of []snapshot.Artefact, says []*published, base string) (*Documents, error) {
	by := map[string][]version{}
	for i, a := range of {
		parsed, _ := semver.Parse(a.Version, semver.Options{})
		by[a.Name] = append(by[a.Name], version{a, parsed, says[i], "/" + a.Name + "/-/" + path.Base(a.Name) + "-" + a.Version + ".tgz"})
	}
	w := &writer{base: base}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		versions := by[name]
		slices.SortStableFunc(versions, func(a, b version) int { return a.parsed.Compare(b.parsed) })
		if err := w.documents(name, versions); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	c, err := catalogue.New(w.entries)
	if err != nil {
		return nil, err
	}
	return &Documents{c, w.text.Bytes()}, nil
}

type writer struct {
	base    string
	text    bytes.Buffer
	entries []catalogue.Entry
}

// ofPackage are fields of a package's document that are those of its latest version.
var ofPackage = []string{"author", "bugs", "contributors", "description", "homepage", "keywords", "license", "repository"}

// ofInstall are fields of a version that an install needs.
var ofInstall = []string{
	"_hasShrinkwrap", "acceptDependencies", "bin", "bundleDependencies", "cpu", "dependencies", "deprecated", "devDependencies", "directories", "dist",
	"engines", "funding", "hasInstallScript", "libc", "name", "optionalDependencies", "os", "peerDependencies", "peerDependenciesMeta", "version",
}

// documents writes what a replica says of a package, oldest version first.
func (w *writer) documents(name string, versions []version) error {
	latest := latest(versions)
	newest, times := timesOf(versions)
	tags := map[string]string{"latest": latest.artefact.Version}

	start := w.text.Len()
	head := map[string]any{"_id": name, "name": name}
	for _, k := range ofPackage {
		if v, ok := latest.says.Manifest[k]; ok {
			head[k] = v
		}
	}
	if len(times) > 0 {
		head["time"] = times
	}
	if accounts := latest.artefact.Signals().Maintainers; accounts != nil {
		list := []map[string]string{}
		for _, a := range accounts {
			list = append(list, map[string]string{"name": a})
		}
		head["maintainers"] = list
	}
	// The parts that are asked for by themselves stand last, so that their places are known.
	if err := w.open(head); err != nil {
		return err
	}
	w.text.WriteString(`,"dist-tags":`)
	if err := w.part("/-/package/"+name+"/dist-tags", tags); err != nil {
		return err
	}
	w.text.WriteString(`,"versions":{`)
	for i, v := range versions {
		if err := w.key(i, v.artefact.Version); err != nil {
			return err
		}
		if err := w.part("/"+name+"/"+v.artefact.Version, w.manifest(v)); err != nil {
			return err
		}
		if v.artefact.Version == latest.artefact.Version {
			again := w.entries[len(w.entries)-1]
			again.Path = "/" + name + "/latest"
			w.entries = append(w.entries, again)
		}
		w.entries = append(w.entries, catalogue.Entry{Kind: catalogue.Tarball, Path: v.tarball, SHA256: v.artefact.SHA256.String(), Size: v.artefact.Size})
	}
	w.text.WriteString("}}")
	w.entries = append(w.entries, catalogue.Entry{Kind: catalogue.Full, Path: "/" + name, Offset: int64(start), Size: int64(w.text.Len() - start)})

	start = w.text.Len()
	short := map[string]any{"name": name, "dist-tags": tags}
	if newest != "" {
		short["modified"] = newest
	}
	if err := w.open(short); err != nil {
		return err
	}
	w.text.WriteString(`,"versions":{`)
	for i, v := range versions {
		if err := w.key(i, v.artefact.Version); err != nil {
			return err
		}
		whole, part := w.manifest(v), map[string]any{}
		for _, k := range ofInstall {
			if value, ok := whole[k]; ok {
				part[k] = value
			}
		}
		if err := w.value(part); err != nil {
			return err
		}
	}
	w.text.WriteString("}}")
	w.entries = append(w.entries, catalogue.Entry{Kind: catalogue.Short, Path: "/" + name, Offset: int64(start), Size: int64(w.text.Len() - start)})
	return nil
}

// manifest is a version as documents have it.
func (w *writer) manifest(v version) map[string]any {
	m := map[string]any{}
	for k, value := range v.says.Manifest {
		m[k] = value
	}
	m["_id"], m["name"], m["version"] = v.artefact.Name+"@"+v.artefact.Version, v.artefact.Name, v.artefact.Version
	m["dist"] = map[string]any{
		"integrity": v.says.Integrity, "shasum": v.says.Shasum, "tarball": w.base + address(v.tarball), "fileCount": v.says.Files, "unpackedSize": v.says.Unpacked,
	}
	delete(m, "deprecated")
	if v.artefact.Signals().Deprecated {
		m["deprecated"] = "deprecated by its maintainers when nbuild.lock was pinned; nbuild.lock does not say why"
	}
	delete(m, "_hasShrinkwrap")
	if v.says.Shrinkwrap {
		m["_hasShrinkwrap"] = true
	}
	delete(m, "hasInstallScript")
	if v.says.Script {
		m["hasInstallScript"] = true
	}
	return m
}

// address is a path as a URL has it, without its first slash.
func address(p string) string {
	elements := strings.Split(p[1:], "/")
	for i, e := range elements {
		elements[i] = url.PathEscape(e)
	}
	return strings.Join(elements, "/")
}

// open writes an object and leaves it open: more follows.
func (w *writer) open(v map[string]any) error {
	if err := w.value(v); err != nil {
		return err
	}
	w.text.Truncate(w.text.Len() - 1)
	return nil
}

// key writes the key of the i-th member of an object.
func (w *writer) key(i int, key string) error {
	if i > 0 {
		w.text.WriteByte(',')
	}
	if err := w.value(key); err != nil {
		return err
	}
	w.text.WriteByte(':')
	return nil
}

// part writes a value that has a path of its own.
func (w *writer) part(path string, v any) error {
	start := w.text.Len()
	if err := w.value(v); err != nil {
		return err
	}
	w.entries = append(w.entries, catalogue.Entry{Kind: catalogue.Part, Path: path, Offset: int64(start), Size: int64(w.text.Len() - start)})
	return nil
}

func (w *writer) value(v any) error {
	raw, err := json.Marshal(v) // which sorts keys
	w.text.Write(raw)
	return err
}

// latest is the version that the tag names: the highest that is no prerelease, or the highest.
func latest(versions []version) version {
	for _, v := range slices.Backward(versions) {
		if !v.parsed.IsPrerelease() {
			return v
		}
	}
	return versions[len(versions)-1]
}

// timesOf says when versions were published, as far as that is known.
func timesOf(versions []version) (newest string, times map[string]string) {
	times = map[string]string{}
	oldest := ""
	for _, v := range versions {
		at := v.artefact.Facts["published"]
		if at == "" {
			continue
		}
		times[v.artefact.Version] = at
		newest = max(newest, at)
		if oldest == "" || at < oldest {
			oldest = at
		}
	}
	if newest != "" {
		times["created"], times["modified"] = oldest, newest
	}
	return newest, times
}
