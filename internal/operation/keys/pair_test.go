package keys_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/operation/keys"
	"github.com/nbuild/nbuild/internal/wholefile"
)

func password() ([]byte, error) { return []byte("correct horse"), nil }

func TestAKeyFileIsNeverOverwritten(t *testing.T) {
	for _, there := range []string{"demo.key", "demo.pub"} {
		t.Run(there, func(t *testing.T) {
			host := machine.Host{Dir: t.TempDir()}
			if err := os.WriteFile(filepath.Join(host.Dir, there), []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := keys.Generate(host, "demo", password, keys.Options{})
			if ps := diag.All(err); len(ps) != 1 || ps[0].Code != keys.CodeExists {
				t.Errorf("%v", err)
			}
			if b, err := os.ReadFile(filepath.Join(host.Dir, there)); err != nil || string(b) != "mine" {
				t.Errorf("%q, %v", b, err)
			}
			if entries, err := os.ReadDir(host.Dir); err != nil || len(entries) != 1 {
				t.Errorf("%v, %v", entries, err)
			}
		})
	}
}

func TestAKeyPairSignsUnderItsPasswordOnly(t *testing.T) {
	host := machine.Host{Dir: t.TempDir()}
	pair, err := keys.Generate(host, "demo", password, keys.Options{Algorithm: "ed25519"})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(host.Dir, pair.Private)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	signer, err := keys.Load(host, pair.Private, password)
	if err != nil || signer.Key().Fingerprint().String() != pair.Fingerprint {
		t.Errorf("%v", err)
	}
	if _, err := keys.Load(host, pair.Private, func() ([]byte, error) { return []byte("wrong"), nil }); len(diag.All(err)) != 1 {
		t.Errorf("another password: %v", err)
	}
}

func TestLoadRefuses(t *testing.T) {
	host := machine.Host{Dir: t.TempDir()}
	if err := syscall.Mkfifo(filepath.Join(host.Dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(host.Dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(host.Dir, "large"), make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"none.key", "pipe", "folder", "large"} {
		_, err := keys.Load(host, name, password)
		if ps := diag.All(err); len(ps) != 1 || ps[0].Code != keys.CodeNoKey {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := keys.Generate(host, "x", password, keys.Options{Algorithm: "rsa"})
	if ps := diag.All(err); len(ps) != 1 || ps[0].Code != keys.CodeAlgorithm {
		t.Errorf("%v", err)
	}
}

func TestWriteFileReplacesAtOnceAndLeavesNothingBeside(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "nbuild.lock")
	for _, text := range []string{"one", "two"} {
		if err := wholefile.Write(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	b, readErr := os.ReadFile(name)
	if err != nil || readErr != nil || len(entries) != 1 || string(b) != "two" {
		t.Errorf("%v %q %v %v", entries, b, err, readErr)
	}
	if err := wholefile.Write(filepath.Join(dir, "none", "x"), nil, 0o644); err == nil {
		t.Error("a folder that is not there was written to")
	}
}
