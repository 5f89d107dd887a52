package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

func layout(t *testing.T, images ...v1.Image) *Layout {
	t.Helper()
	l, err := OpenLayout(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	for _, img := range images {
		if _, err := l.PushImage(t.Context(), img); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// listed is what index.json lists: tags, "" for none, and of which digest.
func listed(t *testing.T, l *Layout) [][2]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(l.dir, indexName))
	if err != nil {
		t.Fatal(err)
	}
	var idx v1.IndexManifest
	if err := json.Unmarshal(raw, &idx); err != nil {
		t.Fatal(err)
	}
	all := [][2]string{}
	for _, d := range idx.Manifests {
		all = append(all, [2]string{d.Annotations[refName], d.Digest.Hex[:6]})
		if d.Annotations != nil && len(d.Annotations) == 0 {
			t.Error("an empty list of annotations is written")
		}
	}
	return all
}

// A layout lists each image once for each of its tags, those with a tag first and by it,
// and one that lost its last tag once without.
func TestALayoutListsEachImageByItsTags(t *testing.T) {
	ctx := t.Context()
	a, b := image(t, "a", "amd64"), image(t, "b", "amd64")
	da, db := digestOf(t, a), digestOf(t, b)
	l := layout(t, a, b)
	tag := func(d v1.Hash, name string) {
		t.Helper()
		if err := l.Tag(ctx, d, name); err != nil {
			t.Fatal(err)
		}
	}
	is := func(want ...[2]string) {
		t.Helper()
		if diff := cmp.Diff(want, listed(t, l)); diff != "" {
			t.Error(diff)
		}
	}
	ha, hb := da.Hex[:6], db.Hex[:6]
	tag(da, "v2")
	is([2]string{"v2", ha}, [2]string{"", hb})
	tag(da, "v1")
	is([2]string{"v1", ha}, [2]string{"v2", ha}, [2]string{"", hb})
	tag(db, "v1") // a has v2 still
	is([2]string{"v1", hb}, [2]string{"v2", ha})
	tag(db, "v2") // a has nothing left
	is([2]string{"v1", hb}, [2]string{"v2", hb}, [2]string{"", ha})
	tag(da, "v2")
	is([2]string{"v1", hb}, [2]string{"v2", ha})
	before, err := os.Stat(filepath.Join(l.dir, indexName))
	if err != nil {
		t.Fatal(err)
	}
	tag(da, "v2")
	if _, err := l.PushImage(ctx, a); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(filepath.Join(l.dir, indexName)); err != nil || !os.SameFile(before, after) {
		t.Errorf("what did not change was written again: %v", err)
	}
	for name, want := range map[string]v1.Hash{"v1": db, "v2": da} {
		if got, err := l.Resolve(ctx, name); err != nil || got.Digest != want {
			t.Errorf("%s: %s, %v", name, got.Digest, err)
		}
	}
	if err := l.Tag(ctx, da, "a tag"); code(err) != CodeReference {
		t.Errorf("a malformed tag: %v", err)
	}
	if err := l.Tag(ctx, hash([]byte("none")), "v3"); code(err) != CodeMissing {
		t.Errorf("a tag on nothing: %v", err)
	}
}

// A tag that is put where it is keeps what its entry says beside the tag, as other tools
// wrote it.
func TestATagKeepsWhatItsEntrySays(t *testing.T) {
	a := image(t, "a", "amd64")
	for name, annotations := range map[string]string{"without a tag": `{"x":"y"}`, "with this tag": `{"x":"y","` + refName + `":"v1"}`} {
		l := layout(t, a)
		text := fmt.Sprintf(`{"schemaVersion":2,"manifests":[{"mediaType":%q,"size":1,"digest":%q,"annotations":%s}]}`, types.OCIManifestSchema1, digestOf(t, a), annotations)
		if err := os.WriteFile(filepath.Join(l.dir, indexName), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := l.Tag(t.Context(), digestOf(t, a), "v1"); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(l.dir, indexName))
		if err != nil || !strings.Contains(string(raw), `"x":"y"`) || strings.Count(string(raw), "digest") != 1 {
			t.Errorf("%s: %s, %v", name, raw, err)
		}
	}
}

// What no tag means in a layout: the one image in it that is no referrer. What can't be
// read and has no name is not meant, and is no reason to say that nothing is there.
func TestNoTagMeansTheOneImage(t *testing.T) {
	ctx := t.Context()
	a, b := image(t, "a", "amd64"), image(t, "b", "amd64")
	l := layout(t, a)
	if _, _, err := Attach(ctx, l, digestOf(t, a), []byte("x"), release, ""); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Resolve(ctx, ""); err != nil || got.Digest != digestOf(t, a) {
		t.Errorf("an image and what is attached: %s, %v", got.Digest, err)
	}
	if _, err := l.PushImage(ctx, b); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Resolve(ctx, ""); code(err) != CodeMissing || !strings.Contains(err.Error(), "2 images") {
		t.Errorf("two images: %v", err)
	}
	spoil := func(h v1.Hash) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(l.dir, blobDir, h.Hex), []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	spoil(digestOf(t, b))
	if got, err := l.Resolve(ctx, ""); err != nil || got.Digest != digestOf(t, a) {
		t.Errorf("one that can't be read beside it: %s, %v", got.Digest, err)
	}
	spoil(digestOf(t, a))
	if _, err := l.Resolve(ctx, ""); code(err) != CodeMismatch {
		t.Errorf("nothing that can be read: %v", err)
	}
	empty := layout(t)
	if _, err := empty.Resolve(ctx, ""); !errors.Is(err, ErrNotFound) || code(err) != CodeMissing {
		t.Errorf("a layout that is not there: %v", err)
	}
}

// index.json is a file of one form, of a bounded size; anything else is reported, and nothing
// hangs on it.
func TestAnIndexFileIsHeldToItsForm(t *testing.T) {
	ctx := t.Context()
	one := entry("a")
	for name, test := range map[string]struct {
		text string
		want diag.Code
	}{
		"no kind":              {`{"schemaVersion":2,"manifests":[` + one + `]}`, ""},
		"another version":      {`{"schemaVersion":1,"manifests":[]}`, CodeLayout},
		"no version":           {`{"manifests":[]}`, CodeLayout},
		"half":                 {`{"schemaVersion":2,"manifests":[`, CodeLayout},
		"a key twice":          {`{"schemaVersion":2,"manifests":[],"manifests":[]}`, CodeLayout},
		"another case":         {`{"schemaVersion":2,"Manifests":[]}`, CodeLayout},
		"empty":                {``, CodeLayout},
		"as large as may be":   {`{"schemaVersion":2,"manifests":[` + one + `]` + strings.Repeat(" ", bounds.Manifest-len(one)-36) + "}", ""},
		"larger":               {`{"schemaVersion":2,"manifests":[` + one + `]` + strings.Repeat(" ", bounds.Manifest) + "}", CodeBound},
		"one tag on two":       {`{"schemaVersion":2,"manifests":[` + tagged("a", "v1") + `,` + tagged("b", "v1") + `]}`, CodeLayout},
		"one tag on one twice": {`{"schemaVersion":2,"manifests":[` + tagged("a", "v1") + `,` + tagged("a", "v1") + `]}`, ""},
	} {
		l := layout(t, image(t, "x", "amd64"))
		if err := os.WriteFile(filepath.Join(l.dir, indexName), []byte(test.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(l.dir, blobDir, hash([]byte("a")).Hex), []byte("a"), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := l.Resolve(ctx, "v1")
		switch {
		case test.want != "" && code(err) != test.want:
			t.Errorf("%s: %v", name, err)
		case test.want == "" && code(err) != CodeMissing && code(err) != CodeShape: // it is read, and has no such image
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, make := range map[string]func(path string) error{
		"a pipe":   func(path string) error { return unix.Mkfifo(path, 0o644) },
		"a folder": func(path string) error { return os.Mkdir(path, 0o755) },
	} {
		a := image(t, "a", "amd64")
		l := layout(t, a)
		for _, file := range []string{filepath.Join(l.dir, indexName), filepath.Join(l.dir, blobDir, digestOf(t, a).Hex)} {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			if err := make(file); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := l.Resolve(ctx, ""); code(err) != CodeLayout {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := l.Manifest(ctx, digestOf(t, a)); code(err) != CodeLayout {
			t.Errorf("%s in place of a blob: %v", name, err)
		}
		if _, err := l.PushImage(ctx, a); err == nil {
			t.Errorf("%s: it was pushed over", name)
		}
	}
}

func tagged(text, tag string) string {
	return strings.Replace(entry(text), "{", `{"annotations":{"`+refName+`":"`+tag+`"},`, 1)
}

// A folder is a layout where its marker says so, of the one version, or where nobody was
// done with making it.
func TestAFolderIsALayoutByItsMarker(t *testing.T) {
	for text, ok := range map[string]bool{
		"": true, marker[:10]: true, marker: true, `{ "imageLayoutVersion": "1.0.0" }`: true, `{"imageLayoutVersion":"1.0.0","x":1}`: true,
		`{"imageLayoutVersion":"1.1.0"}`: false, `{"imageLayoutVersion":"2.0.0"}`: false, `{}`: false, "x": false, marker + "x": false,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, markerName), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		l, err := OpenLayout(dir)
		if err != nil {
			t.Fatal(err)
		}
		_, err = l.PushImage(t.Context(), image(t, "a", "amd64"))
		if (err == nil) != ok || err != nil && code(err) != CodeLayout {
			t.Errorf("%q: %v", text, err)
		}
		after, err := os.ReadFile(filepath.Join(dir, markerName))
		if err != nil || ok && !strings.Contains(string(after), "1.0.0") || !ok && string(after) != text {
			t.Errorf("%q: it is %q now, %v", text, after, err)
		}
	}
	for name, ok := range map[string]bool{"blobs": true, tempPrefix + "1-1": true, "src": false, "index.json": false} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenLayout(dir); (err == nil) != ok {
			t.Errorf("a folder with %s: %v", name, err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenLayout(file); code(err) != CodeLayout {
		t.Errorf("a file: %v", err)
	}
}

// Nothing is read or written after the end of a context, and a writer waits for its turn
// no longer than that.
func TestALayoutEndsWithItsContext(t *testing.T) {
	a := image(t, "a", "amd64")
	l := layout(t, a)
	d := digestOf(t, a)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, attached := Attach(ended, l, d, []byte("x"), release, "")
	_, resolved := l.Resolve(ended, "")
	_, read := l.Manifest(ended, d)
	_, blob := l.Blob(ended, v1.Descriptor{Digest: d, Size: 1})
	_, pushed := l.PushImage(ended, image(t, "b", "amd64"))
	_, listed := l.Referrers(ended, d)
	for name, err := range map[string]error{"Attach": attached, "Resolve": resolved, "Manifest": read, "Blob": blob, "PushImage": pushed, "Referrers": listed} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f, err := os.Open(filepath.Join(l.dir, markerName))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	short, stop := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer stop()
	if err := l.Tag(short, d, "v1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("under another's lock: %v", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	if err := l.Tag(t.Context(), d, "v1"); err != nil {
		t.Error(err)
	}
}

// A blob stands under its name when it is whole and what its name says; of one that is
// not, nothing is left.
func TestABlobOfALayoutIsWhatItsNameSays(t *testing.T) {
	good := []byte("layer")
	for name, test := range map[string]struct {
		comes string
		size  int64
		ok    bool
	}{
		"as it says": {"layer", 5, true}, "other bytes": {"LAYER", 5, false}, "more": {"layers", 5, false}, "fewer": {"laye", 5, false},
		"another size": {"layer", 4, false}, "a larger size": {"layer", 6, false},
	} {
		l := layout(t)
		desc := v1.Descriptor{Digest: hash(good), Size: test.size}
		err := l.exclusive(t.Context(), func(root *os.Root) error {
			return l.putBlob(t.Context(), root, desc, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(test.comes)), nil })
		})
		if (err == nil) != test.ok || err != nil && !errors.Is(err, ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
		want := map[string]string{"/" + markerName: marker}
		if test.ok {
			want["/"+blobDir+"/"+desc.Digest.Hex] = test.comes
		}
		if diff := cmp.Diff(want, files(t, l.dir)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	l := layout(t)
	err := l.exclusive(t.Context(), func(root *os.Root) error {
		return l.putBlob(t.Context(), root, v1.Descriptor{Digest: v1.Hash{Algorithm: "sha512", Hex: strings.Repeat("a", 64)}}, nil)
	})
	if code(err) != CodeShape {
		t.Errorf("another hash: %v", err)
	}
	for _, h := range []v1.Hash{{Algorithm: "sha512", Hex: strings.Repeat("a", 64)}, {Algorithm: "sha256", Hex: "../x"}} {
		if _, err := l.Manifest(t.Context(), h); code(err) != CodeShape {
			t.Errorf("%s was looked for: %v", h, err)
		}
	}
}
