// Package registry is `nbuild registry`: the snapshot of a project served to npm, pnpm, yarn
// and bun, until it is stopped.
//
// What is served is settled before anybody asks: nbuild.lock is read, the documents of its
// packages are written or found in the store, and every tarball has to be there. From then on
// no other server is asked for anything, so that it serves when all others are down. A lease
// keeps what it serves from being pruned.
//
// It listens to this machine alone, unless it is told to listen elsewhere; what others reach
// has to be behind TLS, its own or that of a proxy in front of it. Tokens, where there are
// any, say which project asks; the log has their names and never a token.
//
// The invariant: what a client installs is what nbuild.lock pins.
package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/net/netutil"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/npm/replica"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/upstream"
)

// Options say where it listens, and to whom.
type Options struct {
	Listen    string // HOST:PORT; port 0 is any
	URL       string // what clients call it by; "" is where it listens
	Cert, Key string // files of TLS, "" for none
	Tokens    string // a file of tokens, "" for none
	TokensEnv string // the environment variable that has them, "" for none
	Log       func(Request)
	Ready     func(Serving) // is told once it listens
}

// Request is a request and how it was answered.
type Request = replica.Request

// Serving is what is served, and where.
type Serving struct {
	URL      string
	Packages int // versions of packages
	Snapshot string
}

// Bounds of who asks.
const (
	mostConnections = 1_024
	maxHeader       = 32 << 10
	headerTimeout   = 10 * time.Second
	readTimeout     = 60 * time.Second // of a request, whose body nobody wants
	writeTimeout    = 30 * time.Minute // of an answer, to a client that takes it
	idleTimeout     = 90 * time.Second
	endTimeout      = 10 * time.Second // for answers that are being sent when it is stopped
)

// Serve serves until ctx ends, which is no error.
func Serve(ctx context.Context, host machine.Host, o Options) error {
	lock, err := project.ReadLock(filepath.Dir(host.Path(host.File)))
	if err != nil {
		return err
	}
	store, err := host.Store()
	if err != nil {
		return err
	}
	lease, err := store.Lease()
	if err != nil {
		return err
	}
	defer lease.Close()
	of := replica.Of(lock)
	if err := hold(store, lease, of); err != nil {
		return err
	}
	tokens, err := tokens(host, o)
	if err != nil {
		return err
	}
	secure, err := certificate(host, o)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, o, secure != nil)
	if err != nil {
		return err
	}
	defer listener.Close()
	base, hosts := names(o, listener.Addr().(*net.TCPAddr), secure != nil)
	documents, err := replica.Write(ctx, store, of, base)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: &replica.Handler{Documents: documents, Store: store, Hosts: hosts, Tokens: tokens, Log: o.Log}, TLSConfig: secure, MaxHeaderBytes: maxHeader,
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
	}
	o.Ready(Serving{URL: base, Packages: len(of), Snapshot: lock.Digest().OCI()})
	ended := make(chan error, 1)
	go func() { ended <- serve(server, netutil.LimitListener(listener, mostConnections)) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if err := server.Shutdown(last); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("ending: %w", err)
	}
	return nil
}

func serve(server *http.Server, l net.Listener) error {
	if server.TLSConfig != nil {
		return server.ServeTLS(l, "", "")
	}
	return server.Serve(l)
}

// hold keeps what is served, and says what of it is not there.
func hold(store *cas.Store, lease *cas.Lease, of []snapshot.Artefact) error {
	var digests []cas.Digest
	for _, a := range of {
		digests = append(digests, a.SHA256)
		if index, ok := a.Index(); ok {
			digests = append(digests, index)
		}
	}
	if err := lease.Hold(digests...); err != nil {
		return err
	}
	var missing []string
	for _, a := range of {
		if size, ok := store.Stat(a.SHA256); !ok || size != a.Size {
			missing = append(missing, a.Name+"@"+a.Version)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	what := missing[0] + " is not in the store"
	if len(missing) > 1 {
		what = fmt.Sprintf("%s and %d more are not in the store", missing[0], len(missing)-1)
	}
	return &diag.Problem{
		Code: upstream.CodeOffline, Pos: diag.Pos{File: project.LockName}, What: what,
		Why: "this registry serves what the store has, and asks no other one", Remedy: "run `nbuild vendor` once where there is a network",
	}
}

// listen listens where it may.
func listen(ctx context.Context, o Options, secure bool) (net.Listener, error) {
	host, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return nil, &diag.Problem{
			Code: CodeListen, What: fmt.Sprintf("%q is no address to listen on", o.Listen), Why: "it is a host and a port", Remedy: "name both, as in --listen 127.0.0.1:4873",
		}
	}
	front := strings.HasPrefix(o.URL, "https://")
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		switch {
		case !secure && !front:
			return nil, &diag.Problem{
				Code: CodeListen, What: fmt.Sprintf("others could reach %s, and would be answered in the clear", o.Listen),
				Why:    "whoever stands between could read tokens and private packages",
				Remedy: "give it a certificate (--tls-cert, --tls-key), or say by which https address a proxy in front of it is reached (--url)",
			}
		case o.URL == "":
			return nil, &diag.Problem{
				Code: CodeListen, What: fmt.Sprintf("nobody knows what clients call the registry that listens on %s", o.Listen),
				Why: "documents name each tarball by its whole address", Remedy: "name the address that clients have in .npmrc, as in --url https://npm.example.com/",
			}
		}
	}
	if o.URL != "" {
		if u, err := url.Parse(o.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
			return nil, &diag.Problem{
				Code: CodeListen, What: fmt.Sprintf("%q is no address of a registry", o.URL), Why: "it is served at the top of a host, by http or https", Remedy: "name it as in --url https://npm.example.com/",
			}
		}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return nil, &diag.Problem{
			Code: CodeListen, What: "nothing can be served on " + o.Listen, Err: err, Why: "another program may listen there, or this user may not",
			Remedy: "listen elsewhere, as in --listen 127.0.0.1:0, which takes a free port",
		}
	}
	return l, nil
}

// names are the address that documents have, which ends with a slash, and the hosts that a
// request may be for: a page in a browser that has its own name lead to this machine is
// turned away.
func names(o Options, at *net.TCPAddr, secure bool) (base string, hosts []string) {
	_, port, _ := net.SplitHostPort(at.String())
	hosts = []string{at.String()}
	if at.IP.IsLoopback() {
		hosts = append(hosts, "localhost:"+port, "127.0.0.1:"+port, "[::1]:"+port)
	}
	if o.URL != "" {
		u, _ := url.Parse(o.URL)
		return u.Scheme + "://" + u.Host + "/", append([]string{strings.ToLower(u.Host)}, hosts...)
	}
	scheme := "http"
	if secure {
		scheme = "https"
	}
	if host, _, _ := net.SplitHostPort(o.Listen); host == "localhost" {
		return scheme + "://localhost:" + port + "/", hosts
	}
	return scheme + "://" + at.String() + "/", hosts
}

// certificate reads what TLS is spoken with; nil is none.
func certificate(host machine.Host, o Options) (*tls.Config, error) {
	if o.Cert == "" && o.Key == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(host.Path(o.Cert), host.Path(o.Key))
	if err != nil {
		return nil, &diag.Problem{
			Code: CodeSecrets, What: "the certificate can't be read", Err: err, Why: "TLS needs a certificate and its key, both as PEM",
			Remedy: "name both files: --tls-cert FILE --tls-key FILE",
		}
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}
