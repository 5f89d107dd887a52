package tarball

import (
	"encoding/json"
	"maps"
	"slices"
)

// references are the fields of a manifest that name other packages and ranges of them.
var references = []string{"dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "acceptDependencies"}

// Published returns a package.json as a registry's document has it, by its keys: what npm
// would leave out or write otherwise when it publishes is so here. Names and versions are not
// compared with anything.
func Published(src []byte) (map[string]json.RawMessage, error) {
	m, err := readManifest(src)
	if err != nil {
		return nil, err
	}
	out := map[string]json.RawMessage{}
	for k, v := range m {
		if k != "" && k[0] != '_' && k != "dist" && k != "readme" {
			out[k] = v
		}
	}
	set := func(key string, value any, keep bool) {
		delete(out, key)
		if raw, err := json.Marshal(value); err == nil && keep {
			out[key] = raw
		}
	}
	facts := m.facts()
	set("name", facts.Name, true)
	set("version", facts.Version, true)
	set("bin", facts.Bin, len(facts.Bin) > 0)
	for _, key := range references {
		if _, there := out[key]; there {
			ranges := m.texts(key)
			set(key, ranges, len(ranges) > 0)
		}
	}
	names := m.bundled()
	delete(out, "bundledDependencies")
	set("bundleDependencies", names, len(names) > 0)
	for _, key := range []string{"os", "cpu", "libc"} {
		if _, there := out[key]; there {
			values := list(m[key])
			set(key, values, len(values) > 0)
		}
	}
	return out, nil
}

// bundled lists what a package says that it carries inside, sorted.
func (m manifest) bundled() []string {
	for _, key := range []string{"bundleDependencies", "bundledDependencies"} {
		raw := m[key]
		var all bool
		if json.Unmarshal(raw, &all) == nil && all {
			return slices.Sorted(maps.Keys(m.texts("dependencies")))
		}
		var named map[string]json.RawMessage
		if json.Unmarshal(raw, &named) == nil && len(named) > 0 {
			return slices.Sorted(maps.Keys(named))
		}
		if names := list(raw); len(names) > 0 {
			slices.Sort(names)
			return names
		}
	}
	return nil
}

// list is a text, or the texts of a list.
func list(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		if one == "" {
			return nil
		}
		return []string{one}
	}
	var many []json.RawMessage
	if json.Unmarshal(raw, &many) != nil {
		return nil
	}
	var texts []string
	for _, m := range many {
		var s string
		if json.Unmarshal(m, &s) == nil {
			texts = append(texts, s)
		}
	}
	return texts
}
