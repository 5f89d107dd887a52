package rule

import (
	"embed"
	"fmt"
	"slices"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/internal/rulefile"
)

//go:embed sets/*.hcl
var sets embed.FS

// library reads the sets that come with nbuild, each at most once.
type library struct{ blocks map[string]rulefile.Block }

func newLibrary() *library { return &library{blocks: map[string]rulefile.Block{}} }

// block reads the file of a set, without the sets that it builds on.
func (l *library) block(name string) (rulefile.Block, error) {
	if b, ok := l.blocks[name]; ok {
		return b, nil
	}
	file := "sets/" + name + ".hcl"
	src, err := sets.ReadFile(file)
	if err != nil {
		return rulefile.Block{}, fmt.Errorf("reading the rules %q: %w", name, err)
	}
	b, err := readBlock(src, file)
	if err == nil {
		l.blocks[name] = b
	}
	return b, err
}

// layers returns the blocks that make up a set, the one with the fewest rules first.
func (l *library) layers(name string) ([]rulefile.Block, error) {
	var out []rulefile.Block
	for range rulefile.Sets {
		if name == "" {
			break
		}
		b, err := l.block(name)
		if err != nil {
			return nil, err
		}
		out = append([]rulefile.Block{b}, out...)
		name = b.Rules
	}
	return out, nil
}

// rules joins the layers of a set; "" has none.
func (l *library) rules(name string) ([]Rule, error) {
	blocks, err := l.layers(name)
	if err != nil {
		return nil, err
	}
	var rules []Rule
	for i, b := range blocks {
		of := rulefile.Sets[i]
		for _, r := range b.Own {
			if find(rules, r.ID) >= 0 {
				return nil, fmt.Errorf("reading the rules %q: %s stands twice", of, r.ID)
			}
			rules = append(rules, Rule{Rule: r, Set: of})
		}
		var unknown diag.Problems
		if rules, unknown = override(rules, b, rules); len(unknown) > 0 {
			return nil, fmt.Errorf("reading the rules %q: %w", of, unknown)
		}
	}
	return rules, nil
}

// all returns the rules of the widest set, by id.
func (l *library) all() ([]Rule, error) {
	rules, err := l.rules(rulefile.Sets[len(rulefile.Sets)-1])
	slices.SortFunc(rules, byID)
	return rules, err
}

// readBlock reads a file that holds a dynamism block and nothing else.
func readBlock(src []byte, file string) (rulefile.Block, error) {
	f, err := hclfile.Parse(src, file)
	if err != nil {
		return rulefile.Block{}, err
	}
	body, problems := f.Decode(&hclfile.Schema{Blocks: []hclfile.Block{{Name: "dynamism", Required: true, Body: rulefile.Language()}}})
	r := &hclfile.Reader{File: f, Problems: problems}
	var out rulefile.Block
	if b := body.One("dynamism"); b != nil {
		out = rulefile.Read(r, b)
	}
	return out, r.Problems.Err()
}
