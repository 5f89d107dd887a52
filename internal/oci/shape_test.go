package oci

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// A manifest is one image or one index, and says which by what it holds: what could be
// read as either is neither.
func TestAManifestIsOneThing(t *testing.T) {
	const config, list = `"config":{"digest":"sha256:x"}`, `"manifests":[]`
	config64 := strings.Replace(config, "sha256:x", hash(nil).String(), 1)
	kind := func(t types.MediaType) string { return fmt.Sprintf(`"mediaType":%q`, t) }
	for text, want := range map[string]types.MediaType{
		`{"schemaVersion":2,` + list + `}`:                                                           types.OCIImageIndex,
		`{"schemaVersion":2,` + config64 + `}`:                                                       types.OCIManifestSchema1,
		`{"schemaVersion":2,` + config64 + `,"layers":[]}`:                                           types.OCIManifestSchema1,
		`{"schemaVersion":2,` + kind(types.DockerManifestSchema2) + `,` + config64 + `,"layers":[]}`: types.DockerManifestSchema2,
		`{"schemaVersion":2,` + kind(types.DockerManifestList) + `,` + list + `}`:                    types.DockerManifestList,
		`{"schemaVersion":2,` + kind(types.OCIImageIndex) + `}`:                                      types.OCIImageIndex,
		`{"schemaVersion":1,` + list + `}`:                                                           "",
		`{` + list + `}`:                                                                             "",
		`{"schemaVersion":2}`:                                                                        "",
		`{"schemaVersion":2,"layers":[]}`:                                                            "",
		`{"schemaVersion":2,` + list + `,` + config64 + `}`:                                          "",
		`{"schemaVersion":2,` + list + `,"layers":[]}`:                                               "",
		`{"schemaVersion":2,` + kind(types.OCIImageIndex) + `,` + config64 + `}`:                     "",
		`{"schemaVersion":2,` + kind(types.OCIImageIndex) + `,"layers":[]}`:                          "",
		`{"schemaVersion":2,` + kind(types.OCIManifestSchema1) + `,` + list + `}`:                    "",
		`{"schemaVersion":2,` + kind(types.OCIManifestSchema1) + `}`:                                 "",
		`{"schemaVersion":2,` + kind(types.OCIManifestSchema1) + `,"layers":[]}`:                     "",
		`{"schemaVersion":2,` + kind(types.OCILayer) + `,` + config64 + `}`:                          "",
		`{"schemaVersion":2,"schemaVersion":2,` + list + `}`:                                         "",
		`{"schemaVersion":2,` + list + `,"Config":{}}`:                                               "",
		`[]`: "", ``: "",
	} {
		raw := []byte(text)
		m, err := describe(raw, hash(raw))
		if (err == nil) != (want != "") || err == nil && (m.MediaType != want || m.Size != int64(len(raw)) || m.Digest != hash(raw)) {
			t.Errorf("%s: %v, %v", text, m.Descriptor, err)
		}
		if err != nil && code(err) != CodeShape {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What an image may name: blobs of its own repository, by SHA-256, within the bounds.
func TestAnImageNamesWhatCanBeRead(t *testing.T) {
	blob := v1.Descriptor{MediaType: types.OCILayer, Digest: hash([]byte("layer")), Size: 5}
	for name, test := range map[string]struct {
		change func(m *v1.Manifest)
		code   diag.Code
		bound  bool
	}{
		"as it is":               {func(*v1.Manifest) {}, "", false},
		"no layer":               {func(m *v1.Manifest) { m.Layers = nil }, "", false},
		"as many as may be":      {func(m *v1.Manifest) { m.Layers = repeated(blob, bounds.Layers) }, "", false},
		"one more":               {func(m *v1.Manifest) { m.Layers = repeated(blob, bounds.Layers+1) }, CodeShape, false},
		"as large as may be":     {func(m *v1.Manifest) { m.Layers[0].Size = bounds.Layer }, "", false},
		"a byte more":            {func(m *v1.Manifest) { m.Layers[0].Size = bounds.Layer + 1 }, "", true},
		"a size of nothing":      {func(m *v1.Manifest) { m.Layers[0].Size = 0 }, "", false},
		"a size below":           {func(m *v1.Manifest) { m.Layers[0].Size = -1 }, CodeShape, false},
		"a large configuration":  {func(m *v1.Manifest) { m.Config.Size = bounds.ImageConfig }, "", false},
		"a larger one":           {func(m *v1.Manifest) { m.Config.Size = bounds.ImageConfig + 1 }, "", true},
		"another hash":           {func(m *v1.Manifest) { m.Layers[0].Digest = sha512Hash }, CodeShape, false},
		"a configuration's":      {func(m *v1.Manifest) { m.Config.Digest = sha512Hash }, CodeShape, false},
		"at another address":     {func(m *v1.Manifest) { m.Layers[0].URLs = []string{"https://x.example.com"} }, CodeForeign, false},
		"its configuration":      {func(m *v1.Manifest) { m.Config.URLs = []string{"https://x.example.com"} }, CodeForeign, false},
		"a foreign layer":        {func(m *v1.Manifest) { m.Layers[0].MediaType = types.DockerForeignLayer }, CodeForeign, false},
		"a restricted layer":     {func(m *v1.Manifest) { m.Layers[0].MediaType = types.OCIRestrictedLayer }, CodeForeign, false},
		"... that is not packed": {func(m *v1.Manifest) { m.Layers[0].MediaType = types.OCIUncompressedRestrictedLayer }, CodeForeign, false},
		"the second of two":      {func(m *v1.Manifest) { m.Layers = append(m.Layers, blob); m.Layers[1].Size = -1 }, CodeShape, false},
	} {
		m := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: v1.Descriptor{MediaType: types.OCIConfigJSON, Digest: hash([]byte("{}")), Size: 2}, Layers: []v1.Descriptor{blob}}
		test.change(&m)
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		described, err := describe(raw, hash(raw))
		if err != nil {
			t.Fatal(err)
		}
		got, err := imageManifest(described)
		if code(err) != test.code || errors.Is(err, ErrBound) != test.bound || (err == nil) != (test.code == "" && !test.bound) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && len(got.Layers) != len(m.Layers) {
			t.Errorf("%s: %d layers", name, len(got.Layers))
		}
	}
}

// sha512Hash is a digest that others may use and nbuild does not take.
var sha512Hash = v1.Hash{Algorithm: "sha512", Hex: strings.Repeat("a", 128)}

func repeated(d v1.Descriptor, n int) []v1.Descriptor {
	all := make([]v1.Descriptor, n)
	for i := range all {
		all[i] = d
	}
	return all
}

// An index is an index, and an image an image: asking for one where the other stands is
// refused, and so is an index that names what no store has.
func TestAnIndexNamesWhatCanBeRead(t *testing.T) {
	one := v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: hash([]byte("one")), Size: 5}
	for name, test := range map[string]struct {
		change func(m *v1.IndexManifest)
		ok     bool
	}{
		"as it is":           {func(*v1.IndexManifest) {}, true},
		"another hash":       {func(m *v1.IndexManifest) { m.Manifests[0].Digest = sha512Hash }, false},
		"a size below zero":  {func(m *v1.IndexManifest) { m.Manifests[0].Size = -1 }, false},
		"at another address": {func(m *v1.IndexManifest) { m.Manifests[0].URLs = []string{"https://x.example.com"} }, false},
		"a size too large":   {func(m *v1.IndexManifest) { m.Manifests[0].Size = bounds.Layer + 1 }, false},
	} {
		idx := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{one}}
		test.change(&idx)
		raw, err := json.Marshal(idx)
		if err != nil {
			t.Fatal(err)
		}
		m, err := describe(raw, hash(raw))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := indexManifest(m); (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := imageManifest(m); code(err) != CodeShape {
			t.Errorf("%s, read as an image: %v", name, err)
		}
	}
	raw, err := image(t, "a", "amd64").RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	m, err := describe(raw, hash(raw))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := indexManifest(m); code(err) != CodeShape {
		t.Errorf("an image, read as an index: %v", err)
	}
}

// A platform is its system and architecture, and its variant where one is asked for.
func TestAPlatformFitsByAllThatIsAskedFor(t *testing.T) {
	arm := v1.Platform{OS: "linux", Architecture: "arm", Variant: "v7"}
	for want, fit := range map[string]bool{
		"linux/arm": true, "linux/arm/v7": true, "linux/arm/v6": false, "linux/arm64": false, "windows/arm": false, "linux": false, "": false, "arm/linux": false, "linux/arm/": false,
	} {
		if fits(arm, want) != fit {
			t.Errorf("%s fits %s: %t", platformName(arm), want, !fit)
		}
	}
	if got := platformName(v1.Platform{OS: "linux", Architecture: "amd64"}); got != "linux/amd64" {
		t.Error(got)
	}
}

// The image for a platform is looked for in the order of an index: what says that it is
// for another is not asked for, what says nothing is looked into, and what is no image is
// passed over. Where there is none, the refusal names what there is.
func TestSelectTakesTheFirstThatFits(t *testing.T) {
	m := memory{}
	put := func(text string) v1.Descriptor {
		m[hash([]byte(text))] = []byte(text)
		return v1.Descriptor{Digest: hash([]byte(text)), Size: int64(len(text))}
	}
	one := func(os, arch, variant string) v1.Descriptor {
		config := put(fmt.Sprintf(`{"os":%q,"architecture":%q,"variant":%q}`, os, arch, variant))
		d := put(fmt.Sprintf(`{"schemaVersion":2,"config":{"digest":%q,"size":%d},"layers":[]}`, config.Digest, config.Size))
		d.MediaType = types.OCIManifestSchema1
		return d
	}
	list := func(all ...v1.Descriptor) v1.Descriptor {
		raw, err := json.Marshal(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: all})
		if err != nil {
			t.Fatal(err)
		}
		d := put(string(raw))
		d.MediaType = types.OCIImageIndex
		return d
	}
	saying := func(d v1.Descriptor, os, arch string) v1.Descriptor {
		d.Platform = &v1.Platform{OS: os, Architecture: arch}
		return d
	}
	amd, arm := one("linux", "amd64", ""), one("linux", "arm64", "v8")
	absent := v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: hash([]byte("absent")), Size: 1}
	text := put("a text")
	text.MediaType = "text/plain"
	for name, test := range map[string]struct {
		at       v1.Descriptor
		platform string
		want     v1.Descriptor // the zero value: none
	}{
		"one image":                       {amd, "linux/amd64", amd},
		"one image of another":            {amd, "linux/arm64", v1.Descriptor{}},
		"by what an index says":           {list(saying(amd, "linux", "amd64"), saying(arm, "linux", "arm64")), "linux/arm64", arm},
		"by what an image says":           {list(amd, arm), "linux/arm64", arm},
		"with a variant":                  {list(amd, arm), "linux/arm64/v8", arm},
		"of another variant":              {list(amd, arm), "linux/arm64/v9", v1.Descriptor{}},
		"what is for another is not read": {list(saying(absent, "windows", "amd64"), amd), "linux/amd64", amd},
		"what is no image is passed over": {list(text, amd), "linux/amd64", amd},
		"an attestation of a builder":     {list(saying(absent, "unknown", "unknown"), amd), "linux/amd64", amd},
		"an index within":                 {list(list(amd), arm), "linux/amd64", amd},
		"one that says another platform":  {list(saying(list(amd), "windows", "arm"), arm), "linux/amd64", amd},
		"the first of two":                {list(list(arm), saying(one("linux", "arm64", "v9"), "linux", "arm64")), "linux/arm64", arm},
		"it says so and is not":           {list(saying(amd, "linux", "arm64"), arm), "linux/arm64", arm},
		"the same twice":                  {list(list(amd), list(amd, list(amd)), arm), "linux/arm64", arm},
		"nothing in it":                   {list(), "linux/amd64", v1.Descriptor{}},
	} {
		got, err := Select(t.Context(), m, test.at.Digest, test.platform)
		if got != test.want.Digest || (err == nil) != (test.want.Digest != zeroHash) || err != nil && code(err) != CodePlatform {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	_, err := Select(t.Context(), m, list(arm, saying(amd, "linux", "amd64"), arm).Digest, "linux/s390x")
	if p := diag.All(err); len(p) != 1 || p[0].Why != "it is for linux/amd64, linux/arm64/v8" || !strings.Contains(p[0].Remedy, "linux/amd64") {
		t.Errorf("%+v", p)
	}
	deep := amd
	for range bounds.IndexDepth {
		deep = list(deep)
	}
	if got, err := Select(t.Context(), m, deep.Digest, "linux/amd64"); err != nil || got != amd.Digest {
		t.Errorf("as deep as may be: %s, %v", got, err)
	}
	if _, err := Select(t.Context(), m, list(deep).Digest, "linux/amd64"); code(err) != CodeShape {
		t.Errorf("deeper: %v", err)
	}
	foreign := put(fmt.Sprintf(`{"schemaVersion":2,"config":{"digest":%q,"size":2},"layers":[{"digest":%q,"size":1,"urls":["https://x.example.com"]}]}`, put("{}").Digest, hash(nil)))
	if _, err := Select(t.Context(), m, foreign.Digest, "linux/amd64"); code(err) != CodeForeign {
		t.Errorf("an image that can't be taken: %v", err)
	}
	spoilt := put("no JSON")
	noConfig := put(fmt.Sprintf(`{"schemaVersion":2,"config":{"digest":%q,"size":%d},"layers":[]}`, spoilt.Digest, spoilt.Size))
	if _, err := Select(t.Context(), m, noConfig.Digest, "linux/amd64"); code(err) != CodeShape {
		t.Errorf("a configuration that is none: %v", err)
	}
}

// A push of indexes within indexes goes as deep as they are read.
func TestALayoutTakesIndexesAsDeepAsTheyAreRead(t *testing.T) {
	var idx v1.ImageIndex = index(t, map[string]v1.Image{"amd64": image(t, "a", "amd64")}, "amd64")
	for range bounds.IndexDepth - 1 {
		idx = nest(t, idx)
	}
	l := layout(t)
	desc, err := l.PushIndex(t.Context(), idx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Select(t.Context(), l, desc.Digest, "linux/amd64"); err != nil {
		t.Errorf("it is pushed and not read: %v", err)
	}
	if _, err := l.PushIndex(t.Context(), nest(t, idx)); code(err) != CodeShape {
		t.Errorf("one deeper: %v", err)
	}
}

// No store gives a blob under a digest or of a size that none may have.
func TestNoStoreGivesABlobThatNoneMayBe(t *testing.T) {
	for where, s := range places(t) {
		if _, err := s.PushImage(t.Context(), image(t, "a", "amd64")); err != nil {
			t.Fatal(err)
		}
		for name, d := range map[string]v1.Descriptor{
			"another hash": {Digest: sha512Hash, Size: 1}, "a size below": {Digest: hash([]byte("a")), Size: -1}, "too large": {Digest: hash([]byte("a")), Size: bounds.Layer + 1},
			"absent": {Digest: hash([]byte("none")), Size: 1},
		} {
			if body, err := s.Blob(t.Context(), d); err == nil {
				body.Close()
				t.Errorf("%s, %s: it is given", where, name)
			}
		}
		if _, err := s.Manifest(t.Context(), sha512Hash); code(err) != CodeShape {
			t.Errorf("%s: a manifest of another hash: %v", where, err)
		}
	}
}
