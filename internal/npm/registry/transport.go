package registry

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// caBytes bounds a file of certificates.
const caBytes = 8 << 20

// tlsConfig applies cafile, ca and strict-ssl. As in npm, either replaces the
// system's certificates; both together add up.
func (c *Config) tlsConfig() (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.value("strict-ssl") == "false" {
		conf.InsecureSkipVerify = true // the user's own word; integrity still holds the bytes
	}
	var pems []byte
	if file := c.value("cafile"); file != "" && file != "null" {
		src, err := readBounded(file, caBytes)
		if err != nil {
			return nil, badCA("cafile", err)
		}
		pems = append(pems, src...)
	}
	for _, text := range c.values["ca"] {
		if text != "" && text != "null" {
			pems = append(append(pems, '\n'), strings.ReplaceAll(text, `\n`, "\n")...)
		}
	}
	if len(pems) > 0 {
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pems) {
			return nil, badCA("ca", fmt.Errorf("no certificate in it"))
		}
	}
	return conf, nil
}

func badCA(key string, err error) error {
	return &diag.Problem{
		Code: CodeConfig, What: key + " in npm's configuration can't be used", Err: err,
		Why:    "the registry's certificate could not be checked against it",
		Remedy: "run `npm config set cafile FILE` with a readable file of PEM certificates, or `npm config delete " + diag.Word(key) + "`",
	}
}

// transport makes the one for a client certificate, or for none.
func (c *Config) transport(cred credential, connect time.Duration, connections int) (*http.Transport, error) {
	conf, err := c.tlsConfig()
	if err != nil {
		return nil, err
	}
	if cred.certFile != "" {
		pair, err := loadPair(cred.certFile, cred.keyFile)
		if err != nil {
			return nil, &diag.Problem{
				Code: CodeConfig, What: "the client certificate in npm's configuration can't be used", Err: err,
				Why:    "the registry that it is bound to asks for it",
				Remedy: "let :certfile and :keyfile of that registry name readable PEM files",
			}
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return &http.Transport{
		Proxy:               func(r *http.Request) (*url.URL, error) { return c.proxy(r.URL) },
		DialContext:         (&net.Dialer{Timeout: connect, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:     conf,
		TLSHandshakeTimeout: connect,
		ForceAttemptHTTP2:   true,
		MaxConnsPerHost:     connections,
		MaxIdleConnsPerHost: connections,
		IdleConnTimeout:     30 * time.Second,
		DisableCompression:  true, // answers are inflated by the one inflater of this project
	}, nil
}

func loadPair(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := readBounded(certFile, caBytes)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := readBounded(keyFile, bounds.KeyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}

// proxy is the proxy for an address: https-proxy or proxy of npm's configuration,
// else what HTTPS_PROXY or HTTP_PROXY says; none for what noproxy or NO_PROXY
// lists.
func (c *Config) proxy(u *url.URL) (*url.URL, error) {
	if c.noProxy(u.Hostname()) {
		return nil, nil
	}
	candidates := []string{c.value("https-proxy"), c.value("proxy"), c.variable("HTTPS_PROXY")}
	if u.Scheme == "http" {
		candidates = append(candidates, c.variable("HTTP_PROXY"), c.variable("PROXY"))
	}
	for _, address := range candidates {
		switch address {
		case "", "null", "true":
			continue
		case "false":
			return nil, nil
		}
		if !strings.Contains(address, "://") {
			address = "http://" + address
		}
		p, err := url.Parse(address)
		if err != nil || p.Host == "" {
			return nil, &diag.Problem{
				Code: CodeConfig, What: "the proxy in npm's configuration or the environment is no address",
				Why:    "no registry can be reached through it",
				Remedy: "run `npm config set https-proxy http://proxy.example.com:8080` with your proxy's address",
			}
		}
		return p, nil
	}
	return nil, nil
}

// noProxy reports whether a host is in the list: by itself, or as a domain of it.
// Loopback is never proxied.
func (c *Config) noProxy(host string) bool {
	if isLoopback(host) {
		return true
	}
	lists := c.values["noproxy"]
	if len(lists) == 0 {
		lists = []string{c.variable("NO_PROXY")}
	}
	for _, list := range lists {
		for entry := range strings.SplitSeq(list, ",") {
			entry = strings.TrimPrefix(strings.TrimSpace(entry), "*")
			if h, _, err := net.SplitHostPort(entry); err == nil {
				entry = h
			}
			entry = strings.TrimPrefix(entry, ".")
			if entry == "" {
				if strings.TrimSpace(list) == "*" {
					return true
				}
				continue
			}
			if strings.EqualFold(host, entry) || strings.HasSuffix(strings.ToLower(host), "."+strings.ToLower(entry)) {
				return true
			}
		}
	}
	return false
}

// variable is a variable of the environment, in lower case first, as curl and
// Node's proxy agents have it.
func (c *Config) variable(name string) string {
	if v := c.env[strings.ToLower(name)]; v != "" {
		return v
	}
	return c.env[name]
}
