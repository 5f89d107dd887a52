package launch

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/resolution"
)

// format asks whether the image's Node takes the file that it runs for a program, by the
// file's name, its package and its text. What is loaded before may teach Node other
// endings, and so may experimental options: then nothing is said.
func (c *checker) format(file string, options []Option) error {
	if _, err := resolution.ParseVersion(c.start.Node); err != nil {
		return nil // which Node it is, is not known
	}
	for _, o := range options {
		switch {
		case o.Name == "--require", o.Name == "-r", o.Name == "--import", o.Name == "--loader", strings.HasPrefix(o.Name, "--experimental-"):
			return nil
		}
	}
	n := c.root.Find(file)
	if n == nil || !n.Own() || n.Bytes > bounds.SourceFile {
		return nil
	}
	var failed error
	text := func() resolution.Syntax {
		src, err := c.root.Contents(n)
		switch {
		case err != nil:
			failed = err
		case bytes.HasPrefix(src, []byte("\x00asm")):
			return resolution.WasmText
		case js.Parse(src, js.Detect).Goal == js.Module:
			return resolution.ModuleText
		}
		return resolution.PlainText
	}
	format, err := c.resolver.Format(file, resolution.Start, text)
	if err == nil {
		err = failed
	}
	if err != nil || format != resolution.Other {
		return err
	}
	ending := path.Ext(file)
	why := fmt.Sprintf("Node %s knows no modules that end with %q, and ends at once: ERR_UNKNOWN_FILE_EXTENSION", c.start.Node, ending)
	if m, err := c.resolver.Governing(file); err == nil && m != nil && m.Type == "module" {
		why += fmt.Sprintf("; %s says \"type\": \"module\"", "/"+m.Path)
	}
	remedy := "give the file a name that ends with .js, .mjs or .cjs, and name that in `cmd`"
	if strings.HasSuffix(ending, "ts") {
		remedy = "compile it to JavaScript before the build and name that file in `cmd`, or use a base whose Node runs TypeScript: `base \"node\" { node = \"24\" }`"
	}
	c.problem(CodeFormat, fmt.Sprintf("Node does not run %s", "/"+file), why, remedy)
	return nil
}
