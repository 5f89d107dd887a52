package rehearsal

import (
	"strings"

	"github.com/nbuild/nbuild/internal/operation/keys"
	"github.com/nbuild/nbuild/internal/operation/trust"
)

// NoPassword is the password of a World's keys.
func NoPassword() ([]byte, error) { return nil, nil }

// Key makes a key pair NAME.key and NAME.pub outside the project and returns the
// path of the private one.
func (w *World) Key(name string) string {
	w.T.Helper()
	host := w.Host
	host.Dir = w.T.TempDir()
	if _, err := keys.Generate(host, name, NoPassword, keys.Options{EmptyPassword: true}); err != nil {
		w.T.Fatal(err)
	}
	return host.Dir + "/" + name + ".key"
}

// Trust writes a trust file outside the project that takes the key's provenance,
// BOM and release of every image in the world's registry, and returns how it is
// named to an operation.
func (w *World) Trust(key string) trust.Options {
	w.T.Helper()
	public, err := keys.ReadFile(strings.TrimSuffix(key, ".key")+".pub", 1<<12)
	if err != nil {
		w.T.Fatal(err)
	}
	pem := "<<-PEM\n" + string(public) + "PEM\n"
	text := `trust "rehearsal" {
  version = 1
  expires = "2036-01-01T00:00:00Z"
  root {
    threshold = 1
    key "root" {
      pem = ` + pem + `
    }
  }
  team "shop" {
    member "ci" {
      builders = ["https://nbuild.dev/builder/local"]
      key {
        pem = ` + pem + `
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
	if err := keys.WriteFile(file, []byte(text), 0o644); err != nil {
		w.T.Fatal(err)
	}
	return trust.Options{File: file, Unsigned: true}
}
