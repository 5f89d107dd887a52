package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	repb "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/nbuild/nbuild/builder/remote/remotetest"
)

// remoteServer starts a server of the Remote Execution API on the loopback, whose worker
// runs what it is given, and sets a variable to its address: remote-server NAME WORD…. The
// words: cache (it keeps results and runs nothing), down (it is stopped at once), lies (its
// results have an output too many), denies (its worker can make no namespaces), tls (it and
// its clients show certificates, which stand in ca.pem and client.pem, client.key), and
// token=TOKEN.
func remoteServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: remote-server NAME [cache] [down] [lies] [denies] [tls] [token=TOKEN]")
	}
	s := &remotetest.Server{Instance: "shop", Packs: true, Dir: ts.MkAbs(".")}
	var config *tls.Config
	down := false
	for _, word := range args[1:] {
		word, value, _ := strings.Cut(word, "=")
		switch word {
		case "cache":
			s.Caches = true
		case "token":
			s.Token = value
		case "down":
			down = true
		case "lies":
			s.Result = func(r *repb.ActionResult) {
				r.OutputSymlinks = append(r.OutputSymlinks, &repb.OutputSymlink{Path: "evil", Target: "dist"})
			}
		case "denies":
			s.Run = withoutNamespaces
		case "tls":
			config = mutual(ts)
		default:
			ts.Fatalf("a server can't be %q", word)
		}
	}
	stop, err := s.Start(config)
	ts.Check(err)
	if down {
		stop()
	} else {
		ts.Defer(stop)
	}
	ts.Setenv(args[0], s.Address)
}

// withoutNamespaces runs a command where all namespaces are in use, as in a worker's
// container that may make none.
func withoutNamespaces(work string, args []string) (stdout, stderr []byte, exit int) {
	var out, errs bytes.Buffer
	cmd := exec.Command("unshare", append([]string{"--user", "--map-root-user", "sh", "-c", `echo 0 >/proc/sys/user/max_mnt_namespaces && exec "$@"`, "sh"}, args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = work, &out, &errs
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		return nil, []byte(err.Error()), 127
	}
	return out.Bytes(), errs.Bytes(), cmd.ProcessState.ExitCode()
}

// mutual makes certificates of a server and a client, and writes what the client needs.
func mutual(ts *testscript.TestScript) *tls.Config {
	root, rootKey := certificate(ts, nil, nil, "an authority")
	pool := x509.NewCertPool()
	pool.AddCert(root)
	server, serverKey := certificate(ts, root, rootKey, "a server")
	client, clientKey := certificate(ts, root, rootKey, "a client")
	key, err := x509.MarshalPKCS8PrivateKey(clientKey)
	ts.Check(err)
	for name, block := range map[string]*pem.Block{
		"ca.pem": {Type: "CERTIFICATE", Bytes: root.Raw}, "client.pem": {Type: "CERTIFICATE", Bytes: client.Raw}, "client.key": {Type: "PRIVATE KEY", Bytes: key},
	} {
		ts.Check(os.WriteFile(ts.MkAbs(name), pem.EncodeToMemory(block), 0o600))
	}
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{server.Raw}, PrivateKey: serverKey}}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
	}
}

func certificate(ts *testscript.TestScript, by *x509.Certificate, with *ecdsa.PrivateKey, name string) (*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(name))), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true, IsCA: by == nil,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if by == nil {
		by, with = c, key
	}
	raw, err := x509.CreateCertificate(rand.Reader, c, by, &key.PublicKey, with)
	ts.Check(err)
	c, err = x509.ParseCertificate(raw)
	ts.Check(err)
	return c, key
}
