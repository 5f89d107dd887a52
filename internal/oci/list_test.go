package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/internal/bounds"
)

func entry(text string) string {
	return fmt.Sprintf(`{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":1,"digest":"%s"}`, hash([]byte(text)))
}

// Whoever can push decides what stands in a list. An entry that is no descriptor is reported
// and hides none beside it; a list that two readers could understand differently is none.
func TestAnEntryThatIsNoDescriptorHidesNone(t *testing.T) {
	a, b := entry("a"), entry("b")
	for name, test := range map[string]struct {
		list string
		want []string
		odd  bool
		err  bool
	}{
		"two":                    {`{"manifests":[` + a + `,` + b + `]}`, []string{"a", "b"}, false, false},
		"none":                   {`{"manifests":[]}`, nil, false, false},
		"no list":                {`{"schemaVersion":2}`, nil, false, false},
		"null":                   {`{"manifests":null}`, nil, false, false},
		"other keys":             {`{"x":[` + a + `],"manifests":[` + b + `],"y":{"manifests":[` + a + `]}}`, []string{"b"}, false, false},
		"a number first":         {`{"manifests":[1,` + a + `]}`, []string{"a"}, true, false},
		"a number last":          {`{"manifests":[` + a + `,1]}`, []string{"a"}, true, false},
		"another hash":           {`{"manifests":[` + strings.Replace(b, "sha256", "sha512", 1) + `,` + a + `]}`, []string{"a"}, true, false},
		"a size below zero":      {`{"manifests":[` + strings.Replace(b, `"size":1`, `"size":-1`, 1) + `,` + a + `]}`, []string{"a"}, true, false},
		"a key twice in it":      {`{"manifests":[` + strings.Replace(b, `{`, `{"size":2,`, 1) + `,` + a + `]}`, []string{"a"}, true, false},
		"larger than it may be":  {`{"manifests":[` + strings.Replace(b, `{`, `{"x":"`+strings.Repeat("x", bounds.ReferrerEntry)+`",`, 1) + `,` + a + `]}`, []string{"a"}, true, false},
		"two lists":              {`{"manifests":[` + a + `],"manifests":[` + b + `]}`, []string{"a"}, false, true},
		"cut":                    {`{"manifests":[` + a + `,`, []string{"a"}, false, true},
		"more after the end":     {`{"manifests":[` + a + `]}[]`, []string{"a"}, false, true},
		"no object":              {`[` + a + `]`, nil, false, true},
		"nothing":                {``, nil, false, true},
		"a page of some website": {`<html>`, nil, false, true},
	} {
		var got []v1.Hash
		odd, err := entries([]byte(test.list), func(d v1.Descriptor) { got = append(got, d.Digest) })
		var want []v1.Hash
		for _, text := range test.want {
			want = append(want, hash([]byte(text)))
		}
		if !slices.Equal(got, want) || (odd != nil) != test.odd || (err != nil) != test.err {
			t.Errorf("%s: %v, %v, %v", name, got, odd, err)
		}
	}
}

// What is odd in a list of a registry is reported beside what is not.
func TestAnOddListIsReportedBesideWhatIsInIt(t *testing.T) {
	l := &lie{path: "/referrers/", answer: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", string(types.OCIImageIndex))
		_, _ = io.WriteString(w, `{"manifests":[1,`+entry("a")+`]}`)
	}}
	r := serve(t, true, l.wrap)
	l.armed.Store(true)
	list, cut, err := ListBundles(t.Context(), r, hash([]byte("x")))
	if err != nil || cut == nil || len(list) != 1 || list[0].Digest != hash([]byte("a")) {
		t.Errorf("%v, %v, %v", list, cut, err)
	}
	l.answer = func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", string(types.OCIImageIndex))
		_, _ = io.WriteString(w, `{"manifests":[`+entry("a")+`,`+entry("a")+`]}`)
	}
	if list, cut, err = ListBundles(t.Context(), r, hash([]byte("x"))); err != nil || cut != nil || len(list) != 1 {
		t.Errorf("with nothing odd, one twice: %v, %v, %v", list, cut, err)
	}
}

// The next page of a list is one of the same list: a registry that names another place
// sends nobody there.
func TestTheNextPageIsOfTheSameList(t *testing.T) {
	r := serve(t, true, nil)
	at, err := url.Parse(fmt.Sprintf("%s://%s/v2/shop/app/referrers/sha256:x", r.repo.Scheme(), r.repo.RegistryStr()))
	if err != nil {
		t.Fatal(err)
	}
	for link, want := range map[string]string{
		"": "",
		`</v2/shop/app/referrers/sha256:x?last=1>; rel="next"`:              "referrers/sha256:x?last=1",
		`</v2/shop/app/referrers/sha256:x?last=1>; rel=next`:                "referrers/sha256:x?last=1",
		`</v2/shop/app/referrers/sha256:x>; rel="next"`:                     "referrers/sha256:x",
		`<?last=1>; rel="next"`:                                             "referrers/sha256:x?last=1",
		`<sha256:y?last=1>; rel="next"`:                                     "error", // which is an address of the scheme sha256
		`<./y?last=1>; rel="next"`:                                          "referrers/y?last=1",
		`<` + at.String() + `?last=1>; rel="next"`:                          "referrers/sha256:x?last=1",
		`</v2/shop/app/referrers/sha256:x?last=1>; rel="prev"`:              "",
		`/v2/shop/app/referrers/sha256:x?last=1; rel="next"`:                "",
		`<https://elsewhere.example.com/v2/shop/app/referrers/x>; rel=next`: "error",
		`<//elsewhere.example.com/v2/shop/app/referrers/x>; rel="next"`:     "error",
		`</v2/shop/other/referrers/sha256:x>; rel="next"`:                   "error",
		`</v2/shop/app/manifests/sha256:x>; rel="next"`:                     "error",
		`</v2/shop/app/referrers/../manifests/x>; rel="next"`:               "error",
		`</token?service=x>; rel="next"`:                                    "error",
		`<%zz>; rel="next"`:                                                 "error",
	} {
		got, err := r.nextPage(&http.Response{Header: http.Header{"Link": {link}}, Request: &http.Request{URL: at}})
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s: %q, %v", link, got, err)
		}
	}
}

// A list ends, whatever a registry says: by the number of its pages and by its bytes. What
// was read of it counts, and that there is more is reported.
func TestAListOfReferrersEnds(t *testing.T) {
	for name, page := range map[string]func(w http.ResponseWriter, r *http.Request){
		"by pages": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "<"+r.URL.Path+`?again=1>; rel="next"`)
			_, _ = io.WriteString(w, `{"manifests":[`+entry("a")+`]}`)
		},
		"by bytes": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "<"+r.URL.Path+`?again=1>; rel="next"`)
			_, _ = io.WriteString(w, `{"manifests":[`+entry("a")+`]`+strings.Repeat(" ", bounds.ReferrerList/2)+"}")
		},
		"within a page": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"manifests":[`+entry("a"))
			for {
				if _, err := io.WriteString(w, strings.Repeat(" ", 1<<20)); err != nil {
					return
				}
			}
		},
	} {
		pages := 0
		l := &lie{path: "/referrers/", answer: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			pages++
			w.Header().Set("Content-Type", string(types.OCIImageIndex))
			page(w, r)
		}}
		r := serve(t, true, l.wrap)
		l.armed.Store(true)
		found := 0
		cut, err := r.eachReferrer(t.Context(), hash([]byte("x")), func(v1.Descriptor) { found++ })
		if err != nil || !errors.Is(cut, ErrBound) || found == 0 || found != pages || pages > bounds.ReferrerPages {
			t.Errorf("%s: %d found on %d pages, %v, %v", name, found, pages, cut, err)
		}
		if name == "by pages" && pages != bounds.ReferrerPages || name == "by bytes" && pages != 2 {
			t.Errorf("%s: %d pages were read", name, pages)
		}
		if _, err := r.Referrers(t.Context(), hash([]byte("x"))); name == "by bytes" && code(err) != CodeBound {
			t.Errorf("%s: a list that is cut is taken for a whole one: %v", name, err)
		}
	}
}

// A registry that has no list of referrers says so in one of several ways, and then the
// list is a tag. One that fails has said nothing, and a list that began does not go on in
// a tag.
func TestWhereThereIsNoListTheTagIsOne(t *testing.T) {
	for name, test := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		found  int
		ok     bool
	}{
		"404": {says(404), 1, true}, "400": {says(400), 1, true}, "405": {says(405), 1, true}, "406": {says(406), 1, true}, "501": {says(501), 1, true},
		"a page of a website": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, "<html>")
		}, 1, true},
		"401": {says(401), 0, false}, "403": {says(403), 0, false}, "500": {says(500), 0, false}, "429": {says(429), 0, false},
		"404 on the second page": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery != "" {
				w.WriteHeader(404)
				return
			}
			w.Header().Set("Content-Type", string(types.OCIImageIndex)+"; charset=utf-8")
			w.Header().Set("Link", "<"+r.URL.Path+`?last=1>; rel="next"`)
			_, _ = io.WriteString(w, `{"manifests":[`+entry("a")+`]}`)
		}, 1, false},
	} {
		l := &lie{path: "/referrers/", answer: func(w http.ResponseWriter, r *http.Request, _ http.Handler) { test.answer(w, r) }}
		r := serve(t, false, l.wrap)
		desc, err := r.PushImage(t.Context(), image(t, "a", "amd64"))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := Attach(t.Context(), r, desc.Digest, []byte("x"), release, ""); err != nil {
			t.Fatal(err)
		}
		l.armed.Store(true)
		found := 0
		cut, err := r.eachReferrer(t.Context(), desc.Digest, func(v1.Descriptor) { found++ })
		if found != test.found || (err == nil) != test.ok || cut != nil {
			t.Errorf("%s: %d, %v, %v", name, found, cut, err)
		}
	}
}

func says(status int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

// The tag that stands for a list has to be a list. Where there is none, nothing is
// attached; where it can't be read, nobody knows.
func TestAFallbackTagIsAnIndex(t *testing.T) {
	ctx := t.Context()
	l := &lie{path: "/manifests/sha256-", answer: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(503) }}
	r := serve(t, false, l.wrap)
	desc, err := r.PushImage(ctx, image(t, "a", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.Referrers(ctx, desc.Digest); err != nil || len(got) != 0 {
		t.Errorf("no tag: %v, %v", got, err)
	}
	if err := r.Tag(ctx, desc.Digest, fallbackTag(desc.Digest)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Referrers(ctx, desc.Digest); code(err) != CodeShape {
		t.Errorf("a tag at an image: %v", err)
	}
	l.armed.Store(true)
	if _, err := r.Referrers(ctx, desc.Digest); code(err) != CodeUnreachable {
		t.Errorf("no answer: %v", err)
	}
}

// What a referrer has to be, to be read as a bundle of an image: one bundle, about that
// very image.
func TestABundleIsOneAboutItsSubject(t *testing.T) {
	ctx := t.Context()
	subject, text := hash([]byte("subject")), []byte(`{"bundle":1}`)
	for name, test := range map[string]struct {
		change func(m *v1.Manifest)
		want   error
	}{
		"as it is written":         {func(*v1.Manifest) {}, nil},
		"an earlier version":       {func(m *v1.Manifest) { m.ArtifactType = bundlePrefix + "+json;version=0.2" }, nil},
		"its type is its config's": {func(m *v1.Manifest) { m.ArtifactType, m.Config.MediaType = "", BundleType }, nil},
		"another type":             {func(m *v1.Manifest) { m.ArtifactType = "application/x" }, ErrNoBundle},
		"no type":                  {func(m *v1.Manifest) { m.ArtifactType = "" }, ErrNoBundle},
		"no subject":               {func(m *v1.Manifest) { m.Subject = nil }, ErrMismatch},
		"another subject":          {func(m *v1.Manifest) { m.Subject.Digest = hash([]byte("other")) }, ErrMismatch},
		"nothing in it":            {func(m *v1.Manifest) { m.Layers = nil }, ErrMismatch},
		"two in it":                {func(m *v1.Manifest) { m.Layers = append(m.Layers, m.Layers[0]) }, ErrMismatch},
		"something else in it":     {func(m *v1.Manifest) { m.Layers[0].MediaType = "application/x" }, ErrMismatch},
	} {
		m := v1.Manifest{
			SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: BundleType,
			Config:      v1.Descriptor{MediaType: emptyType, Digest: hash([]byte("{}")), Size: 2},
			Layers:      []v1.Descriptor{{MediaType: BundleType, Digest: hash(text), Size: int64(len(text))}},
			Subject:     &v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: subject, Size: 1},
			Annotations: map[string]string{predicateNote: release, sealNote: "seal"},
		}
		test.change(&m)
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		got, bundle, err := LocateBundle(ctx, memory{hash(raw): raw}, subject, hash(raw))
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (bundle.Digest != hash(text) || got != Listed{hash(raw), int64(len(raw)), release, "seal"}) {
			t.Errorf("%s: %+v, %v", name, got, bundle)
		}
	}
}

// memory is a Store that holds manifests and blobs, and can do nothing else.
type memory map[v1.Hash][]byte

func (m memory) Manifest(_ context.Context, h v1.Hash) (Manifest, error) { return describe(m[h], h) }

func (m memory) Blob(_ context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	return verifying(io.NopCloser(strings.NewReader(string(m[d.Digest]))), d), nil
}

func (memory) Resolve(context.Context, string) (v1.Descriptor, error)          { panic("not asked") }
func (memory) PushImage(context.Context, v1.Image) (v1.Descriptor, error)      { panic("not asked") }
func (memory) PushIndex(context.Context, v1.ImageIndex) (v1.Descriptor, error) { panic("not asked") }
func (memory) Tag(context.Context, v1.Hash, string) error                      { panic("not asked") }
func (memory) Referrers(context.Context, v1.Hash) ([]v1.Descriptor, error)     { panic("not asked") }
func (memory) eachReferrer(context.Context, v1.Hash, func(v1.Descriptor)) (error, error) {
	panic("not asked")
}
func (memory) openLedger(context.Context, ledger) error     { panic("not asked") }
func (memory) pushReferrer(context.Context, v1.Image) error { panic("not asked") }
