package npm

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/npm/semver"
)

// request is what the text of a dependency asks for, as npm-package-arg reads it.
type request struct {
	kind     requested
	text     string       // without the space around it
	any      bool         // "*": whatever there is, prereleases too
	name     string       // whom an alias stands for
	versions semver.Range // of a range, and of what an alias stands for where that is one
	folder   string       // of a file or folder: its path as written
	git      gitRequest
	aliased  requested // what an alias asks of its package
}

// requested is where the thing that is asked for comes from.
type requested int

const (
	ofRange  requested = iota // of a registry: a version or a range
	ofTag                     // of a registry: a name for a version, such as "next"
	ofAlias                   // of a registry, under another name
	ofFile                    // a tarball of the project
	ofFolder                  // a folder of the project
	ofRemote                  // a tarball at an address
	ofGit
)

// loosely is how npm reads what stands in package.json and in lockfiles.
var loosely = semver.Options{Loose: true}

var errRequest = errors.New("not something that npm can ask for")

// parseRequest reads what name is asked for.
func parseRequest(name, spec string) (request, error) {
	if !ValidName(name) {
		return request{}, fmt.Errorf("%w: %q is no package name", errRequest, name)
	}
	if spec == "" {
		spec = "*"
	}
	switch {
	case isFileSpec(spec):
		return fileRequest(spec), nil
	case hasPrefixFold(spec, "npm:"):
		return aliasRequest(spec[len("npm:"):])
	}
	if host, ok := hostedGit(spec); ok {
		return request{kind: ofGit, text: spec, git: gitRequest{host: host, committish: host.committish}}.withGit()
	}
	switch {
	case hasProtocol(spec):
		return addressRequest(spec)
	case strings.Contains(spec, "/"), isTarballName(spec):
		return fileRequest(spec), nil
	}
	return registryRequest(spec)
}

func registryRequest(spec string) (request, error) {
	r := request{text: strings.TrimSpace(spec)}
	r.any = r.text == "*"
	var ok bool
	if r.versions, ok = semver.ParseRange(r.text, loosely); ok {
		return r, nil
	}
	for _, c := range []byte(r.text) {
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("-_.!~*'()", rune(c)) {
			return r, fmt.Errorf("%w: %q is no version, no range and no tag", errRequest, r.text)
		}
	}
	r.kind = ofTag
	return r, nil
}

func aliasRequest(spec string) (request, error) {
	name, rest := splitName(spec)
	if rest == "" {
		rest = "*"
	}
	sub, err := parseRequest(name, rest)
	if err != nil {
		return sub, err
	}
	if sub.kind != ofRange && sub.kind != ofTag {
		return sub, fmt.Errorf("%w: an alias can only stand for a package of a registry", errRequest)
	}
	sub.name, sub.aliased, sub.kind = name, sub.kind, ofAlias
	return sub, nil
}

// splitName parts "@scope/name@spec".
func splitName(s string) (name, spec string) {
	if at := strings.IndexByte(s[min(1, len(s)):], '@'); at >= 0 {
		return s[:at+1], s[at+2:]
	}
	return s, ""
}

func fileRequest(spec string) request {
	r := request{kind: ofFolder, text: spec, folder: spec}
	if isTarballName(spec) {
		r.kind = ofFile
	}
	if hasPrefixFold(spec, "file:") {
		r.folder = spec[len("file:"):]
	}
	// file://x and file:///../x are written for x and ../x.
	if rest := strings.TrimLeft(r.folder, "/"); strings.HasPrefix(r.folder, "/") && (rest == ".." || rest == "." || strings.HasPrefix(rest, "../") || strings.HasPrefix(rest, "./")) {
		r.folder = rest
	}
	return r
}

// in returns the path of a file or folder, from the project's folder, as seen from
// another of its folders. What leads out begins with "..", or "/".
func (r request) in(folder string) string {
	if path.IsAbs(r.folder) || strings.HasPrefix(r.folder, "~/") {
		return r.folder
	}
	return path.Join(folder, r.folder)
}

func addressRequest(spec string) (request, error) {
	scheme, rest, _ := strings.Cut(spec, ":")
	switch strings.ToLower(scheme) {
	case "http", "https":
		return request{kind: ofRemote, text: spec}, nil
	case "git", "git+http", "git+https", "git+rsync", "git+ftp", "git+file", "git+ssh":
		where, committish, _ := strings.Cut(strings.TrimPrefix(spec, "git+"), "#")
		if u, err := url.Parse(where); err == nil && u.Host != "" {
			u.Host, u.User = strings.ToLower(u.Host), nil // who asks is no part of what is asked for
			where = u.String()
		} else {
			where = strings.TrimPrefix(strings.SplitN(rest, "#", 2)[0], "//") // user@host:path is no address
		}
		return request{kind: ofGit, text: spec, git: gitRequest{where: where, committish: committish}}.withGit()
	}
	return request{}, fmt.Errorf("%w: the kind of address %q is not known", errRequest, scheme+":")
}

func isFileSpec(s string) bool {
	return hasPrefixFold(s, "file:") || s[0] == '.' || s[0] == '/' || strings.HasPrefix(s, "~/") ||
		len(s) > 1 && s[1] == ':' && s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z'
}

func isTarballName(s string) bool {
	s = strings.ToLower(s)
	return strings.HasSuffix(s, ".tgz") || strings.HasSuffix(s, ".tar.gz") || strings.HasSuffix(s, ".tar")
}

// hasProtocol reports whether s begins like an address: letters and a colon.
func hasProtocol(s string) bool {
	s = strings.TrimPrefix(strings.ToLower(s), "git+")
	colon := strings.IndexByte(s, ':')
	return colon > 0 && strings.Trim(s[:colon], "abcdefghijklmnopqrstuvwxyz") == ""
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// shown is a dependency's text as a problem may quote it: without the password of an
// address, and of a bearable length.
func shown(spec string) string {
	if at := strings.LastIndexByte(spec, '@'); at >= 0 {
		if from := strings.Index(spec, "://"); from >= 0 && from < at {
			spec = spec[:from+3] + spec[at+1:]
		}
	}
	if r := []rune(spec); len(r) > 100 {
		spec = string(r[:100]) + "…"
	}
	return spec
}
