package install

import (
	"testing"
	"testing/fstest"

	"github.com/nbuild/nbuild/internal/linkage"
	"github.com/nbuild/nbuild/internal/linkage/linkagetest"
)

func TestAnAddonThatAsksForANewerSystemIsTold(t *testing.T) {
	libc := linkagetest.Write(linkagetest.Spec{Object: linkage.Object{Platform: "linux/amd64", Defines: []string{"GLIBC_2.17", "GLIBC_2.36"}}})
	for name, test := range map[string]struct {
		at, asks, want string
	}{
		"one that is there":         {"lib/x86_64-linux-gnu/libc.so.6", "GLIBC_2.36", ""},
		"one that is not":           {"lib/x86_64-linux-gnu/libc.so.6", "GLIBC_2.38", "GLIBC_2.38"},
		"of another distribution":   {"usr/lib64/libc.so.6", "GLIBC_2.38", "GLIBC_2.38"},
		"where nothing can be told": {"opt/libc.so.6", "GLIBC_2.38", ""},
	} {
		o := &linkage.Object{Platform: "linux/amd64", Needs: []linkage.Need{{Library: "libm.so.6", Versions: []string{"GLIBC_9"}}, {Library: "libc.so.6", Versions: []string{"GLIBC_2.17", test.asks}}}}
		if got := newer(fstest.MapFS{test.at: {Data: libc}}, o); got != test.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
