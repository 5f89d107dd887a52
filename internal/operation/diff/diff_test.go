package diff

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/sides"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom"
)

// bomType is what a statement that carries a BOM says it carries.
const bomType = "https://cyclonedx.org/bom"

const (
	sriA = "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
	sriB = "sha512-AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
)

func lockfile(integrity, version string) string {
	return `{"name":"shop","lockfileVersion":3,"packages":{
		"":{"name":"shop","dependencies":{"a":"*"}},
		"node_modules/a":{"version":"` + version + `","integrity":"` + integrity + `","dependencies":{"b":"*"}},
		"node_modules/b":{"version":"1.0.0","integrity":"` + sriA + `","hasInstallScript":true}}}`
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func bom(t *testing.T, integrity string) []byte {
	t.Helper()
	raw, err := sbom.Write(&sbom.Contents{
		Project: sbom.Project{Name: "shop", DependsOn: []string{"node_modules/a"}},
		Packages: []sbom.Package{
			{Path: "node_modules/a", Name: "a", Version: "1.0.0", Integrity: integrity, DependsOn: []string{"node_modules/b"}},
			{Path: "node_modules/b", Name: "b", Version: "1.0.0", Integrity: sriA, HasInstallScript: true},
		},
	}, sbom.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// layout makes an image with a BOM attached.
func layout(t *testing.T, dir, user string, docs ...[]byte) {
	t.Helper()
	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: "amd64", Config: v1.Config{User: user}})
	if err != nil {
		t.Fatal(err)
	}
	push(t, dir, img, docs...)
}

// push puts an image with a BOM attached into a layout.
func push(t *testing.T, dir string, img v1.Image, docs ...[]byte) {
	t.Helper()
	ctx := context.Background()
	l, err := oci.OpenLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	desc, err := l.PushImage(ctx, img)
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range docs {
		statement, err := json.Marshal(map[string]any{
			"_type": "https://in-toto.io/Statement/v1", "predicateType": bomType,
			"subject":   []any{map[string]any{"name": "x", "digest": map[string]string{"sha256": desc.Digest.Hex}}},
			"predicate": json.RawMessage(doc),
		})
		if err != nil {
			t.Fatal(err)
		}
		bundle, err := json.Marshal(map[string]any{
			"mediaType":    "application/vnd.dev.sigstore.bundle.v0.3+json",
			"dsseEnvelope": map[string]any{"payload": statement, "payloadType": "application/vnd.in-toto+json"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := oci.Attach(ctx, l, desc.Digest, bundle, bomType, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Tag(ctx, desc.Digest, "v1"); err != nil {
		t.Fatal(err)
	}
}

func world(t *testing.T) string {
	dir := t.TempDir()
	write(t, dir, "old/package-lock.json", lockfile(sriA, "1.0.0"))
	write(t, dir, "new/package-lock.json", lockfile(sriB, "1.0.0"))
	write(t, dir, "up.json", lockfile(sriB, "1.1.0"))
	write(t, dir, "bom.json", string(bom(t, sriA)))
	write(t, dir, "other.txt", "hello")
	lock, err := snapshot.New([]snapshot.Artefact{
		{Kind: snapshot.KindNPM, Name: "a", Version: "1.0.0", SHA256: cas.Sum([]byte("a")), Size: 1, Integrity: sriA},
		{Kind: snapshot.KindNPM, Name: "b", Version: "1.0.0", SHA256: cas.Sum([]byte("b")), Size: 1, Integrity: sriA},
	})
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "nbuild.lock", string(lock.Format()))
	layout(t, filepath.Join(dir, "image"), "1", bom(t, sriA))
	layout(t, filepath.Join(dir, "tampered"), "0", bom(t, sriB))
	layout(t, filepath.Join(dir, "bare"), "1")
	layout(t, filepath.Join(dir, "two"), "1", bom(t, sriA), bom(t, sriB))
	return dir
}

func TestRunComparesEveryForm(t *testing.T) {
	dir := world(t)
	tests := []struct {
		name, a, b string
		want       []string
	}{
		{"a lockfile with itself", "old", "old/package-lock.json", nil},
		{"tampering between lockfiles", "old", "new", []string{"integrity-changed"}},
		{"an update", "old", "up.json", []string{"upgrade"}},
		{"a lockfile and a BOM", "old", "bom.json", nil},
		{"a snapshot and a BOM", "nbuild.lock", "bom.json", nil},
		{"a BOM and a layout", "bom.json", "oci:image:v1", nil},
		{"two layouts", "oci:image:v1", "oci:tampered:v1", []string{"integrity-changed", "config-changed"}},
		{"a layout and a lockfile", "oci:image:v1", "new", []string{"integrity-changed"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Run(context.Background(), machine.Host{Dir: dir}, Options{A: test.a, B: test.b})
			if err != nil {
				t.Fatal(err)
			}
			var classes []string
			for _, c := range got.Diff.Changes {
				classes = append(classes, string(c.Class))
			}
			if diff := cmp.Diff(test.want, classes); diff != "" {
				t.Errorf("%s\n%s", diff, got.Diff.Text())
			}
			if len(got.Stopped) > 0 {
				t.Error("a gate nobody asked for")
			}
		})
	}
}

func TestRunTellsWhatItCannotCompare(t *testing.T) {
	dir := world(t)
	tests := []struct {
		name, a string
		code    diag.Code
	}{
		{"a text", "other.txt", sides.CodeUnknownForm},
		{"a file that is not there", "./nothing.json", sides.CodeUnknownForm},
		{"a folder without a lockfile", "image", sides.CodeUnknownForm},
		{"an image without a BOM", "oci:bare:v1", sides.CodeNoBOM},
		{"an image with two BOMs", "oci:two:v1", sides.CodeNoBOM},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Run(context.Background(), machine.Host{Dir: dir}, Options{A: test.a, B: "bom.json"})
			ps := diag.All(err)
			if len(ps) != 1 || ps[0].Code != test.code || ps[0].Remedy == "" {
				t.Errorf("got %v", err)
			}
		})
	}
	_, err := Run(context.Background(), machine.Host{Dir: dir}, Options{A: "other.txt", B: "oci:bare:v1"})
	if ps := diag.All(err); len(ps) != 2 {
		t.Errorf("not both sides were reported: %v", err)
	}
}

func TestRunHoldsTheDiffToAGate(t *testing.T) {
	dir := world(t)
	tests := []struct {
		name string
		o    Options
		exit int
	}{
		{"no gate", Options{}, 0},
		{"the default gate", Options{ExitCode: true}, 30},
		{"another class", Options{ExitCode: true, Deny: []string{"downgrade"}}, 0},
		{"review", Options{Review: []string{"integrity-changed"}}, 31},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.o.A, test.o.B = "old", "new"
			got, err := Run(context.Background(), machine.Host{Dir: dir}, test.o)
			if err != nil {
				t.Fatal(err)
			}
			if exit := diag.Exit(got.Stopped.Err()); exit != test.exit {
				t.Errorf("exit %d, want %d", exit, test.exit)
			}
		})
	}
	_, err := Run(context.Background(), machine.Host{Dir: dir}, Options{A: "old", B: "new", Deny: []string{"downgrad"}})
	if err == nil || !strings.Contains(err.Error(), `"downgrad"`) {
		t.Errorf("got %v", err)
	}
}
