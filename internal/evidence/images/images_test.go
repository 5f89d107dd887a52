package images_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/images"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/operation/pin"
	"github.com/nbuild/nbuild/internal/operation/release"
	"github.com/nbuild/nbuild/internal/predicate"
	"github.com/nbuild/nbuild/internal/rehearsal"
)

func TestPlacesAreOfTheHostsFolder(t *testing.T) {
	host := machine.Host{Dir: t.TempDir()}
	absolute := filepath.Join(t.TempDir(), "out")
	tests := []struct {
		name  string
		kind  oci.Kind
		place bool
		path  string
	}{
		{"oci:out:v1", oci.InLayout, true, filepath.Join(host.Dir, "out")},
		{"oci:" + absolute, oci.InLayout, true, absolute},
		{"docker-archive:out.tar", oci.InArchive, false, filepath.Join(host.Dir, "out.tar")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ref, place, err := images.Open(host, tt.name)
			if err != nil || ref.Kind != tt.kind || (place != nil) != tt.place || host.Path(ref.Path) != tt.path {
				t.Errorf("%+v, %v, %v", ref, place, err)
			}
		})
	}
	if _, _, err := images.Open(host, "UPPER/case"); len(diag.All(err)) != 1 {
		t.Errorf("%v", err)
	}
}

func TestOnlySHA256IsADigest(t *testing.T) {
	hex := strings.Repeat("ab", 32)
	d, err := images.Digest(v1.Hash{Algorithm: "sha256", Hex: hex})
	if err != nil || images.Hash(d).Hex != hex {
		t.Errorf("%s, %v", d, err)
	}
	for _, h := range []v1.Hash{{Algorithm: "sha512", Hex: hex}, {Algorithm: "sha256", Hex: "ab"}, {}} {
		if _, err := images.Digest(h); err == nil {
			t.Errorf("%v was taken", h)
		}
	}
}

func TestWhatCanNotBeReadIsHandedOnAsUnread(t *testing.T) {
	w := rehearsal.New(t)
	if _, err := pin.Run(t.Context(), w.Host, pin.Options{}); err != nil {
		t.Fatal(err)
	}
	key := w.Key("ci")
	out := filepath.Join(t.TempDir(), "out")
	r, err := release.Run(t.Context(), w.Host, release.Options{
		To: "oci:" + out, Key: key, Trust: w.Trust(key), Environment: "production", Password: rehearsal.NoPassword,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, place, err := images.Open(w.Host, r.Images[0].Ref)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := v1.NewHash(r.Images[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := images.Digest(hash)
	if err != nil {
		t.Fatal(err)
	}
	read := func() (bundles []string, unread int) {
		_, place, err = images.Open(w.Host, r.Images[0].Ref)
		if err != nil {
			t.Fatal(err)
		}
		source := images.Attached{Store: place}
		listing, err := source.List(t.Context(), digest)
		if err != nil || listing.Cut != nil {
			t.Fatal(err, listing.Cut)
		}
		for _, item := range listing.Items {
			if item.Seal == "" || item.Type == "" || item.Cost == 0 {
				t.Errorf("the list lacks something of %+v", item)
			}
			item, ok, err := source.Locate(t.Context(), digest, item)
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			raw, err := source.Read(t.Context(), item)
			if err != nil {
				unread++
				continue
			}
			bundles = append(bundles, string(raw))
		}
		return bundles, unread
	}
	if whole, unread := read(); len(whole) != 3 || unread > 0 {
		t.Fatalf("%d read, %d not", len(whole), unread)
	}
	found := rehearsal.Bundles(t, place, hash, string(predicate.TypeBOM))
	if len(found) == 0 {
		t.Fatal("no BOM is attached")
	}
	damage(t, out, found[0].Content)
	after, unread := read()
	if unread != 1 || slices.Contains(after, string(found[0].Content)) {
		t.Errorf("%d read, %d not", len(after), unread)
	}
}
