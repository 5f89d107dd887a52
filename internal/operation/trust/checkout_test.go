package trust_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nbuild/nbuild/attest"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/operation/trust"
)

// A trust file that a contributor can change is not trusted, whoever signed it:
// they could put back an older one that was signed as well.
func TestATrustFileInTheCheckoutNeedsTheOperatorsWord(t *testing.T) {
	ops, checkout := t.TempDir(), t.TempDir()
	password := func() ([]byte, error) { return nil, nil }
	pair, err := attest.GenerateKey(password, attest.KeyOptions{EmptyPassword: true})
	if err != nil {
		t.Fatal(err)
	}
	signer, err := attest.ParseSigner(pair.Private, "root.key", password)
	if err != nil {
		t.Fatal(err)
	}
	pem := strings.ReplaceAll(string(pair.Public), "\n", `\n`)
	text := fmt.Sprintf(`trust "t" {
  version = 1
  expires = "2036-01-01T00:00:00Z"
  root {
    threshold = 1
    key "root" { pem = "%s" }
  }
  team "team" {
    member "ci" {
      key { pem = "%s" }
    }
  }
  environment "production" {
    images = ["registry.example.com/**"]
    require "sbom" { team = team.team }
  }
}
`, pem, pem)
	host := machine.Host{Dir: checkout, File: "build.hcl", Now: func() time.Time { return time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC) }}
	for _, dir := range []string{ops, checkout} {
		if err := os.WriteFile(filepath.Join(dir, "trust.hcl"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := trust.Sign(context.Background(), host, filepath.Join(dir, "trust.hcl"), signer); err != nil {
			t.Fatal(err)
		}
	}
	link := func(target, name string) {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	link(filepath.Join(ops, "trust.hcl"), filepath.Join(checkout, "out.hcl"))
	link(filepath.Join(ops, "trust.hcl"+attest.SignatureSuffix), filepath.Join(checkout, "out.hcl"+attest.SignatureSuffix))
	link(ops, filepath.Join(checkout, "ops"))
	link(checkout, filepath.Join(ops, "in"))
	link(filepath.Join(checkout, "trust.hcl"), filepath.Join(ops, "in.hcl"))
	link(filepath.Join(checkout, "trust.hcl"+attest.SignatureSuffix), filepath.Join(ops, "in.hcl"+attest.SignatureSuffix))

	tests := []struct {
		name, file string
		unsigned   bool
		usable     bool
		says       string
	}{
		{"outside", filepath.Join(ops, "trust.hcl"), false, true, "it lies elsewhere"},
		{"inside", "trust.hcl", false, false, "it lies in the checkout"},
		{"inside, on the operator's word", "trust.hcl", true, true, "from the checkout that is being judged"},
		{"outside, on the operator's word", filepath.Join(ops, "trust.hcl"), true, true, "taken unsigned"},
		{"a link in the checkout that leads out", "out.hcl", false, false, "it lies in the checkout"},
		{"a folder's link in the checkout that leads out", "ops/trust.hcl", false, false, "it lies in the checkout"},
		{"a link outside that leads in", filepath.Join(ops, "in.hcl"), false, false, "it lies in the checkout"},
		{"a folder's link outside that leads in", filepath.Join(ops, "in", "trust.hcl"), false, false, "it lies in the checkout"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, got, err := trust.Load(host, trust.Options{
				File: test.file, Roots: []string{pair.Key.Fingerprint().String()}, Unsigned: test.unsigned, Checkout: checkout,
			})
			if err != nil {
				t.Fatal(err)
			}
			said := ""
			for _, c := range got.Checks() {
				said += c.Have + "\n"
			}
			if got.Usable() != test.usable || !strings.Contains(said, test.says) {
				t.Errorf("usable: %t, as %s", got.Usable(), said)
			}
		})
	}
}
