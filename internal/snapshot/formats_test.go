package snapshot

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestFormatsPageHasEveryKey holds the table of keys in docs/formats.md to facts.
func TestFormatsPageHasEveryKey(t *testing.T) {
	page, err := os.ReadFile("../../docs/formats.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), "| kind | keys |\n|---|---|\n")
	if !found {
		t.Fatal("docs/formats.md has no table of keys")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	documented := map[Kind][]string{}
	for row := range strings.Lines(table) {
		kind, text, _ := strings.Cut(strings.Trim(strings.TrimSpace(row), "| "), " | ")
		for i, word := range strings.Split(text, "`") {
			if i%2 == 1 { // between two backticks
				key, _, _ := strings.Cut(word, "=")
				documented[Kind(kind)] = append(documented[Kind(kind)], key)
			}
		}
		slices.Sort(documented[Kind(kind)])
		documented[Kind(kind)] = slices.Compact(documented[Kind(kind)]) // a key with two values stands twice
	}
	for kind, keys := range facts {
		want := slices.Sorted(slices.Values(keys))
		if !slices.Equal(documented[kind], want) {
			t.Errorf("docs/formats.md has the keys %v of kind %s, the code %v", documented[kind], kind, want)
		}
	}
	if len(documented) != len(facts) {
		t.Errorf("docs/formats.md has %d kinds, the code %d", len(documented), len(facts))
	}
}
