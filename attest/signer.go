package attest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"github.com/nbuild/nbuild/internal/diag"
)

// Signer signs messages with one key. Sign of equal messages gives equal bytes
// where the key is at hand; a signer in hardware need not.
type Signer interface {
	// Sign signs the whole message, hashing it as the key's algorithm does.
	Sign(ctx context.Context, message []byte) ([]byte, error)
	// Key returns the public half.
	Key() Key
}

// Password hands out the password of a private key, asked only where one is
// needed.
type Password func() ([]byte, error)

// The PEM types of private keys.
const (
	pemSigstore = "ENCRYPTED SIGSTORE PRIVATE KEY"
	pemCosign   = "ENCRYPTED COSIGN PRIVATE KEY"
	pemPlain    = "PRIVATE KEY"
)

// ParseSigner reads a private key: an encrypted one as cosign makes it (scrypt and
// NaCl secretbox around PKCS #8), or a plain PKCS #8. file names it in problems.
// password may be nil where no encrypted key is expected.
func ParseSigner(text []byte, file string, password Password) (Signer, error) {
	block, err := onePEM(text)
	if err != nil {
		return nil, badKey(file, "it is no PEM file with one private key", err)
	}
	der := block.Bytes
	switch block.Type {
	case pemPlain:
	case pemSigstore, pemCosign:
		if password == nil {
			return nil, passwordProblem(file, "it is encrypted, and no password is at hand", nil)
		}
		word, err := password()
		if err != nil {
			return nil, passwordProblem(file, "its password could not be read", err)
		}
		if der, err = encrypted.Decrypt(der, word); err != nil {
			return nil, passwordProblem(file, "the password does not open it", err)
		}
	default:
		return nil, badKey(file, "it holds a "+block.Type+", not a private key as cosign or PKCS #8 has it", nil)
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, badKey(file, "what it holds is no PKCS #8", err)
	}
	s, err := newSigner(private)
	if err != nil {
		return nil, badKey(file, "only ECDSA P-256 and Ed25519 keys sign", err)
	}
	return s, nil
}

// newSigner wraps a private key of either kind.
func newSigner(private any) (Signer, error) {
	switch p := private.(type) {
	case *ecdsa.PrivateKey:
		k, err := newKey(&p.PublicKey)
		return ecdsaSigner{p, k}, err
	case ed25519.PrivateKey:
		k, err := newKey(p.Public())
		return ed25519Signer{p, k}, err
	}
	_, err := newKey(private)
	return nil, err
}

type ecdsaSigner struct {
	private *ecdsa.PrivateKey
	key     Key
}

func (s ecdsaSigner) Key() Key { return s.key }

// Sign takes no randomness: crypto/ecdsa derives the nonce by RFC 6979 then, so a
// weak source of chance can't leak the key and equal statements are equal bytes.
// That is why sigstore's own signer, which always draws some, does not sign here.
func (s ecdsaSigner) Sign(_ context.Context, message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	return s.private.Sign(nil, sum[:], crypto.SHA256)
}

type ed25519Signer struct {
	private ed25519.PrivateKey
	key     Key
}

func (s ed25519Signer) Key() Key { return s.key }

func (s ed25519Signer) Sign(_ context.Context, message []byte) ([]byte, error) {
	return ed25519.Sign(s.private, message), nil
}

func encodePrivate(der []byte, word []byte) ([]byte, error) {
	box, err := encrypted.Encrypt(der, word)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemSigstore, Bytes: box}), nil
}

func badKey(file, why string, err error) error {
	return &diag.Problem{
		Code: CodeKey, Pos: diag.Pos{File: file}, What: "this key can't be used", Why: why,
		Remedy: "name a key that `nbuild keygen` or `cosign generate-key-pair` made", Err: err,
	}
}

func passwordProblem(file, why string, err error) error {
	return &diag.Problem{
		Code: CodePassword, Pos: diag.Pos{File: file}, What: "the private key can't be opened", Why: why,
		Remedy: "give its password in NBUILD_PASSWORD, or on the terminal when asked", Err: err,
	}
}
