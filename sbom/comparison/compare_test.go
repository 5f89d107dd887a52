package comparison

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom"
)

// version makes an item of package name at path.
func item(name, version, path string, changes ...func(*sbom.Item)) sbom.Item {
	i := sbom.Item{Ref: name + "@" + version + "#" + path, Purl: "pkg:npm/" + strings.Replace(name, "@", "%40", 1) + "@" + version, Path: path, Name: name, Version: version}
	for _, c := range changes {
		c(&i)
	}
	return i
}

func hash(h ...string) func(*sbom.Item)       { return func(i *sbom.Item) { i.Hashes = h } }
func registry(s string) func(*sbom.Item)      { return func(i *sbom.Item) { i.Registry = s } }
func basis(s snapshot.Basis) func(*sbom.Item) { return func(i *sbom.Item) { i.Basis = s } }
func origin(s string) func(*sbom.Item)        { return func(i *sbom.Item) { i.Origin = s } }
func license(s string) func(*sbom.Item)       { return func(i *sbom.Item) { i.License = s } }
func on(refs ...string) func(*sbom.Item)      { return func(i *sbom.Item) { i.DependsOn = refs } }
func provenance(s string) func(*sbom.Item)    { return func(i *sbom.Item) { i.Provenance = s } }
func maintainers(s ...string) func(*sbom.Item) {
	return func(i *sbom.Item) { i.Maintainers = s }
}
func looked(scripts ...string) func(*sbom.Item) {
	return func(i *sbom.Item) { i.Inventory, i.Scripts = true, scripts }
}
func natives(files ...string) func(*sbom.Item) {
	return func(i *sbom.Item) { i.Inventory, i.Addons, i.Binaries = true, files, files }
}
func script(has bool) func(*sbom.Item) { return func(i *sbom.Item) { i.HasScript = &has } }

// line renders a change for a table.
func line(c Change) string {
	text := string(c.Class) + " " + strings.TrimPrefix(c.Purl, "pkg:npm/") + " " + c.Path
	for _, s := range []*string{c.From, c.To} {
		if s == nil {
			text += " | -"
		} else {
			text += " | " + *s
		}
	}
	return text
}

func TestCompare(t *testing.T) {
	tests := []struct {
		name string
		a, b []sbom.Item
		want []string
	}{
		{"nothing", nil, nil, nil},
		{"the same", []sbom.Item{item("a", "1.0.0", "p")}, []sbom.Item{item("a", "1.0.0", "p")}, nil},
		{"other bytes of one version",
			[]sbom.Item{item("a", "1.0.0", "p", hash("SHA-512:1"))}, []sbom.Item{item("a", "1.0.0", "p", hash("SHA-512:2", "SHA-256:3"))},
			[]string{"integrity-changed a@1.0.0 p | SHA-512:1 | SHA-512:2"}},
		{"another algorithm is no contradiction",
			[]sbom.Item{item("a", "1.0.0", "p", hash("SHA-512:1"))}, []sbom.Item{item("a", "1.0.0", "p", hash("SHA-256:2"))}, nil},
		{"other bytes in a new copy",
			[]sbom.Item{item("a", "1.0.0", "p", hash("SHA-512:1"))},
			[]sbom.Item{item("a", "1.0.0", "p", hash("SHA-512:1")), item("a", "1.0.0", "q", hash("SHA-512:2"))},
			[]string{"integrity-changed a@1.0.0 q | SHA-512:1 | SHA-512:2", "new-copy a@1.0.0 q | - | 1.0.0"}},
		{"other bytes at another path",
			[]sbom.Item{item("a", "1.0.0", "p", hash("SHA-512:1"))}, []sbom.Item{item("a", "1.0.0", "q", hash("SHA-512:2"))},
			[]string{"integrity-changed a@1.0.0 q | SHA-512:1 | SHA-512:2", "moved a@1.0.0 q | p | q"}},
		{"one of two copies was swapped",
			[]sbom.Item{item("a", "1.0.0", "p", hash("SHA-512:1")), item("a", "1.0.0", "q", hash("SHA-512:1"))},
			[]sbom.Item{item("a", "1.0.0", "p", hash("SHA-512:1")), item("a", "1.0.0", "q", hash("SHA-512:2"))},
			[]string{"integrity-changed a@1.0.0 q | SHA-512:1 | SHA-512:2"}},
		{"another registry",
			[]sbom.Item{item("@s/a", "1.0.0", "p", registry("@s"))}, []sbom.Item{item("@s/a", "1.0.1", "p", registry("default"))},
			[]string{"registry-changed %40s/a@1.0.1 p | @s | default", "upgrade %40s/a@1.0.1 p | 1.0.0 | 1.0.1"}},
		{"a registry nobody knows", []sbom.Item{item("a", "1.0.0", "p", registry("@s"))}, []sbom.Item{item("a", "1.0.0", "p")}, nil},
		{"another host, and the same bytes",
			[]sbom.Item{item("a", "1.0.0", "p", hash("SHA-512:1"), origin("https://registry.example.com/"))},
			[]sbom.Item{item("a", "1.0.0", "p", hash("SHA-512:1"), origin("https://mirror.example.net/"))},
			[]string{"origin-changed a@1.0.0 p | https://registry.example.com/ | https://mirror.example.net/"}},
		{"an update from an address",
			[]sbom.Item{item("a", "1.0.0", "p", origin("registry"))}, []sbom.Item{item("a", "1.0.1", "p", origin("https://files.example.net/a-VERSION.tgz"))},
			[]string{"origin-changed a@1.0.1 p | registry | https://files.example.net/a-VERSION.tgz", "upgrade a@1.0.1 p | 1.0.0 | 1.0.1"}},
		{"a version beside the old one, from a file",
			[]sbom.Item{item("a", "1.0.0", "p", origin("registry"))}, []sbom.Item{item("a", "1.0.0", "p", origin("registry")), item("a", "2.0.0", "q", origin("file:a-VERSION.tgz"))},
			[]string{"origin-changed a@2.0.0 q | registry | file:a-VERSION.tgz", "new-version a@2.0.0 q | - | 2.0.0"}},
		{"an address that a snapshot does not know",
			[]sbom.Item{item("a", "1.0.0", "", origin(sbom.OriginAddress)), item("b", "1.0.0", "", origin(sbom.OriginFile)), item("c", "1.0.0", "", origin(sbom.OriginAddress))},
			[]sbom.Item{item("a", "1.0.0", "p", origin("https://files.example.net/a-VERSION.tgz")), item("b", "1.0.0", "q", origin("file:b.tgz")), item("c", "1.0.0", "r", origin("registry"))},
			[]string{"origin-changed c@1.0.0 r | address | registry"}},
		{"an origin nobody knows", []sbom.Item{item("a", "1.0.0", "p", origin("registry"))}, []sbom.Item{item("a", "1.0.0", "p")}, nil},
		{"up and down by npm's order",
			[]sbom.Item{item("a", "1.9.0", "p"), item("b", "1.0.0", "q"), item("c", "1.0.0-rc.9", "r")},
			[]sbom.Item{item("a", "1.10.0", "p"), item("b", "1.0.0-rc.1", "q"), item("c", "1.0.0-rc.10", "r")},
			[]string{"downgrade b@1.0.0-rc.1 q | 1.0.0 | 1.0.0-rc.1", "upgrade a@1.10.0 p | 1.9.0 | 1.10.0", "upgrade c@1.0.0-rc.10 r | 1.0.0-rc.9 | 1.0.0-rc.10"}},
		{"an update that moves is one update",
			[]sbom.Item{item("a", "1.0.0", "p")}, []sbom.Item{item("a", "2.0.0", "q")},
			[]string{"upgrade a@2.0.0 q | 1.0.0 | 2.0.0"}},
		{"a version beside the old one",
			[]sbom.Item{item("a", "1.0.0", "p")}, []sbom.Item{item("a", "1.0.0", "p"), item("a", "2.0.0", "q")},
			[]string{"new-version a@2.0.0 q | - | 2.0.0"}},
		{"a version of two gone",
			[]sbom.Item{item("a", "1.0.0", "p"), item("a", "2.0.0", "q")}, []sbom.Item{item("a", "1.0.0", "p")},
			[]string{"removed-version a@2.0.0 q | 2.0.0 | -"}},
		{"a copy gone",
			[]sbom.Item{item("a", "1.0.0", "p"), item("a", "1.0.0", "q")}, []sbom.Item{item("a", "1.0.0", "q")},
			[]string{"removed-copy a@1.0.0 p | 1.0.0 | -"}},
		{"added and removed", []sbom.Item{item("a", "1.0.0", "p")}, []sbom.Item{item("b", "1.0.0", "p")},
			[]string{"new-package b@1.0.0 p | - | 1.0.0", "removed-package a@1.0.0 p | 1.0.0 | -"}},
		{"a source without paths lists a version once",
			[]sbom.Item{item("a", "1.0.0", "")}, []sbom.Item{item("a", "1.0.0", "p"), item("a", "1.0.0", "q")}, nil},
		{"the lockfile names a package no more",
			[]sbom.Item{item("a", "1.0.0", "p", basis("lockfile"))}, []sbom.Item{item("a", "1.0.0", "p", basis("first"))},
			[]string{"integrity-weakened a@1.0.0 p | lockfile | first"}},
		{"less names an update than what it replaces",
			[]sbom.Item{item("a", "1.0.0", "p", basis("registry"))}, []sbom.Item{item("a", "1.0.1", "p", basis("sha1"))},
			[]string{"integrity-weakened a@1.0.1 p | registry | sha1", "upgrade a@1.0.1 p | 1.0.0 | 1.0.1"}},
		{"more names it, or as much",
			[]sbom.Item{item("a", "1.0.0", "p", basis("first")), item("b", "1.0.0", "q", basis("sha1"))},
			[]sbom.Item{item("a", "1.0.0", "p", basis("registry")), item("b", "1.0.1", "q", basis("sha1"))},
			[]string{"upgrade b@1.0.1 q | 1.0.0 | 1.0.1"}},
		{"a new package that nothing names", nil, []sbom.Item{item("a", "1.0.0", "p", basis("first"))},
			[]string{"new-package a@1.0.0 p | - | 1.0.0", "integrity-weakened a@1.0.0 p | - | first"}},
		{"a new package that the lockfile names", nil, []sbom.Item{item("a", "1.0.0", "p", basis("lockfile"))},
			[]string{"new-package a@1.0.0 p | - | 1.0.0"}},
		{"one more copy of what nothing names",
			[]sbom.Item{item("a", "1.0.0", "p", basis("first"))}, []sbom.Item{item("a", "1.0.0", "p", basis("first")), item("a", "1.0.0", "q", basis("first"))},
			[]string{"new-copy a@1.0.0 q | - | 1.0.0"}},
		{"what names it nobody knows", []sbom.Item{item("a", "1.0.0", "p", basis("lockfile"))}, []sbom.Item{item("a", "1.0.0", "p")}, nil},
		{"a lockfile against what was pinned of it",
			[]sbom.Item{item("a", "1.0.0", "p", basis("unpinned")), item("b", "1.0.0", "q", basis("registry")), item("c", "1.0.0", "r", basis("unpinned")), item("d", "1.0.0", "s", basis("lockfile"))},
			[]sbom.Item{item("a", "1.0.0", "p", basis("registry")), item("b", "1.0.0", "q", basis("unpinned")), item("c", "1.0.0", "r", basis("first")), item("d", "1.0.0", "s", basis("unpinned"))},
			[]string{"integrity-weakened c@1.0.0 r | unpinned | first", "integrity-weakened d@1.0.0 s | lockfile | unpinned"}},
		{"licences",
			[]sbom.Item{item("a", "1.0.0", "p", license("MIT")), item("b", "1.0.0", "q", license(sbom.NoAssertion))},
			[]sbom.Item{item("a", "1.0.0", "p", license("BUSL-1.1")), item("b", "1.0.0", "q", license("MIT"))},
			[]string{"licence-changed a@1.0.0 p | MIT | BUSL-1.1"}},
		{"a script appears in an update",
			[]sbom.Item{item("a", "1.0.0", "p", looked())}, []sbom.Item{item("a", "1.0.1", "p", looked("postinstall: node x"))},
			[]string{"new-install-script a@1.0.1 p | - | postinstall: node x", "upgrade a@1.0.1 p | 1.0.0 | 1.0.1"}},
		{"a script changes",
			[]sbom.Item{item("a", "1.0.0", "p", looked("install: a"))}, []sbom.Item{item("a", "1.0.0", "p", looked("install: b"))},
			[]string{"install-script-changed a@1.0.0 p | install: a | install: b"}},
		{"a new package has a script", nil, []sbom.Item{item("a", "1.0.0", "p", looked("install: a"))},
			[]string{"new-install-script a@1.0.0 p | - | install: a", "new-package a@1.0.0 p | - | 1.0.0"}},
		{"lockfiles know only whether",
			[]sbom.Item{item("a", "1.0.0", "p", script(false))}, []sbom.Item{item("a", "1.0.1", "p", script(true))},
			[]string{"new-install-script a@1.0.1 p | - | unknown", "upgrade a@1.0.1 p | 1.0.0 | 1.0.1"}},
		{"a lockfile against a BOM",
			[]sbom.Item{item("a", "1.0.0", "p", script(true))}, []sbom.Item{item("a", "1.0.0", "p", looked("install: a"))}, nil},
		{"machine code",
			[]sbom.Item{item("a", "1.0.0", "p", natives("x.node"))}, []sbom.Item{item("a", "1.0.0", "p", natives("x.node", "y.node"))},
			[]string{"new-native-addon a@1.0.0 p | - | y.node"}},
		{"signals",
			[]sbom.Item{item("a", "1.0.0", "p", provenance("slsa"), maintainers("ann"))},
			[]sbom.Item{item("a", "1.0.1", "p", provenance("none"), maintainers("ann", "eve"))},
			[]string{"provenance-lost a@1.0.1 p | slsa | none", "new-maintainer a@1.0.1 p | - | eve", "upgrade a@1.0.1 p | 1.0.0 | 1.0.1"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, c := range Compare(&sbom.Inventory{Packages: test.a}, &sbom.Inventory{Packages: test.b}).Changes {
				got = append(got, line(c))
				if c.Severity != c.Class.Severity() {
					t.Errorf("%s is %s", c.Class, c.Severity)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCompareTellsWhy(t *testing.T) {
	a := &sbom.Inventory{Root: ".", Packages: []sbom.Item{{Ref: ".", Name: "shop", DependsOn: []string{"x", "y"}}, {Ref: "x", Name: "x"}, {Ref: "y", Name: "y"}}}
	b := &sbom.Inventory{Root: ".", Packages: []sbom.Item{
		{Ref: ".", Name: "shop", DependsOn: []string{"x", "y"}},
		{Ref: "x", Name: "x", DependsOn: []string{"z"}},
		{Ref: "y", Name: "y", DependsOn: []string{"w"}},
		{Ref: "w", Name: "w", DependsOn: []string{"z", "y"}},
		item("z", "1.0.0", "node_modules/z", func(i *sbom.Item) { i.Ref = "z" }),
	}}
	got := Compare(a, b).Changes
	if len(got) != 1 {
		t.Fatalf("changes %v", got)
	}
	if diff := cmp.Diff([]string{"shop > x > z", "shop > y > w > z"}, got[0].Why); diff != "" {
		t.Error(diff)
	}
}

func TestCompareTellsAnImagesConfiguration(t *testing.T) {
	a := &sbom.Inventory{Settings: []sbom.Setting{{Name: "user", Value: "65532"}, {Name: "env.A", Value: "1"}}}
	b := &sbom.Inventory{Settings: []sbom.Setting{{Name: "env.B", Value: "2"}, {Name: "user", Value: "0"}}}
	var got []string
	for _, c := range Compare(a, b).Changes {
		got = append(got, line(c))
	}
	want := []string{"config-changed  env.A | 1 | -", "config-changed  env.B | - | 2", "config-changed  user | 65532 | 0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d := Compare(a, &sbom.Inventory{}); len(d.Changes) != 0 {
		t.Errorf("an unknown configuration was compared: %v", d.Changes)
	}
}

func TestCompareVersionsOfDebian(t *testing.T) {
	order := []string{"1.0~rc1-1", "1.0-1", "1.0-1+deb13u1", "1.0-1+deb13u2", "1.0-1+deb13u10", "1.0a-1", "1.0.1-1", "1:0.5-1"}
	for i := range order {
		for j := range order {
			got := compareVersions("pkg:deb/debian/x", order[i], order[j])
			if (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%s against %s: %d", order[i], order[j], got)
			}
		}
	}
}

// TestVersionsOfCycloneDXTellTheSame compares one BOM in the versions that are written.
func TestVersionsOfCycloneDXTellTheSame(t *testing.T) {
	var all []*sbom.Inventory
	for _, version := range []string{"1.5", "1.6", "1.7"} {
		raw, err := os.ReadFile("../testdata/sample-" + version + ".json")
		if err != nil {
			t.Fatal(err)
		}
		bom, err := sbom.Parse(raw, version)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, bom.Inventory())
		if d := Compare(all[0], bom.Inventory()); len(d.Changes) != 0 {
			t.Errorf("%s: %s", version, d.Text())
		}
	}
}

func TestDiffJSONHasNoNull(t *testing.T) {
	doc, err := Diff{}.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("{\"schema\":\"nbuild.diff/v1\",\"changes\":[]}\n", string(doc)); diff != "" {
		t.Error(diff)
	}
	d := Compare(&sbom.Inventory{}, &sbom.Inventory{Packages: []sbom.Item{item("a", "1.0.0", "p")}})
	if doc, err = d.JSON(); err != nil {
		t.Fatal(err)
	}
	want := `{"schema":"nbuild.diff/v1","changes":[{"class":"new-package","severity":"medium","purl":"pkg:npm/a@1.0.0","path":"p","from":null,"to":"1.0.0","why":[]}]}` + "\n"
	if diff := cmp.Diff(want, string(doc)); diff != "" {
		t.Error(diff)
	}
}

func TestDiffTextShowsNoControlCharacters(t *testing.T) {
	d := Compare(&sbom.Inventory{}, &sbom.Inventory{Packages: []sbom.Item{item("a", "1.0.0", "p\x1b[2J\nforged", looked("install: \x1b]0;x\x07"))}})
	if text := d.Text(); strings.ContainsAny(text, "\x1b\x07") || strings.Contains(text, "\nforged") {
		t.Errorf("%q", text)
	}
}

func TestClassesAreThoseOfTheDocument(t *testing.T) {
	doc, err := os.ReadFile("../../docs/diff-classes.md")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for row := range strings.Lines(string(doc)) {
		cells := strings.Split(row, "|")
		if len(cells) > 3 && strings.Contains(cells[1], "-") && !strings.Contains(cells[1], "---") || len(cells) > 3 && strings.TrimSpace(cells[2]) != "severity" && !strings.Contains(cells[1], "---") {
			got = append(got, strings.TrimSpace(cells[1])+" "+strings.TrimSpace(cells[2]))
		}
	}
	var want []string
	for _, c := range Classes() {
		want = append(want, string(c)+" "+string(c.Severity()))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"bom-ref":"r","name":"p","type":"application"}},` +
		`"components":[{"bom-ref":"a","name":"a","version":"1.0.0","purl":"pkg:npm/a@1.0.0","type":"library","properties":[{"name":"cdx:npm:package:path","value":"x"},{"name":"nbuild:inventory","value":"package"}]}],` +
		`"dependencies":[{"ref":"r","dependsOn":["a"]}]}`))
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"a","purl":"pkg:npm/a@1","type":"library"},{"name":"a","purl":"pkg:npm/a@1","type":"library","hashes":[{"alg":"SHA-1","content":"x"}]}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := sbom.Parse(raw, "bom.json")
		if err != nil {
			return
		}
		v := b.Inventory()
		if d := Compare(v, v); len(d.Changes) != 0 {
			t.Errorf("compared with itself: %s", d.Text())
		}
		w := b.Inventory()
		slices.Reverse(w.Packages)
		if d := Compare(v, w); len(d.Changes) != 0 {
			t.Errorf("compared with itself in another order: %s", d.Text())
		}
		if doc, err := Compare(&sbom.Inventory{}, v).JSON(); err != nil || !json.Valid(doc) {
			t.Errorf("JSON: %v", err)
		}
	})
}

func FuzzValidate(f *testing.F) {
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.5","a":1,"a":2}`))
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(sbom.Validate(raw, "x")) == 0 && !json.Valid(raw) {
			t.Error("what is no JSON was called valid")
		}
	})
}
