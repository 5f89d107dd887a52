package rebuild

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/nbuild/nbuild/attest"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/images"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/operation/trust"
	"github.com/nbuild/nbuild/internal/operation/verify"
	"github.com/nbuild/nbuild/internal/predicate"
)

// CodeNoProvenance is an image of which nothing says what it was built from.
const CodeNoProvenance diag.Code = "NB2101"

// origin is what an image says of where it comes from.
type origin struct {
	provenance *predicate.Provenance
	verified   bool // by a trust file
}

// parameters are what its caller chose.
func (o *origin) parameters() predicate.ExternalParameters {
	return o.provenance.BuildDefinition.ExternalParameters
}

// digest is that of a resolved dependency by its name.
func (o *origin) digest(name, algorithm string) string {
	for _, r := range o.provenance.BuildDefinition.ResolvedDependencies {
		if r.Name == name {
			return r.Digest[algorithm]
		}
	}
	return ""
}

// dirty reports whether the files were others than those of the commit.
func (o *origin) dirty() bool {
	for _, r := range o.provenance.BuildDefinition.ResolvedDependencies {
		if r.Name == "source" && r.Annotations["dirty"] == "true" {
			return true
		}
	}
	return false
}

// findOrigin reads the provenance of an image: what the members of a trust file signed, where
// one is named, else what is attached, as long as all of it says the same.
func findOrigin(ctx context.Context, host machine.Host, o Options, store oci.Store, digest cas.Digest) (*origin, error) {
	var found [][]byte
	var err error
	out := &origin{verified: o.Trust.File != ""}
	if out.verified {
		found, err = trusted(ctx, host, o, store, digest)
	} else {
		found, err = attached(ctx, store, digest)
	}
	if err != nil {
		return nil, err
	}
	if len(found) > 1 {
		return nil, noProvenance("several are attached that say different things, and which one counts is not known", nil)
	}
	statement := &predicate.Statement{Subject: predicate.Subject{Digest: digest}, Type: predicate.TypeProvenance, Predicate: found[0]}
	if out.provenance, err = predicate.ParseProvenance(statement); err != nil {
		return nil, noProvenance("what is attached can't be read", err)
	}
	if t := out.provenance.BuildDefinition.BuildType; t != predicate.BuildType {
		return nil, noProvenance(fmt.Sprintf("it was built another way, %q", diag.Clean(t)), nil)
	}
	return out, nil
}

// trusted returns the provenance that counts by a trust file.
func trusted(ctx context.Context, host machine.Host, o Options, store oci.Store, digest cas.Digest) ([][]byte, error) {
	if o.Trust.Checkout == "" {
		o.Trust.Checkout = host.Checkout()
	}
	policy, by, err := trust.Load(host, o.Trust)
	if err != nil {
		return nil, err
	}
	environment, err := verify.Environment(policy, o.Environment)
	if err != nil {
		return nil, err
	}
	found, err := attest.Provenances(ctx, by, environment, digest, images.Attached{Store: store})
	if errors.Is(err, attest.ErrNoProvenance) {
		return nil, noProvenance("none counts by the trust file", err)
	}
	return found, err
}

// attached returns the provenance that stands beside an image, whoever signed it, each once.
func attached(ctx context.Context, store oci.Store, digest cas.Digest) ([][]byte, error) {
	var found [][]byte
	err := oci.EachBundle(ctx, store, images.Hash(digest), []string{string(predicate.TypeProvenance)}, func(a oci.Attachment) error {
		if a.Err != nil {
			if a.Junk {
				return nil
			}
			return a.Err
		}
		b, err := attest.ParseBundle(a.Content)
		if err != nil {
			return nil // it says nothing
		}
		s, err := b.Unverified()
		if err != nil || s.Type != predicate.TypeProvenance || s.Subject.Digest != digest {
			return nil
		}
		for _, f := range found {
			if bytes.Equal(f, s.Predicate) {
				return nil
			}
		}
		found = append(found, bytes.Clone(s.Predicate))
		return nil
	})
	if err == nil && len(found) == 0 {
		err = noProvenance("none is attached to it", nil)
	}
	return found, err
}

func noProvenance(why string, err error) error {
	return &diag.Problem{
		Code: CodeNoProvenance, What: "nothing says what the image was built from", Why: "its provenance is needed: " + why, Err: err,
		Remedy: "name an image that `nbuild release` put there, or run `nbuild rebuild` without an image in its project",
	}
}
