package oci

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A name that has a tag and a digest is of one image, or of none.
func TestATagAndADigestOfOneNameHaveToAgree(t *testing.T) {
	ctx := t.Context()
	a, b := image(t, "a", "amd64"), image(t, "b", "amd64")
	l := layout(t, a, b)
	if err := l.Tag(ctx, digestOf(t, a), "v1"); err != nil {
		t.Fatal(err)
	}
	ref := Ref{Kind: InLayout, Path: l.dir, Tag: "v1", Digest: digestOf(t, a)}
	if d, err := Find(ctx, l, ref); err != nil || d.Digest != digestOf(t, a) {
		t.Errorf("%v, %v", d.Digest, err)
	}
	ref.Digest = digestOf(t, b)
	if _, err := Find(ctx, l, ref); code(err) != CodeMismatch {
		t.Errorf("of another image: %v", err)
	}
	ref.Tag, ref.Digest = "v2", digestOf(t, a)
	if _, err := Find(ctx, l, ref); err == nil {
		t.Error("the tag is not there")
	}
	ref.Tag = ""
	if d, err := Find(ctx, l, ref); err != nil || d.Digest != digestOf(t, a) {
		t.Errorf("a digest alone: %v, %v", d.Digest, err)
	}
}

// An index that does not say what it is says so once it is written again, and one that
// says it keeps its word.
func TestAnIndexSaysWhatItIs(t *testing.T) {
	for _, kind := range []string{"", `,"mediaType":"application/vnd.oci.image.index.v1+json"`} {
		a := image(t, "a", "amd64")
		l := layout(t, a)
		name := filepath.Join(l.dir, indexName)
		if err := os.WriteFile(name, []byte(`{"schemaVersion":2`+kind+`,"manifests":[]}`), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := l.PushImage(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(name)
		if err != nil || strings.Count(strings.ReplaceAll(string(text), " ", ""), `"mediaType":"application/vnd.oci.image.index.v1+json"`) != 1 {
			t.Errorf("%s: %v", text, err)
		}
	}
}
