package oci

import (
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/diag"
)

func TestParseReadsEveryForm(t *testing.T) {
	digest := hash([]byte("x")).String()
	for in, want := range map[string]string{
		"oci:out":                                   "oci:out",
		"oci:out:v1":                                "oci:out:v1",
		"oci:/tmp/a:b/out":                          "oci:/tmp/a:b/out",
		"oci:out@" + digest:                         "oci:out@" + digest,
		"oci:out:v1@" + digest:                      "oci:out:v1@" + digest,
		"docker-archive:image.tar":                  "docker-archive:image.tar",
		"registry.example.com/shop/app":             "registry.example.com/shop/app:latest",
		"registry.example.com:5000/app:v1":          "registry.example.com:5000/app:v1",
		"localhost/app:v1":                          "localhost/app:v1",
		"127.0.0.1:5000/app@" + digest:              "127.0.0.1:5000/app@" + digest,
		"registry.example.com/shop/app:1@" + digest: "registry.example.com/shop/app:1@" + digest,
	} {
		got, err := Parse(in)
		if err != nil || got.String() != want {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
}

func TestParseRefusesWithARemedy(t *testing.T) {
	for in, remedy := range map[string]string{
		"oci://registry.example.com/app":     "registry.example.com/app",
		"https://registry.example.com/a":     "registry.example.com/a",
		"shop/app":                           "registry.example.com/shop/app",
		"app":                                "registry",
		"oci:":                               "oci:DIR",
		"oci::v1":                            "oci:DIR",
		"docker-archive:":                    "docker-archive:FILE",
		"oci:out:bad tag":                    "tag",
		"registry.example.com/App":           "lower-case",
		"registry.example.com/app@sha256:12": "@sha256:",
		"registry.example.com/app@sha512:" + strings.Repeat("a", 128): "@sha256:",
		"registry.example.com/a\x1b[2Jb":                              "",
	} {
		_, err := Parse(in)
		if code(err) != CodeReference {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if got := diag.All(err)[0].Remedy; !strings.Contains(got, remedy) {
			t.Errorf("%q: remedy %q does not name %q", in, got, remedy)
		}
		if strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: the message carries a control character", in)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("oci:out:v1@sha256:" + strings.Repeat("a", 64))
	f.Add("registry.example.com:5000/shop/app:1")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := Parse(s)
		if err != nil {
			return
		}
		again, err := Parse(r.String())
		if err != nil || again != r {
			t.Errorf("%q reads as %+v, and its name %q as %+v, %v", s, r, r.String(), again, err)
		}
	})
}

func FuzzDescribe(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"manifests":[]}`))
	f.Add([]byte(`{"schemaVersion":2,"config":{"digest":"sha256:` + strings.Repeat("a", 64) + `","size":1},"layers":[]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := describe(raw, hash(raw))
		if err != nil {
			return
		}
		if m.MediaType.IsImage() == m.MediaType.IsIndex() {
			t.Errorf("media type %q is both or neither", m.MediaType)
		}
		if img, err := imageManifest(m); err == nil {
			for _, l := range img.Layers {
				if len(l.URLs) > 0 || l.Size < 0 {
					t.Errorf("took layer %+v", l)
				}
			}
		}
		_, _ = indexManifest(m)
	})
}
