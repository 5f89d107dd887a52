package oci

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/bounds"
)

// Each bundle may be as large as its type allows, and whoever can push attaches as many
// as they like: what is held of all together has a bound, and what it leaves out is told.
func TestBundlesAreBoundedTogether(t *testing.T) {
	ctx := t.Context()
	s, err := OpenLayout(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	desc, err := s.PushImage(ctx, image(t, "a", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	const each = 1000
	for _, letter := range []string{"a", "b", "c", "d"} {
		if _, _, err := Attach(ctx, s, desc.Digest, []byte(strings.Repeat(letter, each)), release, ""); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		total        int64
		read, unread int
	}{{4 * each, 4, 0}, {4*each - 1, 3, 1}, {2 * each, 2, 2}, {each - 1, 0, 4}, {bounds.Bundles, 4, 0}} {
		got, err := bundles(ctx, s, desc.Digest, nil, test.total)
		if err != nil || len(got.Bundles) != test.read || len(got.Unread) != test.unread {
			t.Errorf("of %d bytes: %d read, %d not, %v", test.total, len(got.Bundles), len(got.Unread), err)
		}
		for _, u := range got.Unread {
			if !u.Bound || u.Err == nil {
				t.Errorf("of %d bytes: %+v does not say that a bound was hit", test.total, u)
			}
		}
	}
	if got, err := Bundles(ctx, s, desc.Digest, nil); err != nil || len(got.Bundles) != 4 {
		t.Errorf("%+v, %v", got, err)
	}
	if largest := bounds.BundleOf("https://cyclonedx.org/bom"); bounds.Bundles < largest || bounds.Bundles > 16*largest {
		t.Errorf("all together %d bytes, the largest alone %d", int64(bounds.Bundles), largest)
	}
}
