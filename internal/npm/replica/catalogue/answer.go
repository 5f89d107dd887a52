package catalogue

import (
	"encoding/json"
	"strings"
)

// Request is what was asked, as far as it decides the answer.
type Request struct {
	Method string
	Target string   // as it stands in the request's first line
	Host   string   // the request's Host
	Hosts  []string // those that the replica goes by, in lower case; nil is any
	Accept string
}

// Answer is what comes back: a part of the documents or a tarball where Entry is not nil,
// else Text.
type Answer struct {
	Status int
	Type   string // Content-Type
	Entry  *Entry
	Text   string
	Allow  string // the methods that there are, where the status is 405
}

// Media types of answers.
const (
	typeJSON    = "application/json"
	typeInstall = "application/vnd.npm.install-v1+json"
	typeTarball = "application/octet-stream"
)

// Statuses of answers (RFC 9110 §15).
const (
	ok            = 200
	badRequest    = 400
	unknown       = 401
	notFound      = 404
	notAllowed    = 405
	misdirected   = 421
	broken        = 500
	notThere      = 501
	reading       = "GET, HEAD"
	notProxy      = "this is a registry and no proxy: it serves its own packages and reaches nobody"
	readOnly      = "this registry is a replica of nbuild.lock and takes no changes: publish to the registry that the package comes from, then run `nbuild pin`"
	noSearch      = "this registry is a replica of nbuild.lock and does not search: nbuild.lock lists what it has"
	noAdvisories  = "this registry is a replica of nbuild.lock and knows of no advisories: ask the registry that the packages come from"
	noAccounts    = "this registry is a replica of nbuild.lock and has no accounts"
	notUnderstood = "there is no such request in this registry: it serves packages that are pinned in nbuild.lock"
)

// Answer answers a request.
func (c *Catalogue) Answer(r Request) Answer {
	path, fine := decoded(r.Target)
	switch {
	case r.Method == "CONNECT":
		return refusal(notAllowed, notProxy)
	case !fine:
		return refusal(badRequest, notProxy)
	case r.Hosts != nil && !named(r.Host, r.Hosts):
		return refusal(misdirected, "this registry goes by another name: "+r.Hosts[0])
	case r.Method == "POST" && strings.HasPrefix(path, "/-/npm/v1/security/"):
		return refusal(notThere, noAdvisories)
	case r.Method != "GET" && r.Method != "HEAD":
		return refusal(notAllowed, readOnly)
	case path == "/", path == "/-/ping":
		return Answer{Status: ok, Type: typeJSON, Text: "{}"}
	}
	if e := c.short[path]; e != nil && strings.Contains(r.Accept, typeInstall) {
		return Answer{Status: ok, Type: typeInstall, Entry: e}
	}
	if e := c.at[path]; e != nil {
		kind := typeJSON
		if e.Kind == Tarball {
			kind = typeTarball
		}
		return Answer{Status: ok, Type: kind, Entry: e}
	}
	return c.missing(path)
}

// Malformed is the answer to what is no request.
func Malformed() Answer { return refusal(badRequest, "this is no request of HTTP/1.1") }

// Unknown is the answer to who shows no token, where one is asked for.
func Unknown() Answer {
	return refusal(unknown, "this registry asks for a token: set _authToken for it in .npmrc")
}

// Broken is the answer where what stands at a path can't be had.
func Broken() Answer {
	return refusal(broken, "a tarball that nbuild.lock pins is not in the store, or damaged: run `nbuild cache verify --repair` and `nbuild vendor` where this registry runs")
}

// missing says what is not there, and how it comes to be.
func (c *Catalogue) missing(path string) Answer {
	switch {
	case strings.HasPrefix(path, "/-/v1/search"), strings.HasPrefix(path, "/-/all"):
		return refusal(notThere, noSearch)
	case strings.HasPrefix(path, "/-/npm/v1/security/"):
		return refusal(notThere, noAdvisories)
	case path == "/-/whoami", strings.HasPrefix(path, "/-/user"), strings.HasPrefix(path, "/-/npm/v1/user"), strings.HasPrefix(path, "/-/npm/v1/tokens"), strings.HasPrefix(path, "/-/org"), strings.HasPrefix(path, "/-/v1/login"):
		return refusal(notThere, noAccounts)
	case strings.HasPrefix(path, "/-/package/"):
		path = strings.TrimSuffix(strings.TrimPrefix(path, "/-/package"), "/dist-tags")
	case strings.HasPrefix(path, "/-/"):
		return refusal(notFound, notUnderstood)
	}
	name, rest, _ := strings.Cut(path[1:], "/")
	if strings.HasPrefix(name, "@") {
		second, after, _ := strings.Cut(rest, "/")
		name, rest = name+"/"+second, after
	}
	if c.at["/"+name] == nil {
		return refusal(notFound, name+" is not pinned in nbuild.lock: run `nbuild pin` once package.json and the lockfile ask for it")
	}
	return refusal(notFound, "nbuild.lock pins "+name+", and not "+rest+": run `nbuild pin` once the lockfile asks for it")
}

// refusal is an answer in the shape that npm's clients print.
func refusal(status int, text string) Answer {
	body, err := json.Marshal(map[string]string{"error": printable(text)})
	if err != nil {
		body = []byte("{}")
	}
	a := Answer{Status: status, Type: typeJSON, Text: string(body)}
	if status == notAllowed {
		a.Allow = reading
	}
	return a
}

// longest is how much of a refusal is sent: what was asked for is in it.
const longest = 600

// printable takes out of a text what a terminal would obey.
func printable(text string) string {
	clean := strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfffd {
			return '?'
		}
		return r
	}, text)
	if len(clean) > longest {
		return strings.ToValidUTF8(clean[:longest], "") + "…"
	}
	return clean
}

// named reports whether a Host is one that the replica goes by.
func named(host string, hosts []string) bool {
	host = strings.ToLower(host)
	for _, h := range hosts {
		if h == host {
			return true
		}
	}
	return false
}

// decoded is the path of a request's target, decoded once. Only the origin form is taken
// (RFC 9112 §3.2.1): one that names a server is meant for a proxy.
func decoded(target string) (path string, fine bool) {
	target, _, _ = strings.Cut(target, "?")
	if !strings.HasPrefix(target, "/") || strings.Contains(target, "#") {
		return "", false
	}
	if !strings.Contains(target, "%") {
		return target, true
	}
	b := make([]byte, 0, len(target))
	for i := 0; i < len(target); i++ {
		c := target[i]
		if c == '%' {
			if i+2 >= len(target) {
				return "", false
			}
			high, low := digit(target[i+1]), digit(target[i+2])
			if high > 15 || low > 15 {
				return "", false
			}
			c, i = high<<4|low, i+2
		}
		b = append(b, c)
	}
	return string(b), true
}

func digit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}
