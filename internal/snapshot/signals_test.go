package snapshot

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
)

func TestWhatARegistrySaidStandsOnTheLine(t *testing.T) {
	for _, signals := range []Signals{
		{},
		{Provenance: NoProvenance},
		{Provenance: "https://slsa.dev/provenance/v1", Maintainers: []string{"ann", "bob"}, Deprecated: true},
		{Maintainers: []string{"a%2Cb", "a%b", "a,b", "with space"}},
	} {
		a := Artefact{Kind: KindNPM, Name: "a", Version: "1.0.0", SHA256: cas.Sum([]byte("a")), Size: 1, Facts: signals.Facts()}
		lock, err := New([]Artefact{a})
		if err != nil {
			t.Fatalf("%+v: %v", signals, err)
		}
		again, err := Parse(lock.Format(), "nbuild.lock")
		if err != nil {
			t.Fatalf("%s: %v", lock.Format(), err)
		}
		got, _ := again.Find(KindNPM, "a", "1.0.0", "")
		if diff := cmp.Diff(signals, got.Signals()); diff != "" {
			t.Errorf("%s\n%s", lock.Format(), diff)
		}
	}
}

func TestThereIsOneWayToWriteWhatARegistrySaid(t *testing.T) {
	for name, facts := range map[string]map[string]string{
		"accounts out of order":      {"maintainers": "bob,ann"},
		"an account twice":           {"maintainers": "ann,ann"},
		"an account without a name":  {"maintainers": "ann,"},
		"another way to say percent": {"maintainers": "ann%2c"},
		"deprecated in other words":  {"deprecated": "true"},
	} {
		if _, err := New([]Artefact{{Kind: KindNPM, Name: "a", Version: "1.0.0", SHA256: cas.Sum([]byte("a")), Size: 1, Facts: facts}}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
