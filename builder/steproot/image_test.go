package steproot

import (
	"archive/tar"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/pipelines"
)

// owned gives an entry to a user and a group.
func owned(h *tar.Header, uid, gid int) *tar.Header {
	h.Uid, h.Gid = uid, gid
	return h
}

func closed(name string, mode int64) *tar.Header {
	return &tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: mode}
}

// TestAnImageIsWhatItsUserSees holds the tree to what the modes of an image let its user
// read and run, and its parts to be that tree, layer by layer.
func TestAnImageIsWhatItsUserSees(t *testing.T) {
	for name, test := range map[string]struct {
		layers [][]*tar.Header
		seen   Seen
		want   string
	}{
		"what all may read": {
			[][]*tar.Header{{file("bin/a", "a", 0o755)}, {file("etc/b", "b", 0o644)}}, Seen{User: 65532, Group: 65532, Dir: "/"},
			"bin/a=a+x etc/b=b etc/hosts= tmp/",
		},
		"what root alone may": {
			[][]*tar.Header{{file("etc/shadow", "1", 0o600), file("bin/a", "a", 0o700), closed("root", 0o700), file("root/b", "b", 0o644)}}, Seen{User: 65532, Group: 65532, Dir: "/"},
			"etc/hosts= tmp/",
		},
		"as root": {
			[][]*tar.Header{{file("etc/shadow", "1", 0o600), file("bin/a", "a", 0o700), closed("root", 0o700), file("root/b", "b", 0o644)}}, Seen{Dir: "/"},
			"bin/a=a+x etc/hosts= etc/shadow=1 root/ root/b=b tmp/",
		},
		"as the owner, and as one of the group": {
			[][]*tar.Header{{owned(file("a", "a", 0o500), 7, 8), owned(file("b", "b", 0o040), 7, 8), owned(file("c", "1", 0o705), 9, 8)}}, Seen{User: 7, Group: 8, Dir: "/"},
			"a=a+x etc/hosts= tmp/", // of b the owner is asked, of c the group
		},
		"what a lower layer let be read, and the upper one does not": {
			[][]*tar.Header{{file("a", "1", 0o644), file("b", "1", 0o600)}, {file("a", "2", 0o600), file("b", "2", 0o644), hard("c", "a")}}, Seen{User: 1, Group: 1, Dir: "/"},
			"b=2 etc/hosts= tmp/",
		},
		"a folder that a later layer opens": {
			[][]*tar.Header{{closed("d", 0o700), file("d/a", "a", 0o644)}, {closed("d", 0o755)}}, Seen{User: 1, Group: 1, Dir: "/"},
			"d/ d/a=a etc/hosts= tmp/",
		},
		"a working folder that is made, and what stands where the sandbox lays its own": {
			[][]*tar.Header{{link("tmp", "var/tmp"), link("etc/hosts", "/run/hosts"), file("var/tmp/a", "a", 0o644)}}, Seen{User: 1, Group: 1, Dir: "/srv/app"},
			"etc/hosts= srv/app/ tmp/ var/tmp/a=a",
		},
		"a working folder that is a link": {
			[][]*tar.Header{{link("srv", "data"), file("data/a", "a", 0o644)}}, Seen{User: 1, Group: 1, Dir: "/srv"},
			"data/a=a etc/hosts= srv->data tmp/",
		},
		"one that links in a circle": {
			[][]*tar.Header{{link("l", "m"), link("m", "l")}}, Seen{User: 1, Group: 1, Dir: "/l/x"},
			"etc/hosts= l->m m->l tmp/",
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := newStore(t)
			img, err := oci.Image(t.Context(), oci.FromCAS(store), oci.Hash(stored(t, store, test.layers...).SHA256))
			if err != nil {
				t.Fatal(err)
			}
			var held []cas.Digest
			hold := func(d ...cas.Digest) error { held = append(held, d...); return nil }
			skeleton := []string{"etc/hosts", "tmp/"}
			tree, err := Image(t.Context(), store, img, test.seen, skeleton, hold)
			if err != nil {
				t.Fatal(err)
			}
			inputs, err := tree.List(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, spell(inputs)); diff != "" {
				t.Error(diff)
			}
			parts, err := tree.Parts(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var all []pipelines.Input
			for _, p := range parts {
				of, err := p.List(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, of...)
			}
			slices.SortFunc(all, func(a, b pipelines.Input) int { return strings.Compare(a.Path, b.Path) })
			if diff := cmp.Diff(spell(inputs), spell(all)); diff != "" || len(parts) != len(test.layers)+1 {
				t.Errorf("%d parts: %s", len(parts), diff)
			}
			if len(held) < len(test.layers)+2 {
				t.Errorf("only %d blobs are held", len(held))
			}
			again, err := Image(t.Context(), store, img, test.seen, skeleton, hold)
			if err != nil || again.Root.Digest != tree.Root.Digest {
				t.Errorf("%v", err)
			}
		})
	}
}
