package attest

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/predicate"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// sealType is the DSSE payload type of a seal, so that no signature over a seal is one
// over a statement.
const sealType = "application/vnd.nbuild.seal.v1+json"

// ErrSeal reports a seal that is malformed or that none of the keys signed.
var ErrSeal = errors.New("no seal of these keys")

// Seal is a signed line about a bundle, short enough to stand in the list of what is
// attached to an image: what it is about, of which type, how large, and whose. It
// proves nothing that a verdict rests on; the bundle does that. It parts, before
// anything is read, the bundles that a member made from those that anybody else
// attached, which no claim in an annotation can.
type Seal struct {
	Subject   cas.Digest     `json:"subject"` // the image
	Type      predicate.Type `json:"type"`    // of the statement's predicate
	Statement cas.Digest     `json:"statement"`
	Bundle    cas.Digest     `json:"bundle"`
	Size      int64          `json:"size"` // of the bundle, in bytes
	Key       cas.Digest     `json:"key"`  // the fingerprint of who signed both

	// Of a release, and Issued of a review.
	Environment string         `json:"environment,omitempty"`
	Repository  string         `json:"repository,omitempty"`
	Counter     int64          `json:"counter,omitempty"`
	Issued      predicate.Time `json:"issued,omitzero"`
}

// SealBundle makes the seal of a bundle that holds the signer's statement.
func SealBundle(ctx context.Context, signer Signer, s *predicate.Statement, bundle []byte) (string, error) {
	payload, err := s.Encode()
	if err != nil {
		return "", fmt.Errorf("encoding statement: %w", err)
	}
	seal := Seal{
		Subject: s.Subject.Digest, Type: s.Type, Statement: cas.Sum(payload),
		Bundle: cas.Sum(bundle), Size: int64(len(bundle)), Key: signer.Key().Fingerprint(),
	}
	switch s.Type {
	case predicate.TypeRelease:
		r, err := predicate.ParseRelease(s)
		if err != nil {
			return "", err
		}
		seal.Environment, seal.Repository, seal.Counter, seal.Issued = r.Environment, r.Repository, r.Counter, r.Issued
	case predicate.TypeReview:
		r, err := predicate.ParseReview(s)
		if err != nil {
			return "", err
		}
		seal.Issued = r.Issued
	}
	raw, err := strictjson.Marshal(seal)
	if err != nil {
		return "", fmt.Errorf("encoding seal: %w", err)
	}
	sig, err := signer.Sign(ctx, pae(sealType, raw))
	if err != nil {
		return "", fmt.Errorf("signing seal: %w", err)
	}
	return base64.StdEncoding.EncodeToString(raw) + "." + base64.StdEncoding.EncodeToString(sig), nil
}

// openSeal reads a seal that one of the keys signed. What is no such seal costs little:
// its key is looked up before its signature is checked.
func openSeal(text string, keys map[cas.Digest]Key) (Seal, error) {
	if text == "" || len(text) > bounds.Seal {
		return Seal{}, ErrSeal
	}
	head, tail, _ := strings.Cut(text, ".")
	raw, err := base64.StdEncoding.Strict().DecodeString(head)
	if err != nil {
		return Seal{}, ErrSeal
	}
	var s Seal
	if err := strictjson.Decode(raw, bounds.Seal, &s); err != nil {
		return Seal{}, ErrSeal
	}
	key, known := keys[s.Key]
	if !known || s.Size < 1 || s.Size > bounds.BundleOf(string(s.Type)) || s.Subject.IsZero() || s.Bundle.IsZero() {
		return Seal{}, ErrSeal
	}
	sig, err := base64.StdEncoding.Strict().DecodeString(tail)
	if err != nil || !key.verify(pae(sealType, raw), sig) {
		return Seal{}, ErrSeal
	}
	return s, nil
}

// before orders the seals of one member: a release that is later than another, then what
// was issued later, then what is smaller. What a member said anew stands before what it
// takes the place of.
func (s Seal) before(o Seal) int {
	return cmp.Or(
		-cmp.Compare(s.Counter, o.Counter), -s.Issued.Compare(o.Issued.Time),
		cmp.Compare(s.Size, o.Size), cmp.Compare(s.Bundle.String(), o.Bundle.String()))
}

// keys returns every key of a member, by its fingerprint.
func (p *Policy) keys() map[cas.Digest]Key {
	all := map[cas.Digest]Key{}
	for _, t := range p.Teams {
		for _, m := range t.Members {
			for _, k := range m.Keys {
				all[k.Key.Fingerprint()] = k.Key
			}
		}
	}
	return all
}

// holder returns the name of the member who has a key, "" for nobody.
func (p *Policy) holder(key cas.Digest) string {
	for _, t := range p.Teams {
		for _, m := range t.Members {
			for _, k := range m.Keys {
				if k.Key.Fingerprint() == key {
					return m.Name
				}
			}
		}
	}
	return ""
}
