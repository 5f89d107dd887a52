package rehearsal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"path/filepath"
	"strings"

	"github.com/nbuild/nbuild/internal/operation/trust"
	"github.com/nbuild/nbuild/internal/wholefile"
)

// NoPassword is the password of a World's keys.
func NoPassword() ([]byte, error) { return nil, nil }

// Key makes a key pair NAME.key and NAME.pub outside the project and returns the
// path of the private one. It is made of its name and not encrypted, since a
// password is slow on purpose.
func (w *World) Key(name string) string {
	w.T.Helper()
	seed := sha256.Sum256([]byte(name))
	key := ed25519.NewKeyFromSeed(seed[:])
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		w.T.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		w.T.Fatal(err)
	}
	file := filepath.Join(w.T.TempDir(), name)
	for suffix, block := range map[string]*pem.Block{".key": {Type: "PRIVATE KEY", Bytes: private}, ".pub": {Type: "PUBLIC KEY", Bytes: public}} {
		if err := wholefile.Write(file+suffix, pem.EncodeToMemory(block), 0o600); err != nil {
			w.T.Fatal(err)
		}
	}
	return file + ".key"
}

// Trust writes a trust file outside the project that takes the key's provenance,
// BOM and release of every image in the world's registry, and returns how it is
// named to an operation.
func (w *World) Trust(key string) trust.Options {
	w.T.Helper()
	public, err := wholefile.Read(strings.TrimSuffix(key, ".key")+".pub", 1<<12)
	if err != nil {
		w.T.Fatal(err)
	}
	block := "<<-PEM\n" + string(public) + "PEM\n"
	text := `trust "rehearsal" {
  version = 1
  expires = "2036-01-01T00:00:00Z"
  root {
    threshold = 1
    key "root" {
      pem = ` + block + `
    }
  }
  team "shop" {
    member "ci" {
      builders = ["https://nbuild.dev/builder/local"]
      key {
        pem = ` + block + `
      }
    }
  }
  environment "production" {
    images   = ["` + w.OCI.Address + `/**"]
    rollback = "deny"
    minimum_release = {
      "` + w.OCI.Address + `/shop/app" = 1
    }
    require "provenance" {
      team     = team.shop
      builders = ["https://nbuild.dev/builder/local"]
    }
    require "sbom" {
      team = team.shop
    }
    require "release" {
      team    = team.shop
      max_age = "720h"
    }
  }
}
`
	file := w.T.TempDir() + "/trust.hcl"
	if err := wholefile.Write(file, []byte(text), 0o644); err != nil {
		w.T.Fatal(err)
	}
	return trust.Options{File: file, Unsigned: true}
}
