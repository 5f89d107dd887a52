// Package keys makes key pairs and reads private keys from files.
//
// A private key is encrypted under a password, in the form that cosign reads and
// writes, so either tool can use the other's keys. Anyone who has the file and the
// password can sign: production should trust thresholds of people, not one file.
//
// The invariant: a key file is never overwritten and is readable by its owner alone,
// and no password is part of an error.
package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nbuild/nbuild/attest"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/wholefile"
)

// The problems of key files.
const (
	CodeExists diag.Code = "NB0202" // a key file stands where a new one would go
	CodeNoKey  diag.Code = "NB0348" // a key file can't be read

	CodeAlgorithm diag.Code = "NB0206" // a signature scheme that is not known
)

// Pair is nbuild.keygen/v1: where a new key pair stands.
type Pair struct {
	Schema      string `json:"schema"`
	Private     string `json:"private"`
	Public      string `json:"public"`
	Fingerprint string `json:"fingerprint"` // SHA-256 of the SubjectPublicKeyInfo
	Algorithm   string `json:"algorithm"`
}

// Options are the choices of Generate.
type Options struct {
	Algorithm     string // "ecdsa" (P-256), which "" means, or "ed25519"
	EmptyPassword bool   // allow an empty password: whoever has the file can sign
}

// Generate makes NAME.key and NAME.pub in the host's folder.
func Generate(host machine.Host, name string, password attest.Password, opt Options) (*Pair, error) {
	o := attest.KeyOptions{EmptyPassword: opt.EmptyPassword}
	switch opt.Algorithm {
	case "", "ecdsa":
		o.Algorithm = attest.ECDSAP256
	case "ed25519":
		o.Algorithm = attest.Ed25519
	default:
		return nil, &diag.Problem{
			Code: CodeAlgorithm, What: fmt.Sprintf("%q is no signature scheme", opt.Algorithm), Remedy: "use --algorithm ecdsa or ed25519",
		}
	}
	private, public := host.Path(name+".key"), host.Path(name+".pub")
	for _, file := range []string{private, public} {
		if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
			return nil, exists(file)
		}
	}
	pair, err := attest.GenerateKey(password, o)
	if err != nil {
		return nil, err
	}
	if err := create(private, pair.Private, 0o600); err != nil {
		return nil, err
	}
	if err := create(public, pair.Public, 0o644); err != nil {
		os.Remove(private) // ours, and made a moment ago
		return nil, err
	}
	return &Pair{
		Schema: "nbuild.keygen/v1", Private: name + ".key", Public: name + ".pub",
		Fingerprint: pair.Key.Fingerprint().String(), Algorithm: string(pair.Key.Algorithm()),
	}, nil
}

func exists(file string) error {
	return &diag.Problem{
		Code: CodeExists, What: "a key stands there already", Pos: diag.Pos{File: file},
		Why:    "what it signed could never be signed again",
		Remedy: "choose another name: `nbuild keygen NAME`",
	}
}

// create writes a file that must not be there, not even as a link or by another
// keygen that runs at the same moment.
func create(path string, b []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return exists(path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(path)
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	return nil
}

// Load reads a private key. Password is asked only where the key is encrypted. An event
// reports one that is not, and that others can read.
func Load(host machine.Host, file string, password attest.Password) (attest.Signer, error) {
	path := host.Path(file)
	text, err := wholefile.Read(path, bounds.KeyFile)
	if err != nil {
		return nil, &diag.Problem{
			Code: CodeNoKey, What: "the private key can't be read", Pos: diag.Pos{File: file}, Err: err,
			Why: "nothing can be signed without it", Remedy: "name a key with --key FILE, or make one with `nbuild keygen NAME`",
		}
	}
	encrypted := false
	signer, err := attest.ParseSigner(text, file, func() ([]byte, error) {
		encrypted = true
		if password == nil {
			return nil, errors.New("no password is at hand")
		}
		return password()
	})
	if info, statErr := os.Stat(path); err == nil && statErr == nil && !encrypted && info.Mode().Perm()&0o044 != 0 {
		host.Events.Emit(event.Event{Kind: event.Problem, Phase: "sign", Name: file, Text: file +
			" is a private key without a password that others on this machine can read: chmod 600 it, or make another with `nbuild keygen`"})
	}
	return signer, err
}
