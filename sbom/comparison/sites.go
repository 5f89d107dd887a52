package comparison

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/sbom"
)

// severities of findings by file that are new: what makes code of strings or gets
// past the loader is what an attack needs, what reaches out is what a payload does,
// and what loads late is everyday.
var siteSeverities = map[string]struct{ kind, more Severity }{
	"network":         {High, Medium},
	"filesystem":      {Medium, Low},
	"environment":     {Medium, Low},
	"lazy-require":    {Low, Low},
	"require-resolve": {Low, Low},
	"test-code":       {Low, Info},
}

// classed are the kinds that have classes of change of their own.
var classed = []string{"install-script", "implicit-gyp", "prebuilt-binary"}

// found reports what was found in b and not in a: by kind, where there is more of it
// than before, or of another name ("node:child_process.exec" where there was only
// spawn). Where the same is called at as many places, which lines do it is not
// reported: they change with every version.
func (c *comparison) found(a, b *sbom.Item) {
	if !a.Searched || !b.Searched {
		return
	}
	for _, now := range b.Sites {
		if slices.Contains(classed, now.Kind) {
			continue
		}
		var before sbom.Sites
		if i := slices.IndexFunc(a.Sites, func(s sbom.Sites) bool { return s.Kind == now.Kind }); i >= 0 {
			before = a.Sites[i]
		}
		from, to := before.Count, now.Count
		if now.Kind == "native-addon" { // the files have a class of their own, the lines that load them have not
			from, to = from-len(a.Addons), to-len(b.Addons)
		}
		var names []string
		if !before.Cut && before.Count > 0 {
			for _, s := range now.Symbols {
				if s != "" && !slices.Contains(before.Symbols, s) {
					names = append(names, s)
				}
			}
		}
		if to <= max(from, 0) && len(names) == 0 {
			continue
		}
		c.addSites(b, now, before, names, from, to)
	}
}

// addSites adds the change of one kind.
func (c *comparison) addSites(b *sbom.Item, now, before sbom.Sites, names []string, from, to int) {
	text := fmt.Sprintf("%s: %s", now.Kind, diag.Count(to, "place"))
	if len(names) > 0 {
		text += ", new are " + strings.Join(names[:min(len(names), 5)], ", ")
	}
	var fresh []string
	for _, p := range now.Places {
		if len(fresh) < 3 && !slices.Contains(before.Places, p) {
			fresh = append(fresh, p)
		}
	}
	if len(fresh) > 0 {
		text += "\n" + strings.Join(fresh, "\n")
	}
	var was *string
	if from > 0 {
		said := fmt.Sprintf("%s: %s", now.Kind, diag.Count(from, "place"))
		was = &said
	}
	c.add(NewDynamism, b, was, &text)
	severity, ok := siteSeverities[now.Kind]
	if !ok {
		return // High, as the class
	}
	last := &c.changes[len(c.changes)-1]
	if last.Severity = severity.more; from <= 0 {
		last.Severity = severity.kind
	}
}
