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
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/operation/trust"
)

// operator is a folder with trust files, and keys by name.
type operator struct {
	t    *testing.T
	host machine.Host
	keys map[string]*attest.KeyPair
}

func newOperator(t *testing.T) *operator {
	return &operator{t, machine.Host{
		Dir: t.TempDir(), File: "build.hcl", Now: func() time.Time { return time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC) },
	}, map[string]*attest.KeyPair{}}
}

func noPassword() ([]byte, error) { return nil, nil }

func (o *operator) key(name string) *attest.KeyPair {
	o.t.Helper()
	if o.keys[name] == nil {
		pair, err := attest.GenerateKey(noPassword, attest.KeyOptions{EmptyPassword: true})
		if err != nil {
			o.t.Fatal(err)
		}
		o.keys[name] = pair
	}
	return o.keys[name]
}

func (o *operator) fingerprint(name string) string { return o.key(name).Key.Fingerprint().String() }

// write puts a trust file there, with these roots, signed by these.
func (o *operator) write(file string, version int, roots, signers string) {
	o.t.Helper()
	var keys strings.Builder
	for _, name := range strings.Fields(roots) {
		fmt.Fprintf(&keys, "    key %q { pem = \"%s\" }\n", name, strings.ReplaceAll(string(o.key(name).Public), "\n", `\n`))
	}
	text := fmt.Sprintf(`trust "t" {
  version = %d
  expires = "2036-01-01T00:00:00Z"
  root {
    threshold = 1
%s  }
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
`, version, keys.String(), strings.ReplaceAll(string(o.key("ci").Public), "\n", `\n`))
	if err := os.WriteFile(o.host.Path(file), []byte(text), 0o644); err != nil {
		o.t.Fatal(err)
	}
	for _, name := range strings.Fields(signers) {
		signer, err := attest.ParseSigner(o.key(name).Private, name, noPassword)
		if err != nil {
			o.t.Fatal(err)
		}
		if _, err := trust.Sign(context.Background(), o.host, file, signer); err != nil {
			o.t.Fatal(err)
		}
	}
}

// TestLoadTrustsWhatTheOperatorsRootVouchesFor: each option reaches the judgement. What
// can't be trusted is answered, not refused; what can't be read is an error.
func TestLoadTrustsWhatTheOperatorsRootVouchesFor(t *testing.T) {
	o := newOperator(t)
	o.write("one.hcl", 1, "a", "a")
	o.write("two.hcl", 2, "b", "a b")
	o.write("three.hcl", 3, "b", "b")
	o.write("bare.hcl", 1, "a", "")
	a, b := o.fingerprint("a"), o.fingerprint("b")
	for name, test := range map[string]struct {
		o      trust.Options
		usable bool
	}{
		"its root":                              {trust.Options{File: "one.hcl", Roots: []string{a}}, true},
		"by an absolute name":                   {trust.Options{File: o.host.Path("one.hcl"), Roots: []string{"sha256:" + a}}, true},
		"another root":                          {trust.Options{File: "one.hcl", Roots: []string{b}}, false},
		"no root":                               {trust.Options{File: "one.hcl"}, false},
		"one of two suffices":                   {trust.Options{File: "one.hcl", Roots: []string{a, b, "threshold=1"}}, true},
		"both must sign":                        {trust.Options{File: "one.hcl", Roots: []string{a, b}}, false},
		"no signature":                          {trust.Options{File: "bare.hcl", Roots: []string{a}}, false},
		"no signature, by the operator's word":  {trust.Options{File: "bare.hcl", Unsigned: true}, true},
		"a changed root, from the earlier file": {trust.Options{File: "three.hcl", Roots: []string{a}, Earlier: []string{"one.hcl", "two.hcl"}}, true},
		"a changed root, the other way round":   {trust.Options{File: "three.hcl", Roots: []string{a}, Earlier: []string{"two.hcl", "one.hcl"}}, false},
		"a changed root, with no earlier file":  {trust.Options{File: "three.hcl", Roots: []string{a}}, false},
		"in the checkout":                       {trust.Options{File: "one.hcl", Roots: []string{a}, Checkout: o.host.Dir}, false},
		"in the checkout, by the word":          {trust.Options{File: "one.hcl", Unsigned: true, Checkout: o.host.Dir}, true},
		"beside the checkout":                   {trust.Options{File: "one.hcl", Roots: []string{a}, Checkout: o.host.Path("project")}, true},
	} {
		policy, trusted, err := trust.Load(o.host, test.o)
		if err != nil || trusted.Usable() != test.usable {
			t.Errorf("%s: usable %t, want %t: %v", name, trusted.Usable(), test.usable, err)
			continue
		}
		if policy.Name != "t" || policy.File != test.o.File {
			t.Errorf("%s: policy %q of %q", name, policy.Name, policy.File)
		}
	}
	late := o.host
	late.Now = func() time.Time { return time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC) }
	if _, trusted, err := trust.Load(late, trust.Options{File: "one.hcl", Roots: []string{a}}); err != nil || trusted.Usable() {
		t.Errorf("at its expiry: usable, %v", err)
	}
}

func TestLoadRefusesWhatItCannotRead(t *testing.T) {
	o := newOperator(t)
	o.write("one.hcl", 1, "a", "a")
	o.write("spoilt.hcl", 1, "a", "a")
	put := func(file, text string) {
		t.Helper()
		if err := os.WriteFile(o.host.Path(file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("bad.hcl", "trust {")
	put("large.hcl", strings.Repeat("#", bounds.HCL+1))
	if err := os.Remove(o.host.Path("spoilt.hcl" + attest.SignatureSuffix)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(o.host.Path("spoilt.hcl"+attest.SignatureSuffix), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(o.host.Path("folder.hcl"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		o    trust.Options
		want diag.Code // "" for any
	}{
		"none named":                            {trust.Options{}, trust.CodeNoTrust},
		"none there":                            {trust.Options{File: "none.hcl"}, trust.CodeNoTrust},
		"a folder":                              {trust.Options{File: "folder.hcl"}, trust.CodeNoTrust},
		"beyond its bound":                      {trust.Options{File: "large.hcl"}, trust.CodeNoTrust},
		"what does not parse":                   {trust.Options{File: "bad.hcl", Unsigned: true}, ""},
		"a root that is none":                   {trust.Options{File: "one.hcl", Roots: []string{"x"}}, attest.CodeRoot},
		"a threshold that the roots can't meet": {trust.Options{File: "one.hcl", Roots: []string{o.fingerprint("a"), "threshold=2"}}, attest.CodeRoot},
		"an earlier file that is not there":     {trust.Options{File: "one.hcl", Roots: []string{o.fingerprint("a")}, Earlier: []string{"none.hcl"}}, trust.CodeNoTrust},
		"an earlier file that does not parse":   {trust.Options{File: "one.hcl", Roots: []string{o.fingerprint("a")}, Earlier: []string{"bad.hcl"}}, ""},
	} {
		policy, trusted, err := trust.Load(o.host, test.o)
		ps := diag.All(err)
		if len(ps) == 0 || test.want != "" && ps[0].Code != test.want || policy != nil || trusted.Usable() {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, trusted, err := trust.Load(o.host, trust.Options{File: "spoilt.hcl", Unsigned: true}); err == nil || trusted.Usable() {
		t.Errorf("signatures that can't be read: %v", err)
	}
	if _, err := os.Stat(filepath.Join(o.host.Dir, "one.hcl"+attest.SignatureSuffix)); err != nil {
		t.Error(err)
	}
}
