package tarball

import (
	"bytes"
	"crypto/sha256"
	"io"
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Options bound what Index takes. The zero value is the project's table.
type Options struct {
	Compressed int64 // bytes of the .tgz; 0 means bounds.Tarball
	Unpacked   int64 // bytes of the tar stream; 0 means bounds.Unpacked
}

func (o Options) compressed() int64 {
	if o.Compressed > 0 {
		return o.Compressed
	}
	return bounds.Tarball
}

func (o Options) unpacked() int64 {
	if o.Unpacked > 0 {
		return o.Unpacked
	}
	return bounds.Unpacked
}

// Index reads a .tgz to its end and returns its file index. Errors hold
// ErrHostile or ErrMalformed unless r failed.
func Index(r io.Reader, o Options) (*snapshot.Index, error) {
	l, err := open(r, o)
	if err != nil {
		return nil, err
	}
	defer l.data.close()
	return l.index()
}

func open(r io.Reader, o Options) (*layout, error) {
	data, err := unpacked(r, o)
	if err != nil {
		return nil, err
	}
	l, err := lay(data)
	if err != nil {
		data.close()
		return nil, err
	}
	return l, nil
}

// unpacked returns the tar stream of an archive, read to its end.
func unpacked(r io.Reader, o Options) (stream, error) {
	room, roomy := r.(spacious)
	if s, ok := r.(sized); ok && roomy && s.Size() > largePacked && s.Size() <= o.compressed() {
		if file, err := room.Spill(); err == nil { // else memory has to do
			return spill(r, s.Size(), o.unpacked(), file)
		}
	}
	packed, err := slurp(r, o.compressed())
	if err != nil {
		return stream{}, err
	}
	if roomy && claimed(packed) > largeUnpacked {
		if file, err := room.Spill(); err == nil {
			return spill(bytes.NewReader(packed), int64(len(packed)), o.unpacked(), file)
		}
	}
	data, err := inflate(packed, o.unpacked())
	return inMemory(data), err
}

// own is the package's own manifest.
func (l *layout) own() (manifest, error) {
	i, ok := l.find("package.json")
	if !ok {
		return nil, malformed("npm leaves no package.json at its top%s", l.misplaced())
	}
	src, err := l.manifest(l.spans[i])
	if err != nil {
		return nil, err
	}
	return readManifest(src)
}

// index describes every file, and what the manifests say.
func (l *layout) index() (*snapshot.Index, error) {
	root, err := l.own()
	if err != nil {
		return nil, err
	}
	x := &snapshot.Index{Version: 2, Package: root.facts()}
	x.Package.Bin = l.commands("", root, x.Package.Bin)
	if root.bundles() {
		if err := l.bundled(x); err != nil {
			return nil, err
		}
	}
	x.Entries = make([]snapshot.Entry, len(l.spans))
	for i, s := range l.spans {
		var native bool
		if x.Entries[i], native, err = l.describe(s); err != nil {
			return nil, err
		}
		facts, inner := owner(x, s.path)
		switch {
		case native:
			facts.Natives = append(facts.Natives, inner)
		case isLicense(inner):
			facts.LicenseFiles = append(facts.LicenseFiles, inner)
		case inner == "binding.gyp":
			facts.Gyp = true
		}
	}
	return x, nil
}

// bundled finds the packages inside and their facts. One that can't be read is
// files and nothing else, as it is to npm.
func (l *layout) bundled(x *snapshot.Index) error {
	for _, s := range l.spans {
		dir, name := path.Split(s.path)
		dir = strings.TrimSuffix(dir, "/")
		if name != "package.json" || !isPackageDir(dir) {
			continue
		}
		src, err := l.manifest(s)
		if err != nil {
			return err
		}
		m, err := readManifest(src)
		if err != nil {
			continue
		}
		if x.Bundled == nil {
			x.Bundled = map[string]*snapshot.PackageFacts{}
		}
		f := m.facts()
		f.Bin = l.commands(dir, m, f.Bin)
		x.Bundled[dir] = f
	}
	return nil
}

// manifest reads a package.json, and no more than shows that one is too large.
func (l *layout) manifest(s span) ([]byte, error) {
	return l.data.bytes(s.start, min(s.end, s.start+bounds.PackageJSON+1))
}

// describe makes the entry of a file, and reports whether it is machine code.
func (l *layout) describe(s span) (snapshot.Entry, bool, error) {
	e := snapshot.Entry{Path: s.path, Mode: s.mode, Size: int64(s.end - s.start)}
	var err error
	if e.SHA256, err = l.data.sum(s.start, s.end); err != nil {
		return e, false, err
	}
	head, err := l.data.bytes(s.start, min(s.end, s.start+shebangReach))
	if err != nil {
		return e, false, err
	}
	native := machineCode(head, s.end-s.start, func(at int) string {
		four, readErr := l.data.bytes(s.start+at, s.start+at+4)
		err = readErr
		return string(four)
	})
	if err != nil || !linked(head) {
		return e, native, err
	}
	body, err := l.data.bytes(s.start, s.end)
	if text, ok := command(body); ok {
		e.Command = &snapshot.Content{Size: int64(len(text)), SHA256: cas.Digest(sha256.Sum256(text))}
	}
	return e, native, err
}

// isPackageDir reports whether dir is a chain of node_modules/NAME from the
// package's own folder.
func isPackageDir(dir string) bool {
	for dir != "" {
		rest, ok := strings.CutPrefix(dir, "node_modules/")
		if !ok {
			return false
		}
		name, rest, _ := strings.Cut(rest, "/")
		if strings.HasPrefix(name, "@") {
			var second string
			if second, rest, _ = strings.Cut(rest, "/"); second == "" {
				return false
			}
		}
		if name == "" || name == ".bin" {
			return false
		}
		dir = rest
	}
	return true
}

// owner returns the facts of the innermost package that a file belongs to, and
// the file's path in it.
func owner(x *snapshot.Index, p string) (*snapshot.PackageFacts, string) {
	for dir := path.Dir(p); len(x.Bundled) > 0 && dir != "."; dir = path.Dir(dir) {
		if f, ok := x.Bundled[dir]; ok {
			return f, p[len(dir)+1:]
		}
	}
	return x.Package, p
}

// commands returns bin, or where there is none, what the manifest's
// directories.bin names.
func (l *layout) commands(dir string, m manifest, bin map[string]string) map[string]string {
	folder := part(m["directories"], "bin")
	if bin != nil || folder == "" || len(m["bin"]) > 0 {
		return bin
	}
	folder = path.Clean("/" + folder)[1:]
	list := map[string]string{}
	for _, s := range l.spans {
		inner, ok := s.path, true
		if dir != "" {
			inner, ok = strings.CutPrefix(s.path, dir+"/")
		}
		if file, in := strings.CutPrefix(inner, folder+"/"); ok && in && !strings.HasPrefix(path.Base(file), ".") {
			list[path.Base(file)] = inner
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list
}
