package main

import (
	"context"
	"os"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/nbuild/nbuild/attest"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/predicate"
)

// clockEnv is how scripts let the command's clock be wrong, by a span such as "48h" or
// "-48h".
const clockEnv = "NBUILD_TEST_CLOCK"

func clock() func() time.Time {
	wrong := os.Getenv(clockEnv)
	if wrong == "" {
		return time.Now
	}
	by, err := time.ParseDuration(wrong)
	if err != nil {
		panic(err)
	}
	return func() time.Time { return time.Now().Add(by) }
}

// member is who has a key of the trust file and signs what they like.
type member struct {
	ts     *testscript.TestScript
	signer attest.Signer
	ref    name.Reference
	to     attacker // the same place
	about  predicate.Subject
}

func memberOf(ts *testscript.TestScript, key, image string) member {
	signer, err := attest.ParseSigner([]byte(ts.ReadFile(key)), key, nil)
	ts.Check(err)
	ref, err := name.ParseReference(image)
	ts.Check(err)
	to := pusherOf(ts, image)
	digest, err := cas.ParseDigest(to.subject.Digest.Hex)
	ts.Check(err)
	return member{ts, signer, ref, to, predicate.Subject{Digest: digest}}
}

// attach signs a statement, seals it and attaches it. Where it is a release it goes into
// the ledger too.
func (m member) attach(statement *predicate.Statement, err error) {
	m.ts.Check(err)
	ctx := context.Background()
	bundle, err := attest.Sign(ctx, m.signer, statement)
	m.ts.Check(err)
	seal, err := attest.SealBundle(ctx, m.signer, statement, bundle)
	m.ts.Check(err)
	at, err := oci.Parse(m.ref.Context().Name())
	m.ts.Check(err)
	store, err := oci.Open(at, oci.Options{})
	m.ts.Check(err)
	_, _, err = oci.Attach(ctx, store, m.to.subject.Digest, bundle, string(statement.Type), seal)
	m.ts.Check(err)
	if statement.Type == predicate.TypeRelease {
		_, err = oci.Record(ctx, store, "production", m.ref.Context().Name(), bundle, string(statement.Type), seal)
		m.ts.Check(err)
	}
}

// review approves an image as a person does whose clock is wrong by a span, "0s" for not:
// review KEY IMAGE SPAN.
func review(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: review KEY IMAGE SPAN")
	}
	wrong, err := time.ParseDuration(args[2])
	ts.Check(err)
	m, at := memberOf(ts, args[0], args[1]), time.Now().Add(wrong)
	m.attach(predicate.Review{
		Diff:     &predicate.ReviewedDiff{To: m.about.Digest, Digest: cas.Sum([]byte("diff"))},
		Reviewer: "somebody", Decision: predicate.Approve,
		Issued: predicate.At(at), Expires: predicate.At(at.AddDate(0, 1, 0)),
	}.Statement(m.about))
}
