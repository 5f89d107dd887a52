package attest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// PolicyMediaType is the DSSE payload type of a trust file, so that no signature
// over a statement is one over a trust file.
const PolicyMediaType = "application/vnd.nbuild.trust.v1+hcl"

// SignatureSuffix is added to the name of a trust file to name its signatures.
const SignatureSuffix = ".sig"

// ErrEnvelope reports a signature file that is malformed or over other bytes.
var ErrEnvelope = errors.New("malformed signature file")

// envelope is a DSSE envelope as JSON (DSSE v1 envelope.md).
type envelope struct {
	Payload     []byte              `json:"payload"`
	PayloadType string              `json:"payloadType"`
	Signatures  []envelopeSignature `json:"signatures"`
}

type envelopeSignature struct {
	KeyID string `json:"keyid"` // the key's fingerprint
	Sig   []byte `json:"sig"`
}

// SignPolicy signs the exact bytes of a trust file. existing is the signature file
// that is there, or nil: its signatures stay, as several roots sign one after the
// other. Signatures over other bytes are dropped. The result replaces the file.
func SignPolicy(ctx context.Context, signer Signer, src, existing []byte) ([]byte, error) {
	e := envelope{Payload: src, PayloadType: PolicyMediaType}
	if existing != nil {
		old, err := parseEnvelope(existing)
		if err != nil {
			return nil, err
		}
		if string(old.Payload) == string(src) {
			e.Signatures = old.Signatures
		}
	}
	sig, err := signer.Sign(ctx, pae(PolicyMediaType, src))
	if err != nil {
		return nil, fmt.Errorf("signing trust file: %w", err)
	}
	id := signer.Key().Fingerprint().String()
	e.Signatures = slices.DeleteFunc(e.Signatures, func(s envelopeSignature) bool { return s.KeyID == id })
	e.Signatures = append(e.Signatures, envelopeSignature{KeyID: id, Sig: sig})
	slices.SortFunc(e.Signatures, func(a, b envelopeSignature) int { return strings.Compare(a.KeyID, b.KeyID) })
	raw, err := strictjson.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encoding signatures: %w", err)
	}
	return append(raw, '\n'), nil
}

// parseEnvelope reads a signature file in the one form that SignPolicy writes.
func parseEnvelope(raw []byte) (*envelope, error) {
	problem := func(why string, err error) error {
		return &diag.Problem{
			Code: CodeTrustSignature, What: "the trust file's signatures can't be read", Why: why,
			Remedy: "sign it anew: `nbuild trust sign --key KEY FILE`, once with each root key", Err: err,
		}
	}
	var e envelope
	if err := strictjson.Decode(raw, 2*bounds.HCL+bounds.Bundle, &e); err != nil {
		return nil, problem("it is no DSSE envelope of a size that one has", fmt.Errorf("%w: %w", ErrEnvelope, err))
	}
	again, err := strictjson.Marshal(e)
	if err != nil || string(again)+"\n" != string(raw) {
		return nil, problem("it was not written by nbuild, or was edited", ErrEnvelope)
	}
	if e.PayloadType != PolicyMediaType {
		return nil, problem("it is a signature over something else", ErrEnvelope)
	}
	return &e, nil
}

// signers returns the fingerprints of those keys whose valid signature over
// exactly src is in the envelope.
func (e *envelope) signers(src []byte, keys map[cas.Digest]Key) map[cas.Digest]bool {
	valid := map[cas.Digest]bool{}
	if string(e.Payload) != string(src) {
		return valid
	}
	for _, s := range e.Signatures {
		id, err := cas.ParseDigest(s.KeyID)
		if err != nil {
			continue
		}
		if k, known := keys[id]; known && k.verify(pae(PolicyMediaType, src), s.Sig) {
			valid[id] = true
		}
	}
	return valid
}
