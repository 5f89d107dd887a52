// Package man writes the manual pages of the commands into a folder, where `man` or a
// distribution's package takes them from.
//
// The pages travel inside the binary: they are made from the commands themselves by a
// test of the command, so that what renders them need not be linked into every build.
//
// The invariant: what is written is docs/man, byte by byte, and a test holds docs/man
// to the commands as they are.
package man

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nbuild/nbuild/docs"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/wholefile"
)

// Pages is nbuild.man/v1: what was written.
type Pages struct {
	Schema string   `json:"schema"`
	Dir    string   `json:"dir"`
	Files  []string `json:"files"` // names within dir, sorted
}

// Write writes the pages of section 1 into dir, which is made where it is missing.
func Write(host machine.Host, dir string) (Pages, error) {
	pages := Pages{Schema: "nbuild.man/v1", Dir: dir}
	names, err := fs.Glob(docs.Man, "man/*.1")
	if err != nil {
		return pages, fmt.Errorf("listing the pages: %w", err)
	}
	if err := os.MkdirAll(host.Path(dir), 0o755); err != nil {
		return pages, fmt.Errorf("making the folder of the pages: %w", err)
	}
	for _, name := range names {
		text, err := docs.Man.ReadFile(name)
		if err != nil {
			return pages, fmt.Errorf("reading a page: %w", err)
		}
		base := filepath.Base(name)
		if err := wholefile.Write(filepath.Join(host.Path(dir), base), text, 0o644); err != nil {
			return pages, fmt.Errorf("writing a page: %w", err)
		}
		pages.Files = append(pages.Files, base)
	}
	return pages, nil
}
