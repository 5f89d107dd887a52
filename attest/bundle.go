package attest

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/nbuild/nbuild/internal/bounds"
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
	message   []byte // what is signed, the payload at its end
	payload   []byte
	signature []byte
	keyID     string
	hint      string
	keyless   bool
	rest      []byte // its text, with an empty payload
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
	b, err := scan(slices.Clone(raw))
	if err != nil {
		return nil, err
	}
	return b, b.form()
}

// scan takes out of a bundle what its signature is checked by, in one pass and with no
// tree of it: anyone may have written it, and its payload may be large. Its form is
// looked at by form, once a signature holds. The text is used up: its payload is decoded
// in its own place.
func scan(raw []byte) (*Bundle, error) {
	if len(raw) > bounds.Statement {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrBundle, bounds.Statement)
	}
	from, to, encoded, err := payloadOf(raw)
	if err != nil {
		return nil, err
	}
	if len(raw)-(to-from) > bounds.Bundle {
		return nil, fmt.Errorf("%w: more than %d bytes beside its payload", ErrBundle, bounds.Bundle)
	}
	b := &Bundle{rest: slices.Concat(raw[:from], []byte(`""`), raw[to:])}
	var said struct {
		Envelope struct {
			PayloadType string `json:"payloadType"`
			Signatures  []struct {
				Sig   string `json:"sig"`
				KeyID string `json:"keyid"`
			} `json:"signatures"`
		} `json:"dsseEnvelope"`
		Material struct {
			PublicKey *struct {
				Hint string `json:"hint"`
			} `json:"publicKey"`
		} `json:"verificationMaterial"`
	}
	if err := strictjson.Decode(b.rest, bounds.Bundle+2, &said); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	switch e := said.Envelope; {
	case e.PayloadType != predicate.PayloadType:
		return nil, fmt.Errorf("%w: payload type %q, not %q", ErrBundle, e.PayloadType, predicate.PayloadType)
	case len(e.Signatures) != 1:
		return nil, fmt.Errorf("%w: %d signatures, not one", ErrBundle, len(e.Signatures))
	default:
		b.keyID = e.Signatures[0].KeyID
		if b.signature, err = base64.StdEncoding.Strict().DecodeString(e.Signatures[0].Sig); err != nil {
			return nil, fmt.Errorf("%w: its signature: %w", ErrBundle, err)
		}
	}
	if b.keyless = said.Material.PublicKey == nil; !b.keyless {
		b.hint = said.Material.PublicKey.Hint
	}
	if b.message, b.payload, err = decodePayload(raw, encoded); err != nil {
		return nil, err
	}
	return b, nil
}

// payloadOf finds the payload in the text of a bundle: where its value stands, and what
// that value says.
func payloadOf(raw []byte) (from, to int, encoded []byte, err error) {
	r := strictjson.NewReader(raw)
	found := 0
	r.Object(func(key string, at int) {
		if key != "dsseEnvelope" || r.Peek() != '{' {
			r.Skip()
			return
		}
		r.Object(func(key string, at int) {
			if key != "payload" {
				r.Skip()
				return
			}
			found++
			r.Peek()
			from = r.Offset()
			encoded = r.Bytes()
			to = r.Offset()
		})
	})
	r.End()
	switch {
	case r.Err() != nil:
		return 0, 0, nil, fmt.Errorf("%w: %w", ErrBundle, r.Err())
	case found == 0:
		return 0, 0, nil, fmt.Errorf("%w: it holds no DSSE envelope with a payload", ErrBundle)
	case found > 1:
		return 0, 0, nil, fmt.Errorf("%w: its payload stands twice", ErrBundle)
	}
	return from, to, encoded, nil
}

// decodePayload decodes the payload right behind what a signature over it begins with,
// where the text of the bundle was. A large one is in memory once.
func decodePayload(raw, encoded []byte) (message, payload []byte, err error) {
	n := base64.StdEncoding.DecodedLen(len(encoded))
	for i := len(encoded) - 1; i >= 0 && encoded[i] == '='; i-- {
		n--
	}
	head := paeHead(predicate.PayloadType, n)
	const piece = 32 << 10 // of base64; a multiple of four
	var decoded [piece / 4 * 3]byte
	done := 0
	for rest := encoded; len(rest) > 0; {
		part := rest[:min(piece, len(rest))]
		rest = rest[len(part):]
		got, err := base64.StdEncoding.Strict().Decode(decoded[:], part)
		if err == nil && (bytes.IndexByte(part, '\n') >= 0 || bytes.IndexByte(part, '\r') >= 0) {
			err = errors.New("it has line ends") // which the decoder passes over
		}
		if err == nil && len(rest) > 0 && got != len(decoded) {
			err = errors.New("it ends before its end")
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%w: its payload: %w", ErrBundle, err)
		}
		done += copy(encoded[done:], decoded[:got]) // never beyond what was read of it
	}
	if len(head)+done > len(raw) {
		raw = make([]byte, len(head)+done)
	}
	copy(raw[len(head):], encoded[:done])
	copy(raw, head)
	message = raw[:len(head)+done]
	return message, message[len(head):], nil
}

// form checks that all of the bundle but its payload is written as its specification has
// it.
func (b *Bundle) form() error {
	canonical, err := strictjson.Canonical(b.rest)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBundle, err)
	}
	var p protobundle.Bundle
	if err := protojson.Unmarshal(canonical, &p); err != nil {
		return fmt.Errorf("%w: %w", ErrBundle, err)
	}
	again, err := encodeBundle(&p)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBundle, err)
	}
	if !sameJSON(again, canonical) {
		return fmt.Errorf("%w: it is not written as its specification has it", ErrBundle)
	}
	if p.GetMediaType() != BundleMediaType {
		return fmt.Errorf("%w: media type %q, not %q", ErrBundle, p.GetMediaType(), BundleMediaType)
	}
	switch m := p.GetVerificationMaterial().GetContent().(type) {
	case *protobundle.VerificationMaterial_PublicKey:
		b.keyless, b.hint = false, m.PublicKey.GetHint()
	case *protobundle.VerificationMaterial_Certificate, *protobundle.VerificationMaterial_X509CertificateChain:
		b.keyless = true
	default:
		return fmt.Errorf("%w: no verification material", ErrBundle)
	}
	return nil
}

// Keyless reports whether a certificate, and not a key, is said to verify it.
func (b *Bundle) Keyless() bool { return b.keyless }

// Open checks the signature with a key and returns the statement that the key
// signed. Errors are ErrSignature, or what is wrong with the statement. A hint or
// key id that names another key is an ErrSignature too: nothing may vary beside
// the signed bytes.
func (b *Bundle) Open(k Key) (*predicate.Statement, error) {
	if !b.names(k) || !k.verify(b.message, b.signature) {
		return nil, ErrSignature
	}
	return predicate.Parse(b.payload)
}

// Unverified returns the statement as it stands, whoever signed it. No verdict rests on it.
func (b *Bundle) Unverified() (*predicate.Statement, error) { return predicate.Parse(b.payload) }

// names reports whether the bundle may be of a key, by what it says of itself.
func (b *Bundle) names(k Key) bool {
	return !b.keyless && (b.hint == "" || b.hint == k.Hint()) &&
		(b.keyID == "" || b.keyID == k.Hint() || b.keyID == k.fingerprint.String())
}
