package keys_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/attest"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/operation/keys"
)

func TestAKeyThatOthersCanReadIsTold(t *testing.T) {
	plain, err := os.ReadFile("../../../testdata/keys/demo.key")
	if err != nil {
		t.Fatal(err)
	}
	const secret = "correct horse battery staple"
	password := func() ([]byte, error) { return []byte(secret), nil }
	pair, err := attest.GenerateKey(password, attest.KeyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		text []byte
		mode os.FileMode
		want int
	}{
		{"plain and readable", plain, 0o644, 1},
		{"plain and readable by the group", plain, 0o640, 1},
		{"plain and private", plain, 0o600, 0},
		{"encrypted and readable", pair.Private, 0o644, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir, reported := t.TempDir(), []event.Event{}
			host := machine.Host{Dir: dir, Events: event.Func(func(e event.Event) { reported = append(reported, e) })}
			path := filepath.Join(dir, "a.key")
			if err := os.WriteFile(path, test.text, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			if _, err := keys.Load(host, "a.key", password); err != nil {
				t.Fatal(err)
			}
			if len(reported) != test.want {
				t.Errorf("reported %+v", reported)
			}
		})
	}
}

func TestNoErrorHoldsThePassword(t *testing.T) {
	const secret = "hunter2 is no good"
	dir := t.TempDir()
	host := machine.Host{Dir: dir, Events: event.Discard}
	right := func() ([]byte, error) { return []byte("another one, and long"), nil }
	if _, err := keys.Generate(host, "a", right, keys.Options{}); err != nil {
		t.Fatal(err)
	}
	wrong := func() ([]byte, error) { return []byte(secret), nil }
	_, err := keys.Load(host, "a.key", wrong)
	if err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("got %v", err)
	}
	if _, err := keys.Generate(host, "a", wrong, keys.Options{}); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("got %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, "a.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's mode is %v, %v", info.Mode(), err)
	}
}

func TestTwoKeygensAtOnceMakeOneKey(t *testing.T) {
	dir := t.TempDir()
	host := machine.Host{Dir: dir, Events: event.Discard}
	password := func() ([]byte, error) { return []byte("correct horse battery staple"), nil }
	type result struct {
		pair *keys.Pair
		err  error
	}
	results := make(chan result, 4)
	for range cap(results) {
		go func() {
			pair, err := keys.Generate(host, "a", password, keys.Options{Algorithm: "ed25519"})
			results <- result{pair, err}
		}()
	}
	var made *keys.Pair
	for range cap(results) {
		r := <-results
		switch {
		case r.err == nil && made != nil:
			t.Error("two keys were made under one name")
		case r.err == nil:
			made = r.pair
		case diag.Exit(r.err) != 2:
			t.Error(r.err)
		}
	}
	if made == nil {
		t.Fatal("no key was made")
	}
	signer, err := keys.Load(host, "a.key", password)
	if err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(filepath.Join(dir, "a.pub"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := attest.ParseKey(public)
	if err != nil || signer.Key().Fingerprint() != key.Fingerprint() || key.Fingerprint().String() != made.Fingerprint {
		t.Errorf("the two files are of two keys: %v", err)
	}
}
