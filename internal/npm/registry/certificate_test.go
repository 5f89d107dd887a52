package registry

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// pair writes a client's certificate and its key into a folder, and returns the files.
func pair(t *testing.T, dir, name string) (cert, key string, parsed *x509.Certificate) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	if parsed, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key, parsed
}

// A registry that asks for a client's certificate is given the pair that is bound to it,
// and what can't be a pair is said before anything is asked.
func TestAClientCertificateIsAPairOrAProblem(t *testing.T) {
	dir := t.TempDir()
	cert, key, known := pair(t, dir, "client")
	otherCert, otherKey, _ := pair(t, dir, "other")
	large := filepath.Join(dir, "large.key")
	if err := os.WriteFile(large, append(make([]byte, bounds.KeyFile), 'x'), 0o600); err != nil {
		t.Fatal(err)
	}
	asked := 0
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked++; io.WriteString(w, body) }))
	pool := x509.NewCertPool()
	pool.AddCert(known)
	s.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	authority := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(s.URL, "https:") + "/"
	for name, test := range map[string]struct {
		cert, key string
		want      diag.Code // "" where the server answers
	}{
		"the pair":                        {cert, key, ""},
		"another's key":                   {cert, otherKey, CodeConfig},
		"a certificate that is not there": {filepath.Join(dir, "none.pem"), key, CodeConfig},
		"a key that is not there":         {cert, filepath.Join(dir, "none.key"), CodeConfig},
		"a key that is a folder":          {cert, dir, CodeConfig},
		"a key beyond its bound":          {cert, large, CodeConfig},
		"no PEM":                          {large, key, CodeConfig},
		"the files exchanged":             {key, cert, CodeConfig},
	} {
		asked = 0
		_, err := fetch(client(t, s.URL, "cafile="+authority, host+":certfile="+test.cert, host+":keyfile="+test.key), request)
		ps := diag.All(err)
		switch {
		case test.want == "" && (err != nil || asked == 0):
			t.Errorf("%s: %v, asked %d times", name, err, asked)
		case test.want != "" && (len(ps) != 1 || ps[0].Code != test.want || ps[0].Remedy == "" || asked > 0):
			t.Errorf("%s: %v, asked %d times", name, err, asked)
		}
	}
	// One that the server does not know gets no answer, and neither does none.
	for name, lines := range map[string][]string{
		"a stranger's": {host + ":certfile=" + otherCert, host + ":keyfile=" + otherKey}, "none": nil, "half a pair": {host + ":certfile=" + cert},
	} {
		asked = 0
		if _, err := fetch(client(t, s.URL, append(lines, "cafile="+authority)...), request); err == nil || asked > 0 {
			t.Errorf("%s: %v, asked %d times", name, err, asked)
		}
	}
}

// What names no certificate is known by the setting that names it: with no authority left,
// nothing could be checked.
func TestAuthoritiesThatCannotBeReadAreNamed(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.pem")
	if err := os.WriteFile(text, []byte("no certificate\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(dir, "large.pem")
	f, err := os.Create(large)
	if err == nil {
		err = f.Truncate(caBytes + 1)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked") }))
	t.Cleanup(s.Close)
	for name, test := range map[string]struct{ line, setting string }{
		"a file that is not there": {"cafile=" + filepath.Join(dir, "none.pem"), "cafile"},
		"a folder":                 {"cafile=" + dir, "cafile"},
		"a file beyond its bound":  {"cafile=" + large, "cafile"},
		"a file of other things":   {"cafile=" + text, "ca"},
		"a text that is no PEM":    {"ca=x", "ca"},
		"an empty PEM":             {`ca="-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"`, "ca"},
	} {
		config, err := load(t, test.line+"\nregistry="+s.URL, "", "")
		if err == nil {
			_, err = NewClient(config, Options{})
		}
		ps := diag.All(err)
		if len(ps) != 1 || ps[0].Code != CodeConfig || !strings.HasPrefix(ps[0].What, test.setting+" in npm's configuration") || !strings.Contains(ps[0].Remedy, "npm config delete "+test.setting+"`") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
