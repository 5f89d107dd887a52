package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"

	"github.com/klauspost/compress/gzip"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/retry"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// errLocal marks what failed on this side, in the writer that was handed in.
var errLocal = errors.New("storing")

func isProblem(err error) bool {
	var p *diag.Problem
	return errors.As(err, &p)
}

func isCertificate(err error) bool {
	var verify *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &verify) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid)
}

// bare takes off wrappers that repeat a whole address, query and all.
func bare(err error) error {
	for {
		var u *url.Error
		if !errors.As(err, &u) {
			return err
		}
		err = u.Err
	}
}

// problem says to a person what became of a request.
func problem(a ask, err error) error {
	err = bare(err)
	if isProblem(err) || errors.Is(err, errLocal) || errors.Is(err, context.Canceled) {
		return err
	}
	p := &diag.Problem{Err: err}
	if a.registry == nil && addressProblem(p, a, err) {
		return p
	}
	where := shown(a.target)
	var status *retry.Status
	var redirected *redirectError
	var network net.Error
	var slow *pace.Slow
	switch {
	case errors.As(err, &status):
		statusProblem(p, a, status)
	case errors.As(err, &redirected):
		p.Code = CodeRedirect
		p.What = fmt.Sprintf("%s is redirected where nbuild does not follow", a.what)
		p.Why = "following it would let others read or choose what comes; asked at " + where
		p.Remedy = "run `npm config set registry https://registry.example.com/` with the address that the registry redirects to"
	case errors.Is(err, errMismatch):
		p.Code = CodeLying
		p.What = fmt.Sprintf("%s is not what its integrity says", a.what)
		p.Why = "the server or someone between serves other bytes than the lockfile names; nothing was kept; asked at " + where
		p.Remedy = "find out who changed it: `npm view " + diag.Word(a.what) + " dist.integrity` is the registry's word; where the lockfile is what is wrong, write that in its place, or take back the one of before"
	case isCertificate(err):
		p.Code = CodeCertificate
		p.What = fmt.Sprintf("the certificate of %s is not trusted", where)
		p.Why = "whoever answers can't be distinguished from the registry"
		p.Remedy = "run `npm config set cafile FILE` with the PEM file of your registry's authority"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		p.Code = CodeCut
		p.What = fmt.Sprintf("the answer for %s has another length than the registry said", a.what)
		p.Why = "the connection was cut each time, or a proxy changes answers; nothing was kept; asked at " + where
		p.Remedy = "run the same command again: what came whole is kept; if it stays, look at the proxy in `npm config get https-proxy`"
	case errors.Is(err, errLarge), errors.Is(err, strictjson.ErrBound):
		p.Code = CodeLarge
		p.What = fmt.Sprintf("what the registry sends for %s is larger than nbuild takes", a.what)
		p.Why = fmt.Sprintf("a package document may have %d MiB, what it says of one version %d, and a tarball %d, so that no server can fill memory or disk; nothing was kept; asked at %s", bounds.Packument>>20, maxVersion>>20, bounds.Tarball>>20, where)
		p.Remedy = "check that `npm config get registry` names an npm registry, and ask whoever keeps it why that has grown so"
	case errors.Is(err, strictjson.ErrSyntax):
		p.Code = CodePackument
		p.What = fmt.Sprintf("what the registry says about %s can't be read", a.what)
		p.Why = "it is no package document; asked at " + where
		p.Remedy = "check that `npm config get registry` names an npm registry"
	case errors.As(err, &slow):
		p.Code, p.Err = CodeUnreachable, nil
		p.What = fmt.Sprintf("the registry did not deliver %s in time", a.what)
		p.Why = slow.Error() + "; asked at " + where
		p.Remedy = "run the same command again: what came whole is kept; if it stays, look at `npm ping`, and at the proxy in `npm config get https-proxy`"
	case errors.As(err, &network):
		p.Code = CodeUnreachable
		p.What = fmt.Sprintf("the registry did not deliver %s", a.what)
		p.Why = "it can't be reached; asked at " + where
		p.Remedy = "run `npm ping` and look at `npm config get registry` and the proxy settings, then run the same command again"
	default:
		p.Code = CodeUnreachable
		p.What = fmt.Sprintf("the registry did not deliver %s", a.what)
		p.Why = "the request failed each time; asked at " + where
		p.Remedy = "run `npm ping`, then run the same command again: what came whole is kept"
	}
	return p
}

// addressProblem says what became of a request for an address that stands in a
// lockfile and lies at no registry that is configured. It reports whether it knew.
func addressProblem(p *diag.Problem, a ask, err error) bool {
	host, where := a.target.Hostname(), shown(a.target)
	var status *retry.Status
	var redirected *redirectError
	var slow *pace.Slow
	errors.As(err, &status)
	switch {
	case status != nil && slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden}, status.Code):
		p.Code = CodeDenied
		p.What = fmt.Sprintf("%s denies access to %s", host, a.what)
		p.Why = "npm's configuration holds no credential for that server, or one that is not accepted, and a credential in the lockfile's address is not used; asked at " + where
		p.Remedy = "run `npm config set //" + diag.Word(a.target.Host) + "/:_authToken TOKEN`, with your token"
	case status != nil && slices.Contains([]int{http.StatusNotFound, http.StatusGone}, status.Code):
		p.Code = CodeNotFound
		p.What = fmt.Sprintf("%s does not have %s", host, a.what)
		p.Why = "the lockfile says that it comes from there, so no registry is asked for it; asked at " + where
		p.Remedy = "if your registry has it, run `npm config set replace-registry-host " + diag.Word(host) + "`: npm and nbuild then ask your registry in place of that server"
	case isCertificate(err), errors.Is(err, errMismatch), errors.Is(err, errLarge), errors.As(err, &redirected), errors.Is(err, io.ErrUnexpectedEOF):
		return false
	case errors.As(err, &slow):
		p.Code, p.Err = CodeAddress, nil
		p.What = fmt.Sprintf("%s did not deliver %s in time", host, a.what)
		p.Why = slow.Error() + "; the lockfile says that the package comes from there; asked at " + where
		p.Remedy = "run the same command again later: what came whole is kept; if your registry has it, `npm config set replace-registry-host " + diag.Word(host) + "` has npm and nbuild ask that one"
	default:
		p.Code = CodeAddress
		p.What = fmt.Sprintf("%s did not deliver %s", host, a.what)
		p.Why = "it can't be reached or answers with an error; the lockfile says that the package comes from there; asked at " + where
		p.Remedy = "run the same command again later: what came whole is kept; if your registry has it, `npm config set replace-registry-host " + diag.Word(host) + "` has npm and nbuild ask that one"
	}
	return true
}

func statusProblem(p *diag.Problem, a ask, s *retry.Status) {
	where := shown(a.target)
	switch s.Code {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		p.Code = CodeDenied
		p.What = fmt.Sprintf("the registry denies access to %s", a.what)
		p.Why = "npm's configuration holds no credential for it, or one that is not accepted; asked at " + where
		p.Remedy = "run `npm login --registry=" + diag.Word(shown(a.registry)) + "`, or set its :_authToken in your .npmrc"
	case http.StatusNotFound, http.StatusGone:
		p.Code = CodeNotFound
		p.What = fmt.Sprintf("the registry does not have %s", a.what)
		p.Why = "it was removed, or its name is bound to another registry; asked at " + where
		p.Remedy = "look with `npm view`; bind a scope with `npm config set @scope:registry https://registry.example.com/`"
	default:
		p.Code = CodeFailing
		p.What = fmt.Sprintf("the registry fails to deliver %s", a.what)
		p.Why = "it answers with an error each time, or asks for more patience than a build has; asked at " + where
		p.Remedy = "run the same command again later: what came whole is kept"
	}
}
