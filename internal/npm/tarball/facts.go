package tarball

import (
	"bytes"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/utf8bom"
)

// lifecycle is what `npm ci` runs of a package that comes from a registry, in
// its order.
var lifecycle = []string{"preinstall", "install", "postinstall"}

// manifest is a package.json by its exact keys: encoding/json would take "NAME"
// for "name", which Node does not.
type manifest map[string]json.RawMessage

// readManifest parses a package.json as npm does, byte order mark and all.
func readManifest(src []byte) (manifest, error) {
	if len(src) > bounds.PackageJSON {
		return nil, hostile("package.json has %d bytes, over the bound of %d", len(src), bounds.PackageJSON)
	}
	src = utf8bom.Trim(src)
	if depth(src) > bounds.JSONDepth {
		return nil, hostile("package.json nests deeper than %d", bounds.JSONDepth)
	}
	var m manifest
	if err := json.Unmarshal(src, &m); err != nil {
		return nil, malformed("package.json: %v", err)
	}
	return m, nil
}

// depth is how deep a JSON text nests, without parsing it.
func depth(src []byte) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(src); i++ {
		switch c := src[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

func (m manifest) text(key string) string {
	var s string
	if json.Unmarshal(m[key], &s) != nil {
		return ""
	}
	return s
}

// texts is an object's members that are strings.
func (m manifest) texts(key string) map[string]string {
	var raw map[string]json.RawMessage
	if json.Unmarshal(m[key], &raw) != nil {
		return nil
	}
	out := map[string]string{}
	for k, v := range raw { // order does not show in a map
		var s string
		if json.Unmarshal(v, &s) == nil {
			out[k] = s
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// part is a string, or a member of an object that says the same.
func part(raw json.RawMessage, key string) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var o manifest
	if json.Unmarshal(raw, &o) != nil {
		return ""
	}
	return o.text(key)
}

// facts are what the index keeps of the manifest.
func (m manifest) facts() *snapshot.PackageFacts {
	f := &snapshot.PackageFacts{
		Name:        m.text("name"),
		Version:     strings.TrimLeft(strings.TrimSpace(m.text("version")), "=v"),
		License:     m.license(),
		Type:        m.text("type"),
		Description: m.text("description"),
		Author:      person(m["author"]),
		Homepage:    m.text("homepage"),
		Repository:  part(m["repository"], "url"),
		Bin:         m.bin(),
		Engines:     m.texts("engines"),
	}
	scripts := m.texts("scripts")
	maps.DeleteFunc(scripts, func(k, _ string) bool { return !slices.Contains(lifecycle, k) })
	if len(scripts) > 0 {
		f.Scripts = scripts
	}
	if raw := m["exports"]; len(raw) > 0 {
		var b bytes.Buffer
		if json.Compact(&b, raw) == nil {
			f.Exports = b.Bytes()
		}
	}
	return f
}

// license is the declared licence: what "license" says, or else "licenses", the field
// of old. Either may be a string, an object {type, url} or a list of those, whose
// members are a choice. What is null, empty, or of another shape says nothing, and so
// hides nothing that the other field says.
func (m manifest) license() string {
	for _, key := range []string{"license", "licenses"} {
		names := stated(m[key], 0)
		if len(names) == 1 {
			return names[0]
		}
		for i, n := range names {
			if upper := strings.ToUpper(n); strings.Contains(upper, " AND ") || strings.Contains(upper, " OR ") {
				names[i] = "(" + n + ")"
			}
		}
		if len(names) > 1 {
			return "(" + strings.Join(names, " OR ") + ")"
		}
	}
	return ""
}

// stated lists the licences that a value names, each once.
func stated(raw json.RawMessage, depth int) []string {
	var list []json.RawMessage
	if depth == 0 && json.Unmarshal(raw, &list) == nil {
		var names []string
		for _, raw := range list {
			for _, n := range stated(raw, depth+1) {
				if !slices.Contains(names, n) {
					names = append(names, n)
				}
			}
		}
		return names
	}
	for _, key := range []string{"type", "name"} {
		if s := strings.TrimSpace(part(raw, key)); s != "" {
			return []string{s}
		}
	}
	return nil
}

// person writes an author as npm's string form does: Name <mail> (page).
func person(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var o manifest
	if json.Unmarshal(raw, &o) != nil {
		return ""
	}
	s = o.text("name")
	if mail := o.text("email"); mail != "" {
		s += " <" + mail + ">"
	}
	if page := o.text("url"); page != "" {
		s += " (" + page + ")"
	}
	return strings.TrimSpace(s)
}

// bin is the commands, by npm's rules (npm-normalize-package-bin): names lose
// their folders, targets stay inside the package.
func (m manifest) bin() map[string]string {
	raw := m["bin"]
	list := map[string]string{}
	var one string
	var many []string
	switch {
	case json.Unmarshal(raw, &one) == nil:
		if name := m.text("name"); name != "" {
			list[name] = one
		}
	case json.Unmarshal(raw, &many) == nil:
		for _, p := range many {
			list[path.Base(p)] = p
		}
	default:
		list = m.texts("bin")
	}
	clean := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(list)) {
		base := path.Base("/" + strings.NewReplacer(`\`, "/", ":", "/").Replace(name))
		target := path.Clean("/" + strings.ReplaceAll(list[name], `\`, "/"))[1:]
		if base != "/" && base != "." && target != "" {
			clean[base] = target
		}
	}
	if len(clean) == 0 {
		return nil
	}
	return clean
}

// bundles reports whether the package says that it carries others inside.
func (m manifest) bundles() bool {
	for _, key := range []string{"bundleDependencies", "bundledDependencies"} {
		var all bool
		var list []json.RawMessage
		var named map[string]json.RawMessage
		if json.Unmarshal(m[key], &all) == nil && all ||
			json.Unmarshal(m[key], &list) == nil && len(list) > 0 ||
			json.Unmarshal(m[key], &named) == nil && len(named) > 0 {
			return true
		}
	}
	return false
}
