package release_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/attest"
	"github.com/nbuild/nbuild/internal/evidence/images"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/operation/keys"
	"github.com/nbuild/nbuild/internal/operation/release"
	"github.com/nbuild/nbuild/internal/predicate"
)

// colleague gives the trust file's team a second member, with the stranger's key.
func (s *shop) colleague(minimum, threshold int) {
	s.t.Helper()
	s.trust(minimum)
	file := filepath.Join(s.ops, "trust.hcl")
	text, err := os.ReadFile(file)
	s.must(err)
	public, err := os.ReadFile(filepath.Join(s.ops, "stranger.pub"))
	s.must(err)
	member := fmt.Sprintf("member \"second\" {\n      builders = [%q]\n      key { pem = %q }\n    }\n    member \"ci\"", release.LocalBuilder, public)
	changed := strings.Replace(string(text), `member "ci"`, member, 1)
	changed = strings.Replace(changed, `require "release" { team = team.team }`, fmt.Sprintf("require \"release\" {\n      team      = team.team\n      threshold = %d\n    }", threshold), 1)
	s.must(os.WriteFile(file, []byte(changed), 0o644))
}

func (s *shop) signer(name string) attest.Signer {
	s.t.Helper()
	signer, err := keys.Load(s.host, filepath.Join(s.ops, name+".key"), func() ([]byte, error) { return nil, nil })
	s.must(err)
	return signer
}

// next releases what server.js says with a key and returns the counter.
func (s *shop) next(key, text string) (int64, error) {
	s.t.Helper()
	s.write("server.js", text+"\n")
	r, err := s.release(func(o *release.Options) { o.Key = filepath.Join(s.ops, key+".key") })
	if r == nil || len(r.Images) == 0 {
		return 0, err
	}
	return r.Images[0].Counter, err
}

func (s *shop) wants(want int64, key, text string) {
	s.t.Helper()
	got, err := s.next(key, text)
	s.must(err)
	if got != want {
		s.t.Errorf("counter %d, not %d", got, want)
	}
}

// The counter is the team's: a key that takes the place of another, a second signer and a
// tag that somebody moved back or removed change nothing about what was released.
func TestTheCounterSurvivesARotatedKeyASecondSignerAndAMovedTag(t *testing.T) {
	s := newShop(t)
	s.build(`tags = ["stable"]`, "")
	s.colleague(1, 1)
	s.wants(1, "team", "one")
	first := s.at("stable")
	s.wants(2, "stranger", "two")
	s.wants(3, "team", "three")
	s.must(s.place().Tag(context.Background(), s.hash(first), "stable"))
	s.wants(4, "stranger", "four")
	s.build(`tags = ["other"]`, "")
	s.wants(5, "team", "five")
}

// Members who must agree sign the same counter, whoever comes first.
func TestTheSecondMemberJoinsTheReleaseOfTheFirst(t *testing.T) {
	s := newShop(t)
	s.build(`tags = ["stable"]`, "")
	s.colleague(1, 2)
	for round, text := range []string{"one", "two"} {
		counter, err := s.next("team", text)
		if err == nil || counter != int64(round+1) {
			t.Fatalf("one of two members released %d: %v", counter, err)
		}
		s.wants(int64(round+1), "stranger", text)
		s.wants(int64(round+1), "team", text)
	}
}

// A run that was stopped between its statement and its tag is continued, not doubled:
// whether the tag is refused or the process dies, the counter has one statement.
func TestAStoppedReleaseSignsNoSecondStatementForItsCounter(t *testing.T) {
	s := newShop(t)
	s.build(`tags = ["stable"]`, "")
	s.wants(1, "team", "one")
	s.write("server.js", "two\n")
	for range 3 {
		s.on(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPut || !strings.HasSuffix(r.URL.Path, "/manifests/stable") {
				return false
			}
			http.Error(w, `{"errors":[{"code":"DENIED"}]}`, http.StatusForbidden)
			return true
		})
		if counter, err := s.next("team", "two"); err == nil || counter != 2 {
			t.Fatalf("counter %d, %v", counter, err)
		}
	}
	s.on(func(w http.ResponseWriter, r *http.Request) bool { // after the ledger, before the image has it
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/sha256:") {
			panic(http.ErrAbortHandler)
		}
		return false
	})
	_, _ = s.next("team", "two")
	s.on(nil)
	s.wants(2, "team", "two")
	list, cut, err := oci.ListLedger(context.Background(), s.place(), "production", s.repository)
	s.must(err)
	if len(list) != 2 || cut != nil {
		t.Errorf("the ledger has %d statements: %v", len(list), cut)
	}
	digest, err := images.Digest(s.hash(s.at("stable")))
	s.must(err)
	listing, err := images.Attached{Store: s.place()}.List(context.Background(), digest)
	s.must(err)
	releases := 0
	for _, i := range listing.Items {
		if i.Type == predicate.TypeRelease {
			releases++
		}
	}
	if releases != 1 {
		t.Errorf("%d release statements stand beside the image", releases)
	}
}

// hash reads a digest that a tag points at.
func (s *shop) hash(text string) v1.Hash {
	s.t.Helper()
	h, err := v1.NewHash(text)
	s.must(err)
	return h
}

// A member who signs the last counter there is ends no repository: what runs too far
// ahead of the trust file counts for nothing, and where a whole span was used up, the
// roots open the next.
func TestNoMemberUsesUpTheCounters(t *testing.T) {
	s := newShop(t)
	s.build(`tags = ["stable"]`, "")
	s.colleague(1, 1)
	s.wants(1, "team", "one")
	sign := func(counter int64) {
		digest, err := images.Digest(s.hash(s.at("stable")))
		s.must(err)
		r := predicate.Release{
			Repository: s.repository, Environment: "production", Counter: counter,
			Issued: predicate.At(s.host.Now()), Expires: predicate.At(s.host.Now().AddDate(0, 1, 0)),
		}
		statement, err := r.Statement(predicate.Subject{Digest: digest})
		s.must(err)
		bundle, err := attest.Sign(context.Background(), s.signer("stranger"), statement)
		s.must(err)
		seal, err := attest.SealBundle(context.Background(), s.signer("stranger"), statement, bundle)
		s.must(err)
		_, err = oci.Record(context.Background(), s.place(), "production", s.repository, bundle, string(predicate.TypeRelease), seal)
		s.must(err)
		_, _, err = oci.Attach(context.Background(), s.place(), s.hash(s.at("stable")), bundle, string(predicate.TypeRelease), seal)
		s.must(err)
	}
	sign(predicate.LastCounter)
	s.wants(2, "team", "two")
	sign(1 + attest.CounterSpan)
	_, err := s.next("team", "three")
	s.fails(err, release.CodeSpan)
	s.colleague(2+attest.CounterSpan, 1)
	s.wants(2+attest.CounterSpan, "team", "three")
}
