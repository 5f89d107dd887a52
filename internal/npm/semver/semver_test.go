package semver_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/nbuild/nbuild/internal/npm/semver"
)

var (
	folder = flag.String("semver", "", "the folder of node-semver, to ask it anew")
	count  = flag.Int("rows", 100_000, "how many rows it is asked for")
	seed   = flag.String("seed", "1", "what the rows are made of")
	update = flag.Bool("update", false, "write what it says into testdata")
)

// TestAgreesWithNodeSemver holds every answer to what node-semver gave: to a record
// of it, or to the library itself, where -semver says where it is.
func TestAgreesWithNodeSemver(t *testing.T) {
	const record = "testdata/answers.jsonl.gz"
	src := answers(t, record)
	if *update && *folder != "" {
		var b bytes.Buffer
		zw, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err == nil {
			_, err = zw.Write(src)
		}
		if err == nil {
			err = zw.Close()
		}
		if err == nil {
			err = os.WriteFile(record, b.Bytes(), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	rows, wrong := 0, 0
	lines := bufio.NewScanner(bytes.NewReader(src))
	for lines.Scan() {
		var row []any
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		rows++
		if got, want := answer(row), row[len(row)-1]; got != want {
			if wrong++; wrong <= 20 {
				t.Errorf("%s: %v", lines.Bytes(), got)
			}
		}
	}
	if rows < 1000 {
		t.Fatalf("only %d rows", rows)
	}
	t.Logf("%d rows, %d answered otherwise", rows, wrong)
}

func answers(t *testing.T, record string) []byte {
	t.Helper()
	if *folder != "" {
		n, err := json.Marshal(*count / 3)
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("node", "testdata/ask.js", *folder, string(n), *seed).Output()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	f, err := os.Open(record)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	src, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// answer is what this package says in a row's place of the last value.
func answer(row []any) any {
	switch row[0] {
	case "v":
		_, ok := semver.Parse(row[1].(string), semver.Options{Loose: row[2].(bool)})
		return ok
	case "f":
		o := semver.Options{Loose: row[3].(bool), Prereleases: row[4].(bool)}
		r, ok := semver.ParseRange(row[1].(string), o)
		if !ok {
			return nil
		}
		v, ok := semver.Parse(row[2].(string), o)
		return ok && r.Fits(v)
	}
	r, okR := semver.ParseRange(row[1].(string), semver.Options{})
	s, okS := semver.ParseRange(row[2].(string), semver.Options{})
	if !okR || !okS {
		return nil
	}
	return r.Intersects(s)
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"^1.2.3", ">=1 <2 || ~3.1", "1.2 - 3.4", "*", "1.2.3beta+b.1", "<*", "~> 1"} {
		f.Add(s, "1.2.3")
	}
	f.Fuzz(func(t *testing.T, text, version string) {
		for _, o := range []semver.Options{{}, {Loose: true}, {Prereleases: true}} {
			r, ok := semver.ParseRange(text, o)
			if v, good := semver.Parse(version, o); ok && good {
				r.Fits(v)
				if v.Compare(v) != 0 {
					t.Fatal("a version is not equal to itself")
				}
			}
			// Whoever intersects one way does the other way round, prereleases aside.
			other, good := semver.ParseRange(version, o)
			if ok && good && o.Prereleases && r.Intersects(other) != other.Intersects(r) {
				t.Fatalf("%q and %q intersect one way only", text, version)
			}
		}
	})
}
