package source

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// snippet is a labelled text: the kinds that are to be found, by line.
type snippet struct {
	name string
	src  string
	want map[int][]Kind
}

var wantComment = regexp.MustCompile(`// want((?: [a-z_-]+)+)\s*$`)

func labelled(t testing.TB) []snippet {
	t.Helper()
	files, err := filepath.Glob("testdata/labelled/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no labelled snippets: %v", err)
	}
	var all []snippet
	names := map[string]bool{}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if names[f.Name] {
				t.Errorf("two snippets are called %s", f.Name)
			}
			names[f.Name] = true
			s := snippet{name: f.Name, src: string(f.Data), want: map[int][]Kind{}}
			for i, line := range strings.Split(s.src, "\n") {
				if m := wantComment.FindStringSubmatch(line); m != nil {
					for kind := range strings.FieldsSeq(m[1]) {
						if !slices.Contains(KindsByFile(), Kind(kind)) {
							t.Errorf("%s: %q is no kind", f.Name, kind)
						}
						s.want[i+1] = append(s.want[i+1], Kind(kind))
					}
				}
			}
			all = append(all, s)
		}
	}
	return all
}

// score counts what was found rightly, wrongly and not.
type score struct{ right, wrong, missed int }

func (s score) recall() float64    { return ratio(s.right, s.right+s.missed) }
func (s score) precision() float64 { return ratio(s.right, s.right+s.wrong) }

func ratio(n, of int) float64 {
	if of == 0 {
		return 1
	}
	return float64(n) / float64(of)
}

// TestLabelledSnippetsAreFoundAndNothingElse prints recall and precision by kind over
// the labelled snippets; a finding is right where its line and kind are.
func TestLabelledSnippetsAreFoundAndNothingElse(t *testing.T) {
	const floor = 0.98
	scores := map[Kind]*score{}
	for _, k := range KindsByFile() {
		scores[k] = &score{}
	}
	var total score
	snippets, negatives := labelled(t), 0
	for _, s := range snippets {
		if len(s.want) == 0 {
			negatives++
		}
		r := Analyse([]byte(s.src), s.name, Options{})
		if len(r.Errors) > 0 {
			t.Errorf("%s: %v", s.name, r.Errors)
		}
		for _, f := range r.Findings {
			if i := slices.Index(s.want[f.Line], f.Kind); i >= 0 {
				s.want[f.Line] = slices.Delete(slices.Clone(s.want[f.Line]), i, i+1)
				scores[f.Kind].right++
				continue
			}
			scores[f.Kind].wrong++
			t.Logf("%s:%d:%d: %s is not to be found: %s", s.name, f.Line, f.Column, f.Kind, f.Excerpt)
		}
		for line, kinds := range s.want {
			for _, k := range kinds {
				scores[k].missed++
				t.Logf("%s:%d: %s is missed", s.name, line, k)
			}
		}
	}
	for _, k := range KindsByFile() {
		s := scores[k]
		total.right, total.wrong, total.missed = total.right+s.right, total.wrong+s.wrong, total.missed+s.missed
		t.Logf("%-20s recall %.3f precision %.3f of %d", k, s.recall(), s.precision(), s.right+s.missed)
	}
	t.Logf("%d snippets, %d of them with nothing to find: recall %.3f, precision %.3f of %d findings",
		len(snippets), negatives, total.recall(), total.precision(), total.right+total.missed)
	if len(snippets) < 150 || negatives < 60 {
		t.Errorf("%d snippets, %d with nothing to find: at least 150 and 60 are wanted", len(snippets), negatives)
	}
	if total.recall() < floor || total.precision() < floor {
		t.Errorf("recall and precision are to be %.2f at least", floor)
	}
}
