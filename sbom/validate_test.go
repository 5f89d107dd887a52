package sbom

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"

	"github.com/nbuild/nbuild/internal/bounds"
)

func TestValidateTellsEveryProblem(t *testing.T) {
	const head = `{"bomFormat":"CycloneDX","specVersion":"1.6"`
	deep := strings.Repeat(`{"a":`, bounds.JSONDepth+1) + "1" + strings.Repeat("}", bounds.JSONDepth+1)
	tests := []struct {
		name, doc string
		want      []string
	}{
		{"valid", head + `}`, nil},
		{"no JSON", "{\n  \"bomFormat\" 1}", []string{"NB0371 bom.json:2:15"}},
		{"nothing", "", []string{"NB0371 bom.json:1:1"}},
		{"an array", "[]", []string{"NB0371 bom.json"}},
		{"something follows", head + `}{}`, []string{"NB0371 bom.json:1:46"}},
		{"no UTF-8", head + ",\"serialNumber\":\"\xff\"}", []string{"NB0371 bom.json"}},
		{"a key twice", head + `,"version":1,"version":2}`, []string{"NB0371 bom.json:1:58"}},
		{"too deep", deep, []string{"NB0371 bom.json:1:321"}},
		{"no version", `{"bomFormat":"CycloneDX"}`, []string{"NB0372 bom.json"}},
		{"an old version", `{"bomFormat":"CycloneDX","specVersion":"1.1"}`, []string{"NB0372 bom.json"}},
		{"two violations", head + `,"version":0,"serialNumber":"x"}`, []string{"NB0370 bom.json", "NB0370 bom.json"}},
		{"a bad date", head + `,"metadata":{"timestamp":"yesterday"}}`, []string{"NB0370 bom.json"}},
		{"one bom-ref of two", head + `,"components":[{"type":"library","name":"a","bom-ref":"r"},{"type":"library","name":"b","bom-ref":"r"}]}`,
			[]string{"NB0373 bom.json"}},
		{"an edge to nothing", head + `,"components":[{"type":"library","name":"a","bom-ref":"r"}],"dependencies":[{"ref":"r","dependsOn":["s"]}]}`,
			[]string{"NB0373 bom.json"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, p := range Validate([]byte(test.doc), "bom.json") {
				got = append(got, string(p.Code)+" "+p.Pos.String())
				if p.Remedy == "" {
					t.Error("no remedy")
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A document that two readers understand differently could show one thing to a review and
// another to a gate.
func TestABOMHasOneReading(t *testing.T) {
	const head, one, none = `{"bomFormat":"CycloneDX","specVersion":"1.6"`, `[{"type":"library","name":"evil","purl":"pkg:npm/evil@1.0.0"}]`, `[]`
	for name, doc := range map[string]string{
		"components twice":           head + `,"components":` + one + `,"components":` + none + `}`,
		"components, and Components": head + `,"components":` + one + `,"Components":` + none + `}`,
		"COMPONENTS alone":           head + `,"COMPONENTS":` + one + `}`,
		"a purl twice":               head + `,"components":[{"type":"library","name":"evil","purl":"pkg:npm/evil@1.0.0","purl":"pkg:npm/good@1.0.0"}]}`,
		"a Purl beside a purl":       head + `,"components":[{"type":"library","name":"evil","purl":"pkg:npm/evil@1.0.0","Purl":"pkg:npm/good@1.0.0"}]}`,
		"SpecVersion":                head + `,"SpecVersion":"1.5"}`,
	} {
		if _, err := Parse([]byte(doc), "bom.json"); len(diag.All(err)) != 1 {
			t.Errorf("%s: it was read (%v)", name, err)
		}
		if ps := Validate([]byte(doc), "bom.json"); len(ps) == 0 {
			t.Errorf("%s: it is called valid", name)
		}
	}
}

func TestReadRefusesWhatIsNoBOM(t *testing.T) {
	for _, doc := range []string{"", "{}", `{"bomFormat":"SPDX","specVersion":"1.6"}`, `{"bomFormat":"CycloneDX","specVersion":"9"}`, `{"bomFormat":"CycloneDX","specVersion":"1.6","components":1}`} {
		if _, err := Read(strings.NewReader(doc), "bom.json"); err == nil {
			t.Errorf("%q was taken", doc)
		}
	}
}

func TestReadKeepsTheBytes(t *testing.T) {
	doc := `{ "bomFormat":"CycloneDX", "specVersion":"1.4", "signature":{"algorithm":"ES256","value":"x"}, "components":[{"type":"library","name":"a","version":"1","components":[{"type":"library","name":"b","purl":"pkg:npm/b@2"}]}] }`
	b, err := Read(strings.NewReader(doc), "bom.json")
	if err != nil {
		t.Fatal(err)
	}
	if string(b.Raw()) != doc || b.Version() != "1.4" {
		t.Errorf("%s of %s", b.Raw(), b.Version())
	}
	var purls []string
	for _, p := range b.Inventory().Packages {
		purls = append(purls, p.Purl)
	}
	if diff := cmp.Diff([]string{"pkg:generic/a@1", "pkg:npm/b@2"}, purls); diff != "" {
		t.Error(diff)
	}
}
