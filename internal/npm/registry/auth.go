package registry

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
)

// credential is what npm's configuration binds to an address: an Authorization
// header, a client certificate, or both.
type credential struct {
	header   string
	certFile string
	keyFile  string
	key      string // the configuration key that it is bound by, without its last part
}

func (c credential) empty() bool { return c.header == "" && c.certFile == "" }

// sendable is what may be sent to target, or a Problem where it could be read on the
// way by who wrote the project's .npmrc. A contributor may name a registry there,
// with a credential of its own; but the user's credential goes over the user's own
// connection only: not through the project's proxy, not to a server that only the
// project's certificates vouch for, not in the clear because the project says http.
func (c *Config) sendable(target, registry *url.URL) (credential, error) {
	cred := c.credentials(target, registry)
	if cred.empty() || c.ofProject(cred) {
		return cred, nil
	}
	for _, key := range []string{"strict-ssl", "ca", "cafile", "proxy", "https-proxy"} {
		said := c.value(key) != "" && c.value(key) != "null" && (c.value(key) == "false") == (key == "strict-ssl") && c.value(key) != "true"
		if c.project[key] && said && target.Scheme == "https" {
			return credential{}, c.exposed(key, target)
		}
	}
	if target.Scheme == "http" && !isLoopback(target.Hostname()) {
		for _, key := range sortedKeys(c.project) {
			if c.project[key] && (key == "registry" || strings.HasSuffix(key, ":registry")) && strings.HasPrefix(c.value(key), "http:") {
				return credential{}, c.exposed(key, target)
			}
		}
	}
	return cred, nil
}

func (c *Config) exposed(key string, target *url.URL) error {
	return &diag.Problem{
		Code: CodeExposed, What: fmt.Sprintf("%s in the project's .npmrc decides how your credential for %s would be sent", key, target.Host),
		Why:    "whoever can change a file of the project could read it on the way",
		Remedy: fmt.Sprintf("where you trust it, move the line to your own configuration: `npm config set --location=user %s …`, and take it out of the project's .npmrc", diag.Word(key)),
	}
}

// ofProject reports whether the project's own .npmrc gave a credential.
func (c *Config) ofProject(cred credential) bool {
	for key, project := range c.project {
		rest, bound := strings.CutPrefix(key, cred.key)
		if project && bound && (rest == "" || rest[0] == ':') {
			return true
		}
	}
	return false
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

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
		return credential{header: basic(user.Username(), password), key: c.registryKey(registry)}
	}
	return credential{}
}

// registryKey is the key that names a registry.
func (c *Config) registryKey(registry *url.URL) string {
	for scope, u := range c.scopes {
		if u == registry {
			return scope + ":registry"
		}
	}
	return "registry"
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
	cred := credential{key: key}
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
