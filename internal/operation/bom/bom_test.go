package bom_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/images"
	"github.com/nbuild/nbuild/internal/operation/bom"
	"github.com/nbuild/nbuild/internal/operation/pin"
	"github.com/nbuild/nbuild/internal/operation/release"
	"github.com/nbuild/nbuild/internal/predicate"
	"github.com/nbuild/nbuild/internal/rehearsal"
)

func pinned(t *testing.T, more string) *rehearsal.World {
	t.Helper()
	w := rehearsal.New(t)
	if more != "" {
		w.Write("build.hcl", more)
	}
	repin(t, w)
	return w
}

func repin(t *testing.T, w *rehearsal.World) {
	t.Helper()
	if _, err := pin.Run(t.Context(), w.Host, pin.Options{}); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, w *rehearsal.World, o bom.Options) []byte {
	t.Helper()
	b, err := bom.Run(t.Context(), w.Host, o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// names lists the npm packages of a BOM.
func names(t *testing.T, document []byte) []string {
	t.Helper()
	var b struct {
		Components []struct{ Name, Purl string }
	}
	if err := json.Unmarshal(document, &b); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, c := range b.Components {
		if strings.HasPrefix(c.Purl, "pkg:npm/") {
			all = append(all, c.Name)
		}
	}
	slices.Sort(all)
	return all
}

func TestTheBOMHoldsWhatTheImageHolds(t *testing.T) {
	w := pinned(t, "")
	image, all := run(t, w, bom.Options{}), run(t, w, bom.Options{All: true})
	if diff := cmp.Diff([]string{"left", "right"}, names(t, image)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"left", "right", "tester"}, names(t, all)); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(string(image), "127.0.0.1") {
		t.Error("an address stands in the BOM")
	}
	w.Write("build.hcl", strings.Replace(w.Read("build.hcl"), `  cmd `, "  layer \"one\" {\n    from = npm.deps.package[\"right\"]\n  }\n  cmd ", 1))
	if diff := cmp.Diff([]string{"right"}, names(t, run(t, w, bom.Options{}))); diff != "" {
		t.Errorf("a layer of one package: %s", diff)
	}
}

// An image holds the project's own files, and its BOM says what they can do.
func TestTheBOMTellsWhatTheProjectsOwnFilesDo(t *testing.T) {
	w := pinned(t, "")
	w.Write("server.js", "module.exports = (a) => eval(a)\n")
	var b struct {
		Metadata struct {
			Properties []struct{ Name, Value string }
		}
		Components []struct {
			Ref      string `json:"bom-ref"`
			Evidence struct {
				Occurrences []struct {
					Location          string
					Line              int
					AdditionalContext string
				}
			}
			Properties []struct{ Name, Value string }
		}
	}
	if err := json.Unmarshal(run(t, w, bom.Options{}), &b); err != nil {
		t.Fatal(err)
	}
	total := map[string]string{}
	for _, p := range b.Metadata.Properties {
		total[p.Name] = p.Value
	}
	for _, c := range b.Components {
		if c.Ref != "project" {
			continue
		}
		if o := c.Evidence.Occurrences; len(o) != 1 || o[0].Location != "server.js" || o[0].Line != 1 || !strings.HasPrefix(o[0].AdditionalContext, "eval: ") {
			t.Errorf("%+v", o)
		}
		if p := c.Properties; len(p) != 2 || p[0].Name != "nbuild:dynamism:eval" || p[0].Value != "1" || p[1].Value != "file" {
			t.Errorf("%+v", p)
		}
		if total["nbuild:dynamism:eval"] == "" {
			t.Errorf("%v", total)
		}
		return
	}
	t.Error("there is no project")
}

func TestTheBOMIsTheSameColdAndWarmAndInEveryWorld(t *testing.T) {
	w := pinned(t, "")
	want := run(t, w, bom.Options{})
	for _, name := range []string{"warm", "cold", "elsewhere"} {
		switch name {
		case "cold":
			w.ForgetStore()
		case "elsewhere":
			w.Move()
		}
		if got := run(t, w, bom.Options{}); string(got) != string(want) {
			t.Errorf("%s: another BOM", name)
		}
	}
	if got := run(t, pinned(t, ""), bom.Options{}); string(got) != string(want) {
		t.Error("another world, another BOM")
	}
}

func TestTheAttachedBOMIsTheOneThatIsPrinted(t *testing.T) {
	w := pinned(t, "")
	key := w.Key("ci")
	r, err := release.Run(t.Context(), w.Host, release.Options{Key: key, Trust: w.Trust(key), Environment: "production", Password: rehearsal.NoPassword})
	if err != nil {
		t.Fatal(err)
	}
	_, place, err := images.Open(w.Host, r.Images[0].Ref)
	if err != nil {
		t.Fatal(err)
	}
	at, err := place.Resolve(t.Context(), "stable")
	if err != nil {
		t.Fatal(err)
	}
	found := rehearsal.Bundles(t, place, at.Digest, string(predicate.TypeBOM))
	if len(found) != 1 {
		t.Fatalf("%d bundles", len(found))
	}
	var bundle struct{ DsseEnvelope struct{ Payload []byte } }
	if err := json.Unmarshal(found[0].Content, &bundle); err != nil {
		t.Fatal(err)
	}
	var statement struct{ Predicate json.RawMessage }
	if err := json.Unmarshal(bundle.DsseEnvelope.Payload, &statement); err != nil {
		t.Fatal(err)
	}
	var attached, printed any
	if err := json.Unmarshal(statement.Predicate, &attached); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(run(t, w, bom.Options{}), &printed); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(printed, attached); diff != "" {
		t.Error(diff)
	}
}

func TestSBOMRefusesAnImageThatIsNotToldApart(t *testing.T) {
	w := pinned(t, "")
	_, err := bom.Run(t.Context(), w.Host, bom.Options{Image: "other"})
	if ps := diag.All(err); len(ps) != 1 || ps[0].Code != bom.CodeWhich || !strings.Contains(ps[0].Remedy, "shop") {
		t.Errorf("%v", err)
	}
}

func TestValidateHoldsAFileToItsSchema(t *testing.T) {
	w := pinned(t, "")
	w.Write("good.json", string(run(t, w, bom.Options{Pretty: true})))
	if v, err := bom.Validate(w.Host, "good.json"); err != nil || !v.Valid {
		t.Errorf("%+v, %v", v, err)
	}
	w.Write("bad.json", strings.Replace(w.Read("good.json"), `"bomFormat": "CycloneDX"`, `"bomFormat": "Cyclone"`, 1))
	w.Write("junk.json", "no json")
	for _, name := range []string{"bad.json", "junk.json", "none.json"} {
		_, err := bom.Validate(w.Host, name)
		if len(diag.All(err)) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
