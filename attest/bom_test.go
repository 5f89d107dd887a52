package attest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/predicate"
)

func bomOf(marker string) (*predicate.Statement, error) {
	return predicate.NewBOM(about, []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"`+marker+`"}`))
}

func TestOnlyABOMThatTheTeamSignedCounts(t *testing.T) {
	w := newWorld(t)
	must := func(s Signer, f func() (*predicate.Statement, error)) []byte {
		st, err := f()
		return w.sign(s, st, err)
	}
	trusted := must(w.ci, bom)
	stranger := newTestSigner(t, ECDSAP256)
	forged := must(stranger, func() (*predicate.Statement, error) { return bomOf("forged") })
	otherTeam := must(w.one, func() (*predicate.Statement, error) { return bomOf("appsec") })
	another := must(w.ci, func() (*predicate.Statement, error) {
		return predicate.NewBOM(predicate.Subject{Digest: [32]byte{1}}, []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6"}`))
	})
	good := []string{`{"bomFormat":"CycloneDX","specVersion":"1.6"}`}
	flood := make([][]byte, bounds.Referrers)
	for i := range flood {
		flood[i] = []byte(fmt.Sprintf(`{"junk":%d}`, i))
	}
	tests := []struct {
		name        string
		source      Source
		environment string
		want        []string
		none        bool // the error is ErrNoBOM
	}{
		{"the team's own", Evidence{Bundles: [][]byte{trusted}}, "production", good, false},
		{"a pusher adds a forged one", Evidence{Bundles: [][]byte{forged, trusted}}, "production", good, false},
		{"a pusher leaves only a forged one", Evidence{Bundles: [][]byte{forged}}, "production", nil, true},
		{"a member of another team signed it", Evidence{Bundles: [][]byte{otherTeam}}, "production", nil, true},
		{"it is about another image", Evidence{Bundles: [][]byte{another}}, "production", nil, true},
		{"nothing is attached", Evidence{}, "production", nil, true},
		{"an environment that the trust file lacks", Evidence{Bundles: [][]byte{trusted}}, "staging", nil, true},
		{"junk before it, within the bound", Evidence{Bundles: append(flood[1:len(flood):len(flood)], trusted)}, "production", good, false},
		{"junk before it hits the bound", Evidence{Bundles: append(flood[:len(flood):len(flood)], trusted)}, "production", nil, false},
		{"what is attached can't be listed", brokenSource{}, "production", nil, false},
		{"it is there and can't be read", Evidence{Unread: []Unread{{"x", "", errors.New("gone")}}}, "production", nil, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := BOMs(context.Background(), w.trust(), test.environment, image.Digest, test.source)
			var text []string
			for _, d := range got {
				text = append(text, string(d))
			}
			if diff := cmp.Diff(test.want, text); diff != "" {
				t.Error(diff)
			}
			if (err == nil) != (test.want != nil) || errors.Is(err, ErrNoBOM) != test.none {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestABOMNeedsTheThresholdOverOneDocument(t *testing.T) {
	w := newWorld(t).edit(`require "sbom" { team = team.platform }`, "require \"sbom\" {\n      team      = team.appsec\n      threshold = 2\n    }")
	sign := func(s Signer, marker string) []byte {
		st, err := bomOf(marker)
		return w.sign(s, st, err)
	}
	split := Evidence{Bundles: [][]byte{sign(w.one, "a"), sign(w.two, "b"), sign(w.one, "b2")}}
	if got, err := BOMs(context.Background(), w.trust(), "production", image.Digest, split); !errors.Is(err, ErrNoBOM) {
		t.Errorf("two members over two documents count: %s, %v", got, err)
	}
	split.Bundles = append(split.Bundles, sign(w.three, "b"))
	got, err := BOMs(context.Background(), w.trust(), "production", image.Digest, split)
	if err != nil || len(got) != 1 {
		t.Errorf("got %d documents, %v", len(got), err)
	}
}

func TestAnUntrustedTrustFileVouchesForNoBOM(t *testing.T) {
	w := newWorld(t)
	st, err := bom()
	source := Evidence{Bundles: [][]byte{w.sign(w.ci, st, err)}}
	unsigned := CheckPolicy(w.policy(), TrustOptions{Now: now})
	if got, err := BOMs(context.Background(), unsigned, "production", image.Digest, source); err == nil {
		t.Errorf("got %s", got)
	}
	if _, err := BOMs(context.Background(), Trust{}, "production", image.Digest, source); err == nil {
		t.Error("the zero Trust vouches")
	}
}

// brokenSource is a registry that can't be asked.
type brokenSource struct{ Evidence }

func (brokenSource) List(context.Context, cas.Digest) (Listing, error) {
	return Listing{}, errors.New("out of reach")
}
