package rebuild

import (
	"context"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/attest"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/evidence/images"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/operation/keys"
	"github.com/nbuild/nbuild/internal/predicate"
)

// Rebuilder is who rebuilt, for people: whose key signed is what counts.
const Rebuilder = "https://nbuild.dev/builder/local"

func hashOf(digest string) (v1.Hash, error) { return v1.NewHash(digest) }

// attest signs that the image came out again, and attaches that to it. Whoever's key said the
// very same before says it once.
func (r *Report) attest(ctx context.Context, host machine.Host, o Options, of *origin, place oci.Store, ref oci.Ref, digest cas.Digest) error {
	signer, err := keys.Load(host, o.Key, o.Password)
	if err != nil {
		return err
	}
	said := predicate.Rebuild{Rebuilder: Rebuilder, Version: host.Version, Digest: digest, Commit: r.Of.Commit}
	if said.Project, err = cas.ParseDigest(of.digest("project", "sha256")); err != nil {
		return fmt.Errorf("signing the rebuild: %w", err)
	}
	if said.Lock, err = cas.ParseDigest(of.digest("nbuild.lock", "sha256")); err != nil {
		return fmt.Errorf("signing the rebuild: %w", err)
	}
	for _, p := range r.Perturbations {
		said.Perturbations = append(said.Perturbations, predicate.Perturbed{Name: p.Name, How: p.How})
	}
	seen := map[string]bool{}
	for _, s := range r.Steps {
		if s.Outcome == Known && !seen[s.Step] {
			seen[s.Step] = true
			said.Given = append(said.Given, predicate.GivenOutput{Step: s.Step, Reason: s.Reason})
		}
	}
	statement, err := said.Statement(predicate.Subject{Name: ref.Repository, Digest: digest})
	if err != nil {
		return err
	}
	sum, err := statement.Encode()
	if err != nil {
		return err
	}
	name := cas.Sum(sum).OCI()
	r.Of.Attested = &name
	listed, err := (images.Attached{Store: place}).List(ctx, digest)
	if err != nil {
		return err
	}
	if before, err := attest.SealedAlready(signer.Key(), statement, listed.Items); err != nil || before {
		return err
	}
	bundle, err := attest.Sign(ctx, signer, statement)
	if err != nil {
		return err
	}
	seal, err := attest.SealBundle(ctx, signer, statement, bundle)
	if err != nil {
		return err
	}
	if _, _, err := oci.Attach(ctx, place, images.Hash(digest), bundle, string(statement.Type), seal); err != nil {
		return err
	}
	host.Events.Emit(event.Event{Kind: event.StepEnd, Phase: "attest", Name: string(statement.Type), Digest: digest.String()})
	return nil
}
