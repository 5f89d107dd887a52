package attest

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"

	"github.com/nbuild/nbuild/internal/diag"
)

// KeyPair is a new key as the two files that keygen writes.
type KeyPair struct {
	Private []byte // PEM, encrypted, as cosign reads it; mode 0600 is the caller's part
	Public  []byte // PEM
	Key     Key
}

// KeyOptions are the choices of GenerateKey.
type KeyOptions struct {
	Algorithm     Algorithm // "" is ECDSAP256, which every verifier reads
	EmptyPassword bool      // allow an empty password: whoever has the file can sign
}

// GenerateKey makes a key pair. The private half is encrypted under the password
// with scrypt and NaCl secretbox.
func GenerateKey(password Password, opt KeyOptions) (*KeyPair, error) {
	word, err := password()
	if err != nil {
		return nil, &diag.Problem{
			Code: CodePassword, What: "there is no password for the new key", Err: err,
			Why:    "the private key is encrypted under it",
			Remedy: "give a password in NBUILD_PASSWORD, or run it on a terminal",
		}
	}
	if len(word) == 0 && !opt.EmptyPassword {
		return nil, &diag.Problem{
			Code: CodePassword, What: "the password is empty",
			Why:    "whoever gets the file could sign in your name",
			Remedy: "give a password in NBUILD_PASSWORD or on the terminal; for a key that is public anyway, `nbuild keygen --empty-password NAME`",
		}
	}
	var private any
	switch opt.Algorithm {
	case "", ECDSAP256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case Ed25519:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		return nil, &diag.Problem{
			Code: CodeKey, What: fmt.Sprintf("there is no key algorithm %q", diag.Clean(string(opt.Algorithm))),
			Why: "a closed list keeps verifiers simple", Remedy: "use " + string(ECDSAP256) + " or " + string(Ed25519),
		}
	}
	if err != nil {
		return nil, fmt.Errorf("generating key: %w", err)
	}
	signer, err := newSigner(private)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("encoding private key: %w", err)
	}
	pair := &KeyPair{Key: signer.Key()}
	if pair.Private, err = encodePrivate(der, word); err != nil {
		return nil, fmt.Errorf("encrypting private key: %w", err)
	}
	pair.Public, err = pair.Key.PEM()
	return pair, err
}
