package registry

import (
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// credential is what npm's configuration binds to an address: an Authorization
// header, a client certificate, or both.
type credential struct {
	header   string
	certFile string
	keyFile  string
}

func (c credential) empty() bool { return c == credential{} }

// credentials finds what may be sent to target, which is asked on behalf of
// registry: what is bound to its own path, else what is bound to the registry's
// if that is the same host. A lockfile that says http where the configuration
// says https gets nothing.
func (c *Config) credentials(target, registry *url.URL) credential {
	sameHost := registry != nil && target.Host == registry.Host
	if target.Scheme != "https" && !(sameHost && registry.Scheme == "http") {
		return credential{}
	}
	if cred := c.bound(target); !cred.empty() {
		return cred
	}
	if !sameHost {
		return credential{}
	}
	if cred := c.bound(registry); !cred.empty() {
		return cred
	}
	if user := registry.User; user != nil {
		password, _ := user.Password()
		return credential{header: basic(user.Username(), password)}
	}
	return credential{}
}

// bound walks up from an address to its host, //host/a/b, //host/a/, //host/a, and
// takes the first that has a credential (npm's "nerf dart").
func (c *Config) bound(u *url.URL) credential {
	key := "//" + u.Host + u.EscapedPath()
	for len(key) > len("//") {
		if cred := c.at(key); !cred.empty() {
			return cred
		}
		if strings.HasSuffix(key, "/") {
			key = key[:len(key)-1]
		} else {
			key = key[:strings.LastIndexByte(key, '/')+1]
		}
	}
	return credential{}
}

func (c *Config) at(key string) credential {
	var cred credential
	switch {
	case c.value(key+":_authToken") != "":
		cred.header = "Bearer " + c.value(key+":_authToken")
	case c.value(key+":_auth") != "":
		cred.header = "Basic " + c.value(key+":_auth")
	case c.value(key+":username") != "" && c.value(key+":_password") != "":
		if password, err := base64.StdEncoding.DecodeString(c.value(key + ":_password")); err == nil {
			cred.header = basic(c.value(key+":username"), string(password))
		}
	}
	if cert, file := c.value(key+":certfile"), c.value(key+":keyfile"); cert != "" && file != "" {
		cred.certFile, cred.keyFile = cert, file
	}
	return cred
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// shown is an address fit for a message: no user, no query, no fragment.
func shown(u *url.URL) string {
	v := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return v.String()
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
