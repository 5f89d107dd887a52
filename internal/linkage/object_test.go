package linkage_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/linkage"
	"github.com/nbuild/nbuild/internal/linkage/linkagetest"
)

func read(t *testing.T, data []byte) *linkage.Object {
	t.Helper()
	o, err := linkage.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestTheFactsOfAFileAreRead(t *testing.T) {
	for name, want := range map[string]linkage.Object{
		"a static program": {Platform: "linux/amd64"},
		"a program": {
			Platform: "linux/arm64", Interpreter: "/lib/ld-linux-aarch64.so.1", RPath: []string{"$ORIGIN/../lib", "/opt/lib"},
			Needs: []linkage.Need{{Library: "libatomic.so.1"}, {Library: "libc.so.6", Versions: []string{"GLIBC_2.17", "GLIBC_2.28"}}},
		},
		"a library": {
			Platform: "linux/amd64", Name: "libc.so.6", RunPath: []string{"$ORIGIN"}, Defines: []string{"GLIBC_2.17", "GLIBC_2.2.5"},
			Needs: []linkage.Need{{Library: "ld-linux-x86-64.so.2", Versions: []string{"GLIBC_PRIVATE"}}},
		},
	} {
		got := read(t, linkagetest.Write(linkagetest.Spec{Object: want}))
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAddonsTellWhichNodeTheyAreFor(t *testing.T) {
	for _, c := range []struct {
		name      string
		has, asks []string
		want      linkage.Addon
		fits      bool // in a Node of 127
	}{
		{"of Node-API", []string{"napi_register_module_v1", "node_api_module_get_api_version_v1"}, []string{"napi_create_function"}, linkage.Addon{NodeAPI: true}, true},
		{"of Node-API in the old way", nil, []string{"napi_module_register"}, linkage.Addon{NodeAPI: true}, true},
		{"of this version", []string{"node_register_module_v127"}, nil, linkage.Addon{ABI: 127}, true},
		{"of another version", []string{"node_register_module_v115"}, nil, linkage.Addon{ABI: 115}, false},
		{"that names no version", nil, []string{"node_module_register"}, linkage.Addon{Unknown: true}, true},
		{"that is none", []string{"napi_create_function"}, []string{"node_register_module_v127"}, linkage.Addon{}, false},
	} {
		o := read(t, linkagetest.Write(linkagetest.Spec{Object: linkage.Object{Platform: "linux/amd64"}, Has: c.has, Asks: c.asks}))
		if o.Addon != c.want || o.Addon.Fits(127) != c.fits || o.Addon.Is() != (c.want != linkage.Addon{}) {
			t.Errorf("%s: %+v, fits %t", c.name, o.Addon, o.Addon.Fits(127))
		}
	}
	// Node itself has these symbols, and is no addon.
	o := read(t, linkagetest.Write(linkagetest.Spec{
		Object: linkage.Object{Platform: "linux/amd64", Interpreter: "/lib64/ld-linux-x86-64.so.2"}, Has: []string{"napi_register_module_v1"},
	}))
	if o.Addon.Is() {
		t.Errorf("a program: %+v", o.Addon)
	}
}

func TestWhatIsNoWholeFileIsAnError(t *testing.T) {
	whole := linkagetest.Write(linkagetest.Spec{Object: linkage.Object{Platform: "linux/amd64", Needs: []linkage.Need{{Library: "libc.so.6"}}}})
	for name, data := range map[string][]byte{
		"nothing": nil, "a text": []byte("#!/bin/sh\n"), "its beginning": whole[:100], "cut off": whole[:len(whole)-64],
		"an object file": append(append(bytes.Clone(whole[:16]), 1, 0), whole[18:]...),
	} {
		if o, err := linkage.Read(bytes.NewReader(data)); err == nil {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

// A file of some bytes can say that it has as many records as would keep a reader busy
// for hours.
func TestARecordThatSaysItHasManyIsRefused(t *testing.T) {
	data := linkagetest.Write(linkagetest.Spec{Object: linkage.Object{Platform: "linux/amd64", Defines: []string{"A"}}})
	record := []byte{1, 0, 0, 0, 2, 0, 1, 0} // version, flags, index, and that it has one name
	if at := bytes.Index(data, record); at < 0 {
		t.Fatal("there is no record")
	} else {
		data[at+6], data[at+7] = 0xff, 0xff
	}
	if o, err := linkage.Read(bytes.NewReader(data)); err == nil {
		t.Errorf("%+v", o)
	}
}

// The test's own program is real: a compiler wrote it.
func TestARealProgramIsRead(t *testing.T) {
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Skip("there is no /proc here")
	}
	defer f.Close()
	o, err := linkage.Read(f)
	if err != nil || o.Platform == "" {
		t.Errorf("%+v, %v", o, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(linkagetest.Program("linux/amd64"))
	f.Add(linkagetest.Write(linkagetest.Spec{
		Object: linkage.Object{
			Platform: "linux/arm64", Interpreter: "/lib/ld.so", Name: "x.so", Defines: []string{"A"}, RunPath: []string{"$ORIGIN"},
			Needs: []linkage.Need{{Library: "liba.so.1", Versions: []string{"A", "B"}}, {Library: "libb.so.1"}},
		},
		Has: []string{"napi_register_module_v1"}, Asks: []string{"node_module_register"},
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		one, err := linkage.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		two, err := linkage.Read(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(one, two); diff != "" {
			t.Error(diff)
		}
	})
}

func TestALoadableLibraryHasTheFactsThatItWasGiven(t *testing.T) {
	for _, platform := range []string{"linux/amd64", "linux/arm64"} {
		want := linkage.Object{Platform: platform, Name: "liba.so.1", RunPath: []string{"$ORIGIN/lib"}, Needs: []linkage.Need{{Library: "libb.so.2"}}}
		if diff := cmp.Diff(&want, read(t, linkagetest.Loadable(want, "loaded\n"))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", platform, diff)
		}
	}
}
