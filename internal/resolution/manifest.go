package resolution

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/utf8bom"
)

// Manifest is what of a package.json has a say in loading (Node's documentation,
// "Modules: Packages", "Node.js package.json field definitions"). A field of a
// wrong type counts as not given, as it does to Node.
type Manifest struct {
	Path    string // of the package.json, a realpath
	Name    string
	Version string // Node itself does not read it
	Main    string
	Type    string // "module", "commonjs" or ""
	Exports *Value // nil where not given or null
	Imports *Value // nil where not given or no object
	Browser *Value // only bundlers read it
	OptionalDependencies,
	Dependencies []string // names, sorted; Node itself reads neither
}

// Value is a JSON value whose objects keep their order, which conditions depend on.
type Value struct {
	Shape  Shape
	String string
	Items  []Value // of a List
	Fields []Field // of an Object; a key given twice stands once, at its first place with its last value
}

// Field is one member of an object.
type Field struct {
	Key   string
	Value Value
}

// Shape is what a JSON value is; Scalar is a number or a boolean.
type Shape uint8

// The shapes.
const (
	Null Shape = iota
	Scalar
	Text
	List
	Object
)

// Lookup returns the member of a key, nil where there is none.
func (v *Value) Lookup(key string) *Value {
	if v == nil {
		return nil
	}
	for i := range v.Fields {
		if v.Fields[i].Key == key {
			return &v.Fields[i].Value
		}
	}
	return nil
}

// text returns the string of a member, "" where it is none.
func (v *Value) text(key string) string {
	if m := v.Lookup(key); m != nil && m.Shape == Text {
		return m.String
	}
	return ""
}

// ParseManifest reads a package.json, behind a byte order mark where one stands
// there. Anything but an object at its top is an error.
func ParseManifest(data []byte) (*Manifest, error) {
	if len(data) > bounds.PackageJSON {
		return nil, fmt.Errorf("reading package.json: more than %d bytes", bounds.PackageJSON)
	}
	dec := json.NewDecoder(bytes.NewReader(utf8bom.Trim(data)))
	dec.UseNumber()
	v, err := readValue(dec, 0)
	if err != nil {
		return nil, fmt.Errorf("reading package.json: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading package.json: text behind its end")
	}
	if v.Shape != Object {
		return nil, errors.New("reading package.json: not an object")
	}
	m := &Manifest{Name: v.text("name"), Version: v.text("version"), Main: v.text("main"), Browser: v.Lookup("browser")}
	if t := v.text("type"); t == "module" || t == "commonjs" {
		m.Type = t
	}
	if e := v.Lookup("exports"); e != nil && e.Shape != Null && e.Shape != Scalar {
		m.Exports = e
	}
	if i := v.Lookup("imports"); i != nil && i.Shape == Object {
		m.Imports = i
	}
	m.Dependencies = names(v.Lookup("dependencies"))
	m.OptionalDependencies = names(v.Lookup("optionalDependencies"))
	return m, nil
}

func names(v *Value) []string {
	if v == nil {
		return nil
	}
	var out []string
	for _, f := range v.Fields {
		out = append(out, f.Key)
	}
	slices.Sort(out)
	return out
}

func readValue(dec *json.Decoder, depth int) (Value, error) {
	if depth > bounds.JSONDepth {
		return Value{}, fmt.Errorf("nested deeper than %d", bounds.JSONDepth)
	}
	tok, err := dec.Token()
	if err != nil {
		return Value{}, err
	}
	switch tok := tok.(type) {
	case nil:
		return Value{}, nil
	case string:
		return Value{Shape: Text, String: tok}, nil
	case json.Delim:
		if tok == '[' {
			return readList(dec, depth)
		}
		return readObject(dec, depth)
	default:
		return Value{Shape: Scalar}, nil
	}
}

func readList(dec *json.Decoder, depth int) (Value, error) {
	v := Value{Shape: List}
	for dec.More() {
		item, err := readValue(dec, depth+1)
		if err != nil {
			return Value{}, err
		}
		v.Items = append(v.Items, item)
	}
	_, err := dec.Token()
	return v, err
}

func readObject(dec *json.Decoder, depth int) (Value, error) {
	v := Value{Shape: Object}
	at := map[string]int{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return Value{}, err
		}
		key, _ := tok.(string)
		item, err := readValue(dec, depth+1)
		if err != nil {
			return Value{}, err
		}
		if i, ok := at[key]; ok {
			v.Fields[i].Value = item
			continue
		}
		at[key] = len(v.Fields)
		v.Fields = append(v.Fields, Field{key, item})
	}
	_, err := dec.Token()
	return v, err
}

// manifestOf returns the package.json of a folder, nil where there is none. One
// that can't be read is a failure, as it is to Node.
func (r *Resolver) manifestOf(dir string) (*Manifest, error) {
	if m, ok := r.manifests[dir]; ok {
		return m.manifest, m.err
	}
	var m loaded
	real, kind := r.tree.Real(join(dir, "package.json"))
	if kind == File {
		data, err := readBounded(r.fsys, real, bounds.PackageJSON)
		if err == nil {
			m.manifest, err = ParseManifest(data)
		}
		if err != nil {
			m = loaded{err: fail(InvalidConfig, "%s: %v", real, err)}
		} else {
			m.manifest.Path = real
		}
	}
	r.manifests[dir] = m
	return m.manifest, m.err
}

type loaded struct {
	manifest *Manifest
	err      error
}

// Governing returns the package.json that says what the .js files of a folder are:
// the nearest one upwards that is not above a node_modules folder
// (LOOKUP_PACKAGE_SCOPE). It is nil where there is none.
func (r *Resolver) Governing(file string) (*Manifest, error) {
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		if path.Base(dir) == "node_modules" {
			return nil, nil
		}
		m, err := r.manifestOf(dir)
		if m != nil || err != nil {
			return m, err
		}
		if dir == "." {
			return nil, nil
		}
	}
}

func readBounded(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("more than %d bytes", limit)
	}
	return data, err
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// join is path.Join for names of fs.FS.
func join(dir, name string) string {
	if dir == "." {
		return path.Clean(name)
	}
	return path.Clean(dir + "/" + name)
}
