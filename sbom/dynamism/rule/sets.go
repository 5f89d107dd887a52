package rule

import (
	"embed"
	"fmt"

	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/internal/rulefile"
)

//go:embed sets/*.hcl
var sets embed.FS

// set reads a set that comes with nbuild, without those that it builds on.
func set(name string) (rulefile.Block, error) {
	file := "sets/" + name + ".hcl"
	src, err := sets.ReadFile(file)
	if err != nil {
		return rulefile.Block{}, fmt.Errorf("reading the rules %q: %w", name, err)
	}
	return readBlock(src, file)
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

// layers returns the blocks that make up a set, the one with the fewest rules first.
func layers(name string) ([]rulefile.Block, error) {
	var out []rulefile.Block
	for range len(rulefile.Sets) {
		if name == "" {
			break
		}
		b, err := set(name)
		if err != nil {
			return nil, err
		}
		out = append([]rulefile.Block{b}, out...)
		name = b.Rules
	}
	return out, nil
}
