package tarball

import (
	"encoding/json"
	"io"

	"github.com/nbuild/nbuild/internal/snapshot"
)

// Manifest reads of a .tgz what its package.json says of where the package is installed,
// for lockfiles that do not say it. x is the file index that Index made of the same bytes.
func Manifest(r io.Reader, x *snapshot.Index) (*snapshot.Manifest, error) {
	if x.Package == nil {
		return nil, malformed("its file index in nbuild.lock is not that of an npm package")
	}
	l, err := open(r, Options{})
	if err != nil {
		return nil, err
	}
	defer l.data.close()
	m, err := l.own()
	if err != nil {
		return nil, err
	}
	out := &snapshot.Manifest{
		OS: m.words("os"), CPU: m.words("cpu"), Libc: m.words("libc"),
		Engines: m.texts("engines"), Peers: m.texts("peerDependencies"),
		Scripts: len(x.Package.Scripts) > 0 || x.Package.Gyp,
	}
	for dir, facts := range x.Bundled { // into a map
		if facts.Name == "" || facts.Version == "" {
			continue // files and nothing else
		}
		if out.Bundled == nil {
			out.Bundled = map[string]string{}
		}
		out.Bundled[dir] = facts.Name + "@" + facts.Version
	}
	return out, nil
}

// words is a list of strings, or one string in its place, as npm reads it; what is no
// string in the list is passed over.
func (m manifest) words(key string) []string {
	var one string
	if json.Unmarshal(m[key], &one) == nil && one != "" {
		return []string{one}
	}
	var list []json.RawMessage
	if json.Unmarshal(m[key], &list) != nil {
		return nil
	}
	var out []string
	for _, raw := range list {
		one = "" // which null would leave
		if json.Unmarshal(raw, &one) == nil && one != "" {
			out = append(out, one)
		}
	}
	return out
}
