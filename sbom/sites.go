package sbom

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Sites are the findings of one kind in a package, as a BOM tells them.
type Sites struct {
	Kind    string
	Count   int
	Symbols []string // what is called or referred to there, sorted; "" where it has no name
	Places  []string // "FILE:LINE: EXCERPT", as many as the BOM has
	Cut     bool     // there are more than Symbols and Places tell of
}

func compareSites(a, b Sites) int {
	return cmp.Or(
		strings.Compare(a.Kind, b.Kind), a.Count-b.Count,
		slices.Compare(a.Symbols, b.Symbols), slices.Compare(a.Places, b.Places), compareBools(a.Cut, b.Cut),
	)
}

func canonicalSites(all []Sites) []Sites {
	out := slices.Clone(all)
	for i := range out {
		for _, list := range []*[]string{&out[i].Symbols, &out[i].Places} {
			sorted := slices.Clone(*list)
			slices.Sort(sorted)
			*list = slices.Compact(sorted)
		}
	}
	slices.SortFunc(out, compareSites)
	return out
}

// at returns the sites of a kind, which are made where there are none.
func (item *Item) at(kind string) *Sites {
	for i := range item.Sites {
		if item.Sites[i].Kind == kind {
			return &item.Sites[i]
		}
	}
	item.Sites = append(item.Sites, Sites{Kind: kind})
	return &item.Sites[len(item.Sites)-1]
}

// sites reads a property that counts findings.
func (item *Item) sites(name, value string) {
	kind, count := strings.CutPrefix(name, propSites)
	more := false
	if !count {
		if kind, more = strings.CutPrefix(name, propMore); !more {
			return
		}
	}
	n, err := strconv.Atoi(value)
	if err != nil || n <= 0 || kind == "" {
		return
	}
	if at := item.at(kind); more {
		at.Cut = true
	} else {
		at.Count = n
	}
}

// occurrences reads where the findings are that were counted. A kind that nothing
// counted is not of nbuild's making and is left alone.
func (item *Item) occurrences(all []bomOccurrence) {
	for _, o := range all {
		kind := occurrenceKind(o.Context)
		i := slices.IndexFunc(item.Sites, func(s Sites) bool { return s.Kind == kind })
		if i < 0 {
			continue
		}
		s := &item.Sites[i]
		place := o.Location
		if o.Line > 0 {
			place += ":" + strconv.Itoa(o.Line)
		}
		_, excerpt, _ := strings.Cut(o.Context, ": ")
		s.Places = append(s.Places, place+": "+excerpt)
		s.Symbols = append(s.Symbols, o.Symbol)
	}
	for i := range item.Sites {
		if s := &item.Sites[i]; len(s.Places) < s.Count {
			s.Cut = true
		}
	}
}

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

// found tells what was found in b and not in a: by kind, where there is more of it
// than before, or of another name ("node:child_process.exec" where there was only
// spawn). Where the same is called at as many places, which lines do it is not told:
// they change with every version.
func (c *comparison) found(a, b *Item) {
	if !a.Searched || !b.Searched {
		return
	}
	for _, now := range b.Sites {
		if slices.Contains(classed, now.Kind) {
			continue
		}
		var before Sites
		if i := slices.IndexFunc(a.Sites, func(s Sites) bool { return s.Kind == now.Kind }); i >= 0 {
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
func (c *comparison) addSites(b *Item, now, before Sites, names []string, from, to int) {
	text := fmt.Sprintf("%s: %s", now.Kind, places(to))
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
		said := fmt.Sprintf("%s: %s", now.Kind, places(from))
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

func places(n int) string {
	if n == 1 {
		return "1 place"
	}
	return fmt.Sprintf("%d places", n)
}
