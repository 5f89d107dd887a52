package steps

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/builder/remote"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/remotes"
	"github.com/nbuild/nbuild/internal/wholefile"
)

// CodeRemotes is what --remote names, or its credentials, and can't be used.
const CodeRemotes diag.Code = "NB0398"

// Remote makes a client of the machines that the host is told to use, and nil where it is
// told of none. The end is to be called when the steps ran.
func Remote(host machine.Host) (r *execution.Remote, end func(), err error) {
	h := host.Remote
	if h.Server == "" {
		return nil, func() {}, nil
	}
	known, err := configured(h.Folder)
	if err != nil {
		return nil, nil, err
	}
	server := remotes.Server{Address: h.Server}
	named := slices.IndexFunc(known, func(s remotes.Server) bool { return s.Name == h.Server })
	if named >= 0 {
		server = known[named]
	}
	address, err := remote.ParseAddress(server.Address)
	if err != nil {
		return nil, nil, unusable(server, known, err)
	}
	if named < 0 { // its credentials are those of the same host
		for _, s := range known {
			if a, err := remote.ParseAddress(s.Address); err == nil && a.Host == address.Host && a.TLS == address.TLS {
				s.Address = h.Server
				server = s
				break
			}
		}
	}
	for _, of := range []struct {
		given string
		to    *string
	}{{h.Certificate, &server.Certificate}, {h.Key, &server.Key}, {h.CA, &server.CA}} {
		if of.given != "" {
			*of.to = host.Path(of.given)
		}
	}
	o := remote.Options{
		Address: address, Token: h.Token, Retry: host.Retry(), Pace: host.Patience.Pace, Unique: h.Unique, UserAgent: "nbuild/" + host.Version, Events: host.Events,
		Updates: h.Cache == machine.CacheShared, Afresh: server.Ignore,
	}
	if o.Token == "" && server.TokenFile != "" {
		text, err := credential(server.TokenFile)
		if err != nil {
			return nil, nil, err
		}
		o.Token = strings.TrimSpace(string(text))
	}
	if strings.ContainsFunc(o.Token, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return nil, nil, &diag.Problem{Code: CodeRemotes, Pos: server.At, What: "the token is none", Why: "it has a space, a line break or another sign in it that no token has", Remedy: "write the token alone into the file or the variable"}
	}
	if o.TLS, err = trusted(server); err != nil {
		return nil, nil, err
	}
	client, err := remote.New(o)
	if err != nil {
		return nil, nil, err
	}
	return &execution.Remote{Machines: client, Execute: h.Cache == "", Share: h.Cache == machine.CacheShared, Fallback: h.Fallback}, func() { client.Close() }, nil
}

// configured reads remotes.hcl, where there is one.
func configured(folder string) ([]remotes.Server, error) {
	if folder == "" {
		return nil, nil
	}
	at := filepath.Join(folder, remotes.File)
	src, err := wholefile.Read(at, bounds.HCL)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the remotes: %w", err)
	}
	return remotes.Parse(src, at)
}

func unusable(s remotes.Server, known []remotes.Server, err error) error {
	p := &diag.Problem{Code: CodeRemotes, Pos: s.At, What: "--remote can't be used: " + err.Error(), Remedy: "write it as grpcs://HOST/INSTANCE, or name a block of " + remotes.File}
	var names []string
	for _, k := range known {
		names = append(names, k.Name)
	}
	if near := diag.Nearest(s.Address, names); near != "" {
		p.Remedy = fmt.Sprintf("did you mean --remote %s?", near)
	}
	return p
}

// credential reads a file of a secret or a certificate.
func credential(path string) ([]byte, error) {
	text, err := wholefile.Read(path, bounds.KeyFile)
	if err != nil {
		return nil, &diag.Problem{Code: CodeRemotes, What: "a file of credentials for --remote can't be read", Err: err, Remedy: "name a file that is there, in " + remotes.File + " or NBUILD_REMOTE_CERTIFICATE, NBUILD_REMOTE_KEY and NBUILD_REMOTE_CA"}
	}
	return text, nil
}

// trusted is whom a server must be vouched for by, and what it is shown.
func trusted(s remotes.Server) (*tls.Config, error) {
	config := &tls.Config{}
	if s.CA != "" {
		text, err := credential(s.CA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, &diag.Problem{Code: CodeRemotes, Pos: s.At, What: s.CA + " has no certificate in it", Why: "nobody would vouch for the server", Remedy: "name a file of PEM certificates as ca"}
		}
	}
	if s.Certificate == "" && s.Key == "" {
		return config, nil
	}
	if s.Certificate == "" || s.Key == "" {
		return nil, &diag.Problem{Code: CodeRemotes, Pos: s.At, What: "a certificate is shown with its key, and one of the two is missing", Remedy: "set certificate and key, or neither"}
	}
	certificate, err := credential(s.Certificate)
	if err != nil {
		return nil, err
	}
	key, err := credential(s.Key)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, &diag.Problem{Code: CodeRemotes, Pos: s.At, What: s.Certificate + " and its key can't be used", Err: err, Remedy: "name a PEM certificate and the key that it was made for"}
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}
