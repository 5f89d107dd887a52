package attest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
)

// Algorithm is a signature scheme. The list is closed, and a key has exactly one:
// nothing in a bundle chooses it.
type Algorithm string

// The signature schemes.
const (
	ECDSAP256 Algorithm = "ecdsa-p256-sha256"
	Ed25519   Algorithm = "ed25519" // pure, not Ed25519ph (RFC 8032 §5.1)
)

// ErrKey reports a public key that is malformed or of a kind that is not taken.
var ErrKey = errors.New("unusable key")

// Key is a public key. It is comparable by Fingerprint.
type Key struct {
	algorithm   Algorithm
	public      crypto.PublicKey
	verifier    signature.Verifier // sigstore's, of the one algorithm
	fingerprint cas.Digest
}

// ParseKey reads one public key as PEM ("PUBLIC KEY", RFC 7468 §13). Text before
// the block is allowed, a second block is not.
func ParseKey(text []byte) (Key, error) {
	block, err := onePEM(text)
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if block.Type != "PUBLIC KEY" {
		return Key{}, fmt.Errorf("%w: it holds a %q, not a \"PUBLIC KEY\"", ErrKey, block.Type)
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	k, err := newKey(public)
	if err != nil {
		return Key{}, err
	}
	if cas.Sum(block.Bytes) != k.fingerprint {
		return Key{}, fmt.Errorf("%w: it is not in the one DER form", ErrKey)
	}
	return k, nil
}

// newKey takes the two kinds of key and no other curve.
func newKey(public crypto.PublicKey) (Key, error) {
	var algorithm Algorithm
	var verifier signature.Verifier
	var err error
	switch p := public.(type) {
	case *ecdsa.PublicKey:
		if p.Curve != elliptic.P256() {
			return Key{}, fmt.Errorf("%w: curve %s, not P-256", ErrKey, p.Curve.Params().Name)
		}
		algorithm = ECDSAP256
		verifier, err = signature.LoadECDSAVerifier(p, crypto.SHA256)
	case ed25519.PublicKey:
		algorithm = Ed25519
		verifier, err = signature.LoadED25519Verifier(p)
	default:
		return Key{}, fmt.Errorf("%w: a %T, neither ECDSA P-256 nor Ed25519", ErrKey, public)
	}
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return Key{algorithm: algorithm, public: public, verifier: verifier, fingerprint: cas.Sum(der)}, nil
}

// Fingerprint is the SHA-256 of the key's SubjectPublicKeyInfo in DER, its name
// everywhere (RFC 5280 §4.1.2.7).
func (k Key) Fingerprint() cas.Digest { return k.fingerprint }

// Algorithm returns the one scheme that the key signs with.
func (k Key) Algorithm() Algorithm { return k.algorithm }

// Hint is how a bundle names the key that signed it: the fingerprint in base64, as
// cosign writes it.
func (k Key) Hint() string { return base64.StdEncoding.EncodeToString(k.fingerprint[:]) }

// PEM writes the key.
func (k Key) PEM() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(k.public)
	if err != nil {
		return nil, fmt.Errorf("encoding key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// verify reports whether sig is the key's signature over message, by the key's
// own algorithm.
func (k Key) verify(message, sig []byte) bool {
	return k.verifier != nil && k.verifier.VerifySignature(bytes.NewReader(sig), bytes.NewReader(message)) == nil
}

// onePEM decodes the one PEM block of a key file.
func onePEM(text []byte) (*pem.Block, error) {
	if len(text) > bounds.KeyFile {
		return nil, fmt.Errorf("larger than %d bytes", bounds.KeyFile)
	}
	block, rest := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("more after the PEM block")
	}
	return block, nil
}
