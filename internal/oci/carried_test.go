package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/internal/bounds"
)

// attachments is what EachBundle hands on, or EachBOM: what was read and what was not.
type attachments struct{ Bundles, Unread []Attachment }

func (a *attachments) add(one Attachment) error {
	if one.Err != nil {
		a.Unread = append(a.Unread, one)
	} else {
		a.Bundles = append(a.Bundles, one)
	}
	return nil
}

func bundlesOf(ctx context.Context, s Store, subject v1.Hash, predicateTypes []string) (a attachments, err error) {
	return a, EachBundle(ctx, s, subject, predicateTypes, a.add)
}

func bomsOf(ctx context.Context, s Store, subject v1.Hash) (a attachments, err error) {
	return a, EachBOM(ctx, s, subject, a.add)
}

// Each attachment may be as large as its kind allows, and whoever can push attaches as
// many as they like: what is read of all together has a bound, the smallest come first,
// and what is left out is handed on as that.
func TestAttachmentsAreBoundedTogetherAndTheSmallestComeFirst(t *testing.T) {
	ctx := t.Context()
	s, err := OpenLayout(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	desc, err := s.PushImage(ctx, image(t, "a", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1300, 1000, 1200, 1100} {
		if _, _, err := Attach(ctx, s, desc.Digest, []byte(strings.Repeat("x", size)), release, ""); err != nil {
			t.Fatal(err)
		}
	}
	kind := carrying{may: mayBeBundle, look: bundleOf, limit: bounds.BundleOf}
	for _, test := range []struct {
		total        int64
		read, unread int
	}{{4600, 4, 0}, {4599, 3, 1}, {2100, 2, 2}, {999, 0, 4}, {bounds.Unsealed, 4, 0}} {
		var got attachments
		if err := kind.each(ctx, s, desc.Digest, test.total, got.add); err != nil || len(got.Bundles) != test.read || len(got.Unread) != test.unread {
			t.Errorf("of %d bytes: %d read, %d not, %v", test.total, len(got.Bundles), len(got.Unread), err)
		}
		for i, b := range got.Bundles {
			if len(b.Content) != 1000+100*i {
				t.Errorf("number %d has %d bytes", i, len(b.Content))
			}
		}
		for _, u := range got.Unread {
			if !errors.Is(u.Err, ErrBound) || u.Junk {
				t.Errorf("of %d bytes: %+v does not say that a bound was hit", test.total, u)
			}
		}
	}
	stop := errors.New("enough")
	if err := EachBundle(ctx, s, desc.Digest, nil, func(Attachment) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
}

// What is none of a kind, and what pretends to be, is told from what could not be read.
func TestJunkIsToldFromWhatCouldNotBeRead(t *testing.T) {
	ctx := t.Context()
	r := serve(t, true, nil)
	desc, err := r.PushImage(ctx, image(t, "a", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := r.PushImage(ctx, image(t, "b", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := AttachBOM(ctx, r, desc.Digest, []byte(`{"good":1}`)); err != nil {
		t.Fatal(err)
	}
	layer := func(kind types.MediaType, size int) (v1.Descriptor, []byte) {
		content := bytes.Repeat([]byte(" "), size)
		return v1.Descriptor{MediaType: kind, Digest: hash(content), Size: int64(len(content))}, content
	}
	push := func(of v1.Descriptor, kind types.MediaType, size int, notes map[string]string) {
		t.Helper()
		d, content := layer(kind, size)
		img, err := artifactOf(of, BOMType, d, content, notes)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.pushReferrer(ctx, img); err != nil {
			t.Fatal(err)
		}
	}
	push(desc, "text/plain", 10, nil)
	push(desc, BOMType, 11, nil)
	small := carrying{may: func(v1.Descriptor) bool { return true }, look: bomOf, limit: func(string) int64 { return 10 }}
	var got attachments
	err = small.each(ctx, r, desc.Digest, 100, got.add)
	if err != nil || len(got.Bundles) != 1 || string(got.Bundles[0].Content) != `{"good":1}` || len(got.Unread) != 2 {
		t.Fatalf("%d read, %d not, %v", len(got.Bundles), len(got.Unread), err)
	}
	for _, u := range got.Unread {
		if !u.Junk || errors.Is(u.Err, ErrBound) {
			t.Errorf("%+v", u)
		}
	}
	// An entry of the list that is no descriptor may hide anything.
	push(desc, BOMType, 12, map[string]string{"x": strings.Repeat("x", bounds.ReferrerEntry)})
	odd, err := bomsOf(ctx, r, desc.Digest)
	if err != nil || len(odd.Bundles) != 2 || len(odd.Unread) != 2 || odd.Unread[1].Junk {
		t.Errorf("%d read, %d not, %v", len(odd.Bundles), len(odd.Unread), err)
	}
	m, err := r.Manifest(ctx, got.Bundles[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := bomOf(m, other.Digest); !errors.Is(err, ErrMismatch) {
		t.Errorf("of another image: %v", err)
	}
	var parts v1.Manifest
	if err := json.Unmarshal(m.Bytes, &parts); err != nil {
		t.Fatal(err)
	}
	if _, _, err := bundleOf(m, desc.Digest); !errors.Is(err, ErrNoBundle) {
		t.Errorf("an unsigned BOM is a bundle: %v", err)
	}
}
