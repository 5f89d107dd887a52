package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// slowly answers a byte at a time ("drip"), never ("silent"), or without an end
// ("endless").
func slowly(how string, w http.ResponseWriter, r *http.Request) {
	if how == "silent" {
		<-r.Context().Done()
		return
	}
	chunk := "x"
	if how == "endless" {
		chunk = strings.Repeat(" ", 1<<20)
	}
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, chunk); err != nil {
			return
		}
		if how == "drip" {
			w.(http.Flusher).Flush()
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// slowNPM names a registry in .npmrc that serves slowly: tarballs, or where it is
// endless package documents, whose tarballs are those of $NPM: slow-npm drip|silent|endless.
func slowNPM(ts *testscript.TestScript, neg bool, args []string) {
	behind := ts.Getenv("NPM")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tarball := strings.Contains(r.URL.Path, "/-/"); tarball == (args[0] == "endless") {
			resp, err := http.Get(behind + r.URL.Path)
			if err != nil {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			defer resp.Body.Close()
			_, _ = io.Copy(w, resp.Body)
			return
		}
		slowly(args[0], w, r)
	}))
	ts.Defer(server.CloseClientConnections)
	ts.Check(os.WriteFile(ts.MkAbs(".npmrc"), []byte("registry="+server.URL+"/\n"), 0o600))
}

// slowFiles serves whatever it is asked for slowly and names itself in $SLOW, as host and
// port: slow-files drip|silent.
func slowFiles(ts *testscript.TestScript, neg bool, args []string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			return
		}
		slowly(args[0], w, r)
	}))
	ts.Defer(server.CloseClientConnections)
	ts.Setenv("SLOW", strings.TrimPrefix(server.URL, "http://"))
}

// slowArchive is a proxy that stands for whatever archive of Debian is asked, by http and
// by https, and that gives a byte at a time. Certificates of its own are the ones that the
// command trusts then: slow-archive.
func slowArchive(ts *testscript.TestScript, neg bool, args []string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	certify := func(name string) *tls.Certificate {
		leaf := *template
		leaf.DNSNames = []string{name}
		der, err := x509.CreateCertificate(rand.Reader, &leaf, template, key.Public(), key)
		if err != nil {
			return nil
		}
		return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	}
	root := certify("root")
	ts.Check(os.WriteFile(ts.MkAbs("../archive.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate[0]}), 0o644))
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { slowly("drip", w, r) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			slow(w, r)
			return
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		inside := tls.Server(conn, &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			return certify(hello.ServerName), nil
		}})
		if _, err := http.ReadRequest(bufio.NewReader(inside)); err != nil {
			return
		}
		_, err = io.WriteString(inside, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
		for ; err == nil; _, err = io.WriteString(inside, "x") {
			time.Sleep(20 * time.Millisecond)
		}
	}))
	ts.Defer(server.CloseClientConnections)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY"} {
		ts.Setenv(name, server.URL)
	}
	ts.Setenv("SSL_CERT_FILE", ts.MkAbs("../archive.pem"))
	ts.Setenv("SSL_CERT_DIR", ts.MkAbs("../none"))
}
