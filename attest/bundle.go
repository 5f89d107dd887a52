package attest

import (
	"context"
	"errors"
	"fmt"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/predicate"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// BundleMediaType is the media type of a Sigstore bundle, and the artifact type of
// the referrer that carries it.
const BundleMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// ErrBundle reports bytes that are no bundle with one signed statement.
var ErrBundle = errors.New("malformed bundle")

// ErrSignature reports a bundle that the key at hand did not sign.
var ErrSignature = errors.New("not signed by this key")

// Bundle is a Sigstore bundle v0.3 with one DSSE envelope. What it says is out of
// reach until Open has checked a signature.
type Bundle struct {
	digest    cas.Digest
	payload   []byte
	signature []byte
	keyID     string
	hint      string
	keyless   bool
}

// Sign puts a statement into a bundle: one DSSE envelope, one signature, the key's
// fingerprint as hint. The bytes are canonical JSON.
func Sign(ctx context.Context, signer Signer, s *predicate.Statement) ([]byte, error) {
	payload, err := s.Encode()
	if err != nil {
		return nil, fmt.Errorf("encoding statement: %w", err)
	}
	sig, err := signer.Sign(ctx, pae(predicate.PayloadType, payload))
	if err != nil {
		return nil, fmt.Errorf("signing statement: %w", err)
	}
	return encodeBundle(&protobundle.Bundle{
		MediaType: BundleMediaType,
		VerificationMaterial: &protobundle.VerificationMaterial{
			Content: &protobundle.VerificationMaterial_PublicKey{
				PublicKey: &protocommon.PublicKeyIdentifier{Hint: signer.Key().Hint()},
			},
		},
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
			PayloadType: predicate.PayloadType, Payload: payload,
			Signatures: []*protodsse.Signature{{Sig: sig}},
		}},
	})
}

// encodeBundle writes the JSON of a bundle. protojson varies its spaces from build
// to build on purpose; the canonical form does not.
func encodeBundle(b *protobundle.Bundle) ([]byte, error) {
	raw, err := protojson.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("encoding bundle: %w", err)
	}
	return strictjson.Canonical(raw)
}

// ParseBundle reads a bundle that cosign, nbuild or another tool wrote, and checks
// its form, not its signature. There is one way to read it: unknown or doubled
// keys, other spellings of a field and loose base64 are refused.
func ParseBundle(raw []byte) (*Bundle, error) {
	if len(raw) > bounds.Statement {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrBundle, bounds.Statement)
	}
	canonical, err := strictjson.Canonical(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	var b protobundle.Bundle
	if err := protojson.Unmarshal(canonical, &b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	again, err := encodeBundle(&b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	if !sameJSON(again, canonical) {
		return nil, fmt.Errorf("%w: it is not written as its specification has it", ErrBundle)
	}
	if b.GetMediaType() != BundleMediaType {
		return nil, fmt.Errorf("%w: media type %q, not %q", ErrBundle, b.GetMediaType(), BundleMediaType)
	}
	e := b.GetDsseEnvelope()
	switch {
	case e == nil:
		return nil, fmt.Errorf("%w: it holds no DSSE envelope", ErrBundle)
	case e.GetPayloadType() != predicate.PayloadType:
		return nil, fmt.Errorf("%w: payload type %q, not %q", ErrBundle, e.GetPayloadType(), predicate.PayloadType)
	case len(e.GetSignatures()) != 1:
		return nil, fmt.Errorf("%w: %d signatures, not one", ErrBundle, len(e.GetSignatures()))
	}
	out := &Bundle{
		digest: cas.Sum(raw), payload: e.GetPayload(),
		signature: e.GetSignatures()[0].GetSig(), keyID: e.GetSignatures()[0].GetKeyid(),
	}
	switch m := b.GetVerificationMaterial().GetContent().(type) {
	case *protobundle.VerificationMaterial_PublicKey:
		out.hint = m.PublicKey.GetHint()
	case *protobundle.VerificationMaterial_Certificate, *protobundle.VerificationMaterial_X509CertificateChain:
		out.keyless = true
	default:
		return nil, fmt.Errorf("%w: no verification material", ErrBundle)
	}
	return out, nil
}

// Digest returns the SHA-256 of the bundle's bytes, its name in a verdict.
func (b *Bundle) Digest() cas.Digest { return b.digest }

// Keyless reports whether a certificate, and not a key, is said to verify it.
func (b *Bundle) Keyless() bool { return b.keyless }

// Open checks the signature with a key and returns the statement that the key
// signed. Errors are ErrSignature, or what is wrong with the statement. A hint or
// key id that names another key is an ErrSignature too: nothing may vary beside
// the signed bytes.
func (b *Bundle) Open(k Key) (*predicate.Statement, error) {
	if b.keyless || b.hint != "" && b.hint != k.Hint() ||
		b.keyID != "" && b.keyID != k.Hint() && b.keyID != k.fingerprint.String() ||
		!k.verify(pae(predicate.PayloadType, b.payload), b.signature) {
		return nil, ErrSignature
	}
	return predicate.Parse(b.payload)
}

// Says reports whether the bundle is the key's signature over exactly this
// statement: signing it again would add nothing.
func (b *Bundle) Says(k Key, s *predicate.Statement) bool {
	payload, err := s.Encode()
	if err != nil || string(payload) != string(b.payload) {
		return false
	}
	_, err = b.Open(k)
	return err == nil
}
