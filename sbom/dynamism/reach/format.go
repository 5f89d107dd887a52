package reach

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"

	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/resolution"
)

// maxSource is how large a file may be that is read for what it loads.
const maxSource = 64 << 20

func (w *walk) text(file string) ([]byte, error) {
	info, err := fs.Stat(w.fsys, file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxSource {
		return nil, fmt.Errorf("more than %d bytes", int64(maxSource))
	}
	return fs.ReadFile(w.fsys, file)
}

// binary is the format of what is not text: WebAssembly that needs no extension, or
// what is only read.
func (w *walk) binary(file string, mode resolution.Mode, text []byte) (resolution.Format, error) {
	if !bytes.HasPrefix(text, []byte("\x00asm")) {
		return resolution.Other, nil
	}
	format, err := w.r.Format(file, mode, func() resolution.Syntax { return resolution.WasmText })
	if err != nil || format != resolution.Wasm {
		return resolution.Other, err
	}
	return format, nil
}

// syntaxOf says what a text that was parsed to find out is.
func syntaxOf(tree *js.Tree) func() resolution.Syntax {
	return func() resolution.Syntax {
		if tree.Goal == js.Module {
			return resolution.ModuleText
		}
		return resolution.PlainText
	}
}

func goal(file string) js.Goal {
	switch path.Ext(file) {
	case ".mjs", ".mts":
		return js.Module
	}
	return js.Detect
}
