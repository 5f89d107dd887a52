package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/nbuild/nbuild/internal/cas"
)

var amd64 = v1.Platform{OS: "linux", Architecture: "amd64"}

func spec(t *testing.T, s *cas.Store) Spec {
	members := sample()
	base := build(t, s, members[5:], Options{Name: "base"})
	modules := build(t, s, members[1:5], Options{Name: "modules", Below: base.Anchors()})
	app := build(t, s, members[:1], Options{Name: "app", Below: base.Anchors()})
	return Spec{
		Layers:   []*Layer{base, modules, app},
		Platform: amd64,
		Date:     date,
		Config: Config{
			User: "65532:65532", Workdir: "/app", Cmd: []string{"node", "server.js"},
			Env:    map[string]string{"PATH": "/usr/local/bin:/usr/bin", "NODE_ENV": "production"},
			Labels: map[string]string{"org.opencontainers.image.title": "storefront"},
			Expose: []string{"8080"}, StopSignal: "SIGTERM",
		},
	}
}

func assemble(t *testing.T, s Spec) *Image {
	t.Helper()
	img, err := Assemble(s)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func indented(t *testing.T, raw []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	return b.Bytes()
}

func TestImageMatchesItsGolden(t *testing.T) {
	img := assemble(t, spec(t, newStore(t)))
	config, _ := img.RawConfigFile()
	manifest, _ := img.RawManifest()
	golden(t, "config.json", indented(t, config))
	golden(t, "manifest.json", indented(t, manifest))
	if err := validate.Image(img); err != nil {
		t.Error(err)
	}
}

func TestImageNamesNoVersionOfNbuild(t *testing.T) {
	config, _ := assemble(t, spec(t, newStore(t))).RawConfigFile()
	if strings.Contains(string(config), "nbuild/") || strings.Contains(string(config), "klauspost") {
		t.Errorf("the configuration depends on what built it: %s", config)
	}
}

func TestImageIsTheSameInAnotherTimeZone(t *testing.T) {
	s := spec(t, newStore(t))
	want, _ := assemble(t, s).Digest()
	s.Date = s.Date.In(time.FixedZone("east", 5*3600)).Add(300 * time.Millisecond)
	if got, _ := assemble(t, s).Digest(); got != want {
		t.Errorf("%s in the east, %s at home", got, want)
	}
}

func TestImageOnABase(t *testing.T) {
	for name, kind := range map[string]types.MediaType{"docker": types.DockerLayer, "OCI": types.OCILayer} {
		t.Run(name, func(t *testing.T) {
			base := baseImage(t, kind, "amd64")
			s := spec(t, newStore(t))
			s.Base = base
			img := assemble(t, s)
			if err := validate.Image(img); err != nil {
				t.Error(err)
			}
			config, err := img.ConfigFile()
			if err != nil {
				t.Fatal(err)
			}
			want := v1.Config{
				User: "65532:65532", WorkingDir: "/app", Entrypoint: []string{"/init"}, Cmd: []string{"node", "server.js"},
				Env:          []string{"LANG=C.UTF-8", "PATH=/usr/local/bin:/usr/bin", "NODE_ENV=production"},
				Labels:       map[string]string{"base": "yes", "org.opencontainers.image.title": "storefront"},
				ExposedPorts: map[string]struct{}{"8080/tcp": {}, "9090/tcp": {}},
				Volumes:      map[string]struct{}{"/data": {}},
				StopSignal:   "SIGTERM",
			}
			if diff := cmp.Diff(want, config.Config); diff != "" {
				t.Error(diff)
			}
			m, _ := img.Manifest()
			baseLayers, _ := base.Layers()
			first, _ := baseLayers[0].Digest()
			if m.Layers[0].Digest != first || m.Layers[0].MediaType != types.OCILayer || len(m.Layers) != len(baseLayers)+3 {
				t.Errorf("layers %+v", m.Layers)
			}
			digest, _ := base.Digest()
			if m.Annotations["org.opencontainers.image.base.digest"] != digest.String() {
				t.Errorf("annotations %v", m.Annotations)
			}
		})
	}
}

func baseImage(t *testing.T, kind types.MediaType, arch string) v1.Image {
	t.Helper()
	var img v1.Image = empty.Image
	for range 2 {
		l, err := random.Layer(1000, kind)
		if err != nil {
			t.Fatal(err)
		}
		if img, err = mutate.AppendLayers(img, l); err != nil {
			t.Fatal(err)
		}
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", arch
	config.Config = v1.Config{
		User: "root", WorkingDir: "/", Entrypoint: []string{"/init"}, Cmd: []string{"sh"}, Hostname: "builder", OnBuild: []string{"RUN x"},
		Env:    []string{"PATH=/bin", "LANG=C.UTF-8"},
		Labels: map[string]string{"base": "yes"}, ExposedPorts: map[string]struct{}{"9090/tcp": {}}, Volumes: map[string]struct{}{"/data": {}},
	}
	config.Config.Env = []string{"LANG=C.UTF-8", "PATH=/bin"}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	return img
}

func TestEntrypointDropsTheBasesCommand(t *testing.T) {
	got := Config{Entrypoint: []string{"node"}}.merge(v1.Config{Entrypoint: []string{"/init"}, Cmd: []string{"sh"}})
	if diff := cmp.Diff(v1.Config{Entrypoint: []string{"node"}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAssembleRefusesABaseThatDoesNotFit(t *testing.T) {
	foreign, err := mutate.AppendLayers(baseImage(t, types.OCILayer, "amd64"), static.NewLayer([]byte("x"), types.DockerForeignLayer))
	if err != nil {
		t.Fatal(err)
	}
	for name, base := range map[string]v1.Image{
		"another platform": baseImage(t, types.OCILayer, "arm64"),
		"foreign layer":    foreign,
	} {
		t.Run(name, func(t *testing.T) {
			s := spec(t, newStore(t))
			s.Base = base
			_, err := Assemble(s)
			problem(t, err, CodeBase)
		})
	}
}

func TestIndexSortsPlatforms(t *testing.T) {
	s := spec(t, newStore(t))
	amd := assemble(t, s)
	s.Platform.Architecture = "arm64"
	arm := assemble(t, s)
	digests := map[string]bool{}
	for _, images := range [][]*Image{{amd, arm}, {arm, amd}} {
		index, err := Index(images, map[string]string{"a": "b"})
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Index(index); err != nil {
			t.Error(err)
		}
		m, err := index.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		if m.Manifests[0].Platform.Architecture != "amd64" || m.Manifests[1].Platform.Architecture != "arm64" || m.MediaType != types.OCIImageIndex {
			t.Errorf("manifests %+v", m)
		}
		d, _ := index.Digest()
		digests[d.String()] = true
	}
	if len(digests) != 1 {
		t.Errorf("the order of images is in the index: %v", digests)
	}
	if _, err := Index([]*Image{amd, amd}, nil); err == nil {
		t.Error("one platform was taken twice")
	}
}

func TestFlattenedImageHasEveryFileOnce(t *testing.T) {
	img := assemble(t, spec(t, newStore(t)))
	r := mutate.Extract(img)
	defer r.Close()
	seen := map[string]bool{}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if seen[h.Name] {
			t.Errorf("%s twice", h.Name)
		}
		seen[h.Name] = true
		if h.Name == "tmp" && h.Mode != 0o1777 {
			t.Errorf("tmp has mode %o", h.Mode)
		}
	}
	for _, want := range []string{"app/server.js", "app/node_modules/.bin/a", "etc/passwd"} {
		if !seen[want] {
			t.Errorf("no %s", want)
		}
	}
}

func TestDockerArchiveTakesTheImage(t *testing.T) {
	var b bytes.Buffer
	if err := tarball.Write(nil, assemble(t, spec(t, newStore(t))), &b); err != nil {
		t.Fatal(err)
	}
}
