package execution

import (
	"testing"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/linkage/linkagetest"
	"github.com/nbuild/nbuild/internal/snapshot"
)

func TestMachineCodeIsFoundAmongOutputs(t *testing.T) {
	store, err := cas.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]struct {
		text []byte
		code bool
	}{
		"server.js":     {[]byte("console.log(1)\n"), false},
		"empty":         {nil, false},
		"short":         {[]byte("\x7fEL"), false},
		"module.wasm":   {[]byte("\x00asm\x01\x00\x00\x00"), false}, // which runs on every machine
		"addon.node":    {linkagetest.Program("linux/arm64"), true},
		"program":       {linkagetest.Program("linux/amd64"), true},
		"libx.a":        {[]byte("!<arch>\nx.o/"), true},
		"thin.a":        {[]byte("!<thin>\n"), true},
		"names an .elf": {[]byte("x\x7fELF"), false},
	}
	for name, f := range files {
		d, err := store.PutBytes(t.Context(), f.text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := machineCode(t.Context(), store, []snapshot.Entry{{Path: "link", Link: "x"}, {Path: name, SHA256: d, Size: int64(len(f.text))}})
		if err != nil {
			t.Fatal(err)
		}
		if (got == name) != f.code || got != "" && got != name {
			t.Errorf("%s: found %q", name, got)
		}
	}
}
