package snapshot

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestManifestStandsOnTheLine(t *testing.T) {
	m := Manifest{OS: []string{"linux", "!win32"}, Engines: map[string]string{"node": ">=18 <23"}, Peers: map[string]string{"react": "^18"}, Bundled: map[string]string{"node_modules/a": "a@1.0.0"}}
	for name, want := range map[string]Manifest{"much": m, "nothing": {}} {
		a, err := artefactOfLine(t, "").WithManifest(&want)
		if err != nil {
			t.Fatal(err)
		}
		lock, err := New([]Artefact{a})
		if err != nil {
			t.Fatal(name, err)
		}
		again, err := Parse(lock.Format(), "nbuild.lock")
		if err != nil {
			t.Fatal(name, err)
		}
		b, _ := again.Find(a.Kind, a.Name, a.Version, "")
		got, ok := b.Manifest()
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%s: %v (-want +got):\n%s", name, ok, diff)
		}
		if none, err := b.WithManifest(nil); err != nil || none.Facts["manifest"] != "" {
			t.Errorf("%s: taken off, it is still there: %v, %v", name, none.Facts, err)
		}
	}
	if _, ok := artefactOfLine(t, "").Manifest(); ok {
		t.Error("a line without the key has a manifest")
	}
}

func TestManifestHasOneSpelling(t *testing.T) {
	for name, text := range map[string]string{
		"spaces":       `{"os":%20["linux"]}`,
		"order":        `{"os":["linux"],"cpu":["x64"]}`,
		"unknown key":  `{"scripts":{}}`,
		"an empty key": `{"os":[]}`,
		"twice":        `{"os":["linux"],"os":["darwin"]}`,
		"no object":    `["linux"]`,
		"broken":       `{"os":`,
	} {
		_, err := Parse([]byte("nbuild-lock 1\nnpm a 1.0.0 - "+strings.Repeat("ab", 32)+" 1 - manifest="+text+"\n"), "nbuild.lock")
		if err == nil {
			t.Errorf("%s: %s is taken", name, text)
		}
	}
}

func artefactOfLine(t *testing.T, facts string) Artefact {
	t.Helper()
	lock, err := Parse([]byte("nbuild-lock 1\nnpm a 1.0.0 - "+strings.Repeat("ab", 32)+" 1 -"+facts+"\n"), "nbuild.lock")
	if err != nil {
		t.Fatal(err)
	}
	a, _ := lock.Find(KindNPM, "a", "1.0.0", "")
	return a
}
