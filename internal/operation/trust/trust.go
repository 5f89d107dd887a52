// Package trust reads the trust file that judges images, and checks and signs it.
//
// The trust file belongs to who operates production, not to who builds: it is read
// from where the operator says, and what vouches for it are root keys that the
// operator names by fingerprint, on the command line, never in the project.
//
// The invariant: a policy comes out of here with the answer whether it may be
// trusted (attest.Trust), so that no caller can forget to ask.
package trust

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nbuild/nbuild/attest"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/wholefile"
)

// CodeNoTrust is a trust file that can't be read.
const CodeNoTrust diag.Code = "NB0338"

// Options say which trust file and what vouches for it.
type Options struct {
	File     string   // relative to the host's folder
	Roots    []string // fingerprints, and at most one "threshold=N"
	Unsigned bool     // take the file as it is
	Earlier  []string // earlier trust files, oldest first, where the root changed
	Checkout string   // a folder whose files are being judged; "" for none
}

// Load reads a trust file and judges whether it may be trusted.
func Load(host machine.Host, o Options) (*attest.Policy, attest.Trust, error) {
	policy, signature, err := read(host, o.File)
	if err != nil {
		return nil, attest.Trust{}, err
	}
	roots, err := attest.ParseRoots(o.Roots)
	if err != nil {
		return nil, attest.Trust{}, err
	}
	opt := attest.TrustOptions{
		Now: host.Now(), Roots: roots, Signature: signature, Unsigned: o.Unsigned,
		InCheckout: inCheckout(o.Checkout, host.Path(o.File)),
	}
	for _, file := range o.Earlier {
		p, s, err := read(host, file)
		if err != nil {
			return nil, attest.Trust{}, err
		}
		opt.Earlier = append(opt.Earlier, attest.SignedPolicy{Policy: p, Signature: s})
	}
	return policy, attest.CheckPolicy(policy, opt), nil
}

// inCheckout reports whether the trust file lies in what is being judged, by its
// name or by where links lead: who can change the checkout can change either.
func inCheckout(dir, file string) bool {
	if dir == "" {
		return false
	}
	return within(dir, file) || within(resolved(dir), resolved(file)) ||
		within(resolved(dir), filepath.Join(resolved(filepath.Dir(file)), filepath.Base(file)))
}

// resolved follows the links of a path, as far as it is there.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// within reports whether a file lies in a folder, by their names.
func within(dir, file string) bool {
	rel, err := filepath.Rel(dir, file)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// read returns the policy in a file, and the signatures beside it, nil where there
// are none.
func read(host machine.Host, file string) (*attest.Policy, []byte, error) {
	if file == "" {
		return nil, nil, &diag.Problem{
			Code: CodeNoTrust, What: "no trust file is named",
			Why: "what production accepts must come from who operates it", Remedy: "name one with --trust FILE",
		}
	}
	path := host.Path(file)
	src, err := wholefile.Read(path, bounds.HCL)
	if err != nil {
		return nil, nil, &diag.Problem{
			Code: CodeNoTrust, What: "the trust file can't be read", Pos: diag.Pos{File: file}, Err: err,
			Why: "without it nothing can be decided", Remedy: "name a file that is there with --trust FILE",
		}
	}
	policy, err := attest.ParsePolicy(src, file, os.DirFS(filepath.Dir(path)))
	if err != nil {
		return nil, nil, err
	}
	signature, err := wholefile.Read(path+attest.SignatureSuffix, bounds.Bundle)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("reading the signatures of %s: %w", file, err)
	}
	return policy, signature, nil
}

// Check is nbuild.trust/v1: what a trust file is, and whether it may be trusted.
type Check struct {
	Schema  string         `json:"schema"`
	File    string         `json:"file"`
	Name    string         `json:"name"`
	Version int64          `json:"version"`
	Digest  string         `json:"digest"`
	Usable  bool           `json:"usable"`
	Checks  []attest.Check `json:"checks"`
	Closed  []string       `json:"closed"` // what accepts no image now, as attest.Policy.Closed says
}

// Judge reads a trust file and reports whether it may be trusted.
func Judge(host machine.Host, o Options) (*Check, error) {
	policy, trusted, err := Load(host, o)
	if err != nil {
		return nil, err
	}
	return &Check{
		Schema: "nbuild.trust/v1", File: o.File, Name: policy.Name, Version: policy.Version,
		Digest: policy.Digest().OCI(), Usable: trusted.Usable(), Checks: append([]attest.Check{}, trusted.Checks()...),
		Closed: policy.Closed(host.Now()),
	}, nil
}

// Signed is nbuild.trust-sign/v1: what a signature came to.
type Signed struct {
	Schema     string   `json:"schema"`
	Signatures string   `json:"signatures"` // the file that holds them
	Root       bool     `json:"root"`       // whether the key is a root key of the trust file itself
	Closed     []string `json:"closed"`     // what accepts no image now, as attest.Policy.Closed says
}

// Sign adds a root's signature to those beside a trust file. A key that is no root of the
// file signs all the same: the root before this one has to.
func Sign(ctx context.Context, host machine.Host, file string, signer attest.Signer) (*Signed, error) {
	path := host.Path(file)
	src, err := wholefile.Read(path, bounds.HCL)
	if err != nil {
		return nil, fmt.Errorf("reading the trust file: %w", err)
	}
	policy, existing, err := read(host, file)
	if err != nil {
		return nil, err
	}
	signed, err := attest.SignPolicy(ctx, signer, src, existing)
	if err != nil {
		return nil, err
	}
	out := &Signed{Schema: "nbuild.trust-sign/v1", Signatures: file + attest.SignatureSuffix, Closed: policy.Closed(host.Now())}
	for _, k := range policy.Root.Keys {
		out.Root = out.Root || k.Key.Fingerprint() == signer.Key().Fingerprint()
	}
	return out, wholefile.Write(path+attest.SignatureSuffix, signed, 0o644)
}
