package registry

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
)

// The expected addresses are those that npm 11 asks (arborist, reify).
func TestReplacedIsWhatNpmAsks(t *testing.T) {
	const address = "https://old.example.com/npm/oak/-/oak-1.0.0.tgz"
	tests := map[string]struct{ npmrc, address, want string }{
		"another host stays":        {"registry=https://registry.example.com/", address, address},
		"never":                     {"registry=https://registry.example.com/\nreplace-registry-host=never", address, address},
		"always":                    {"registry=http://registry.example.com:8080/\nreplace-registry-host=always", address, "http://registry.example.com:8080/npm/oak/-/oak-1.0.0.tgz"},
		"that host":                 {"registry=https://registry.example.com/\nreplace-registry-host=old.example.com", address, "https://registry.example.com/npm/oak/-/oak-1.0.0.tgz"},
		"that host, whatever port":  {"registry=https://registry.example.com/\nreplace-registry-host=old.example.com", "https://old.example.com:444/oak.tgz", "https://registry.example.com/oak.tgz"},
		"another one":               {"registry=https://registry.example.com/\nreplace-registry-host=other.example.com", address, address},
		"the path is kept once":     {"registry=https://registry.example.com/npm/\nreplace-registry-host=old.example.com", address, "https://registry.example.com/npm/oak/-/oak-1.0.0.tgz"},
		"the path is put before":    {"registry=https://registry.example.com/repo/\nreplace-registry-host=old.example.com", address, "https://registry.example.com/repo/npm/oak/-/oak-1.0.0.tgz"},
		"a beginning":               {"registry=https://registry.example.com/repo/\nreplace-registry-host=https://old.example.com/npm/", address, "https://registry.example.com/repo/oak/-/oak-1.0.0.tgz"},
		"a beginning of other ones": {"registry=https://registry.example.com/repo/\nreplace-registry-host=https://old.example.com/np", address, address},
		"no user is handed on":      {"registry=https://registry.example.com/\nreplace-registry-host=always", "https://me:secret@old.example.com/oak.tgz", "https://registry.example.com/oak.tgz"},
		"no registry":               {"replace-registry-host=always", address, address},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, ".npmrc"), []byte(test.npmrc), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := LoadConfig(t.Context(), Sources{Project: dir})
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(test.address)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.replaced(u).String(); got != test.want {
				t.Errorf("replaced by %s, want %s", got, test.want)
			}
		})
	}
}

func TestARegistryIsAskedAboutWhatItKeepsOnly(t *testing.T) {
	dir := t.TempDir()
	npmrc := "registry=https://registry.example.com/npm/\n@acme:registry=https://acme.example.com/\n"
	if err := os.WriteFile(filepath.Join(dir, ".npmrc"), []byte(npmrc), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := LoadConfig(t.Context(), Sources{Project: dir})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, address string
		want          bool
	}{
		{"oak", "https://registry.example.com/npm/oak/-/oak-1.0.0.tgz", true},
		{"oak", "https://registry.example.com/npm/other/place.tgz", true},
		{"oak", "https://registry.example.com/elsewhere/oak.tgz", false},
		{"oak", "http://registry.example.com/npm/oak/-/oak-1.0.0.tgz", false},
		{"oak", "https://registry.example.com:444/npm/oak/-/oak-1.0.0.tgz", false},
		{"oak", "https://acme.example.com/oak/-/oak-1.0.0.tgz", false},
		{"@acme/oak", "https://acme.example.com/@acme/oak/-/oak-1.0.0.tgz", true},
		{"@acme/oak", "https://registry.example.com/npm/@acme/oak/-/oak-1.0.0.tgz", false},
		{"oak", "file:oak.tgz", false},
	}
	for _, test := range tests {
		if got := c.Keeps(test.name, test.address); got != test.want {
			t.Errorf("Keeps(%q, %q) = %v", test.name, test.address, got)
		}
	}
}
