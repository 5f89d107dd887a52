package sbom

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Sites are the findings of one kind in a package, as a BOM lists them.
type Sites struct {
	Kind    string
	Count   int
	Symbols []string // what is called or referred to there, sorted; "" where it has no name
	Places  []string // "FILE:LINE: EXCERPT", as many as the BOM has
	Cut     bool     // there are more than Symbols and Places list
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
