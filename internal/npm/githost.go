package npm

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/nbuild/nbuild/internal/npm/semver"
)

// gitRequest is what is asked of a git repository.
type gitRequest struct {
	host       gitHost // of a host that npm knows, else zero
	where      string  // of any other: the address without git+ and what follows #
	committish string  // a branch, tag or commit
	versions   string  // a range that a tag must be in, "" for none
}

// gitHost is a repository of a host that npm has a short name for.
type gitHost struct {
	site, user, project, committish string
}

type site struct{ short, domain, protocols string }

// sites are the hosts that npm knows, by the short name and by the domain, with the
// protocols that lead to a repository there and not to a file (hosted-git-info).
var sites = []site{
	{"github", "github.com", "git: http: git+ssh: git+https: ssh: https:"},
	{"gitlab", "gitlab.com", "git+ssh: git+https: ssh: https:"},
	{"bitbucket", "bitbucket.org", "git+ssh: git+https: ssh: https:"},
	{"gist", "gist.github.com", "git: git+ssh: git+https: ssh: https:"},
	{"sourcehut", "git.sr.ht", "git+ssh: https:"},
}

// withGit reads what follows the # of a repository: a committish, or semver:RANGE.
func (r request) withGit() (request, error) {
	text := r.git.committish
	r.git.committish = ""
	if text == "" {
		return r, nil
	}
	for part := range strings.SplitSeq(text, "::") {
		key, value, named := strings.Cut(part, ":")
		switch {
		case !named && r.git.committish+r.git.versions == "":
			r.git.committish = part
		case key == "semver" && r.git.committish+r.git.versions == "":
			if v, err := url.PathUnescape(value); err == nil {
				value = v
			}
			r.git.versions = value
		case !named, key == "semver":
			return r, fmt.Errorf("%w: it asks for two commits", errRequest)
		}
	}
	return r, nil
}

// hostedGit reads "user/project", "github:user/project", and addresses of hosts that
// npm knows.
func hostedGit(spec string) (gitHost, bool) {
	spec, committish, _ := strings.Cut(spec, "#")
	if v, err := url.PathUnescape(committish); err == nil {
		committish = v
	}
	if isShorthand(spec) {
		user, project, _ := strings.Cut(spec, "/")
		return gitHost{"github", user, strings.TrimSuffix(project, ".git"), committish}, true
	}
	scheme, rest, ok := strings.Cut(spec, ":")
	if !ok {
		return gitHost{}, false
	}
	for _, site := range sites {
		if scheme == site.short {
			rest = strings.TrimLeft(rest, "/")
			if _, after, ok := strings.Cut(rest, "@"); ok {
				rest = after
			}
			slash := strings.LastIndexByte(rest, '/')
			return gitHost{site.short, rest[:max(slash, 0)], strings.TrimSuffix(rest[slash+1:], ".git"), committish}, true
		}
	}
	if !strings.HasPrefix(rest, "//") { // git@github.com:user/project.git
		scheme, rest = "git+ssh", "//"+spec
	}
	authority, where, _ := strings.Cut(strings.TrimPrefix(rest, "//"), "/")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:]
	}
	domain, user, _ := strings.Cut(authority, ":")
	domain = strings.ToLower(domain)
	if strings.Trim(user, "0123456789") != "" { // no port: git@github.com:user/project
		where = user + "/" + where
	}
	for _, site := range sites {
		if strings.TrimPrefix(domain, "www.") == site.domain && strings.Contains(" "+site.protocols+" ", " "+strings.ToLower(scheme)+": ") {
			return site.repository(where, committish)
		}
	}
	return gitHost{}, false
}

// repository reads the path of an address. The result is false where it leads to
// something else that the host has, such as a tarball.
func (s site) repository(where, committish string) (gitHost, bool) {
	parts := strings.Split(where, "/")
	part := func(i int) string {
		if i < len(parts) {
			return parts[i]
		}
		return ""
	}
	h := gitHost{s.short, part(0), strings.TrimSuffix(part(1), ".git"), committish}
	switch s.short {
	case "github":
		if part(2) == "tree" {
			h.committish = part(3)
		} else if part(2) != "" {
			return h, false
		}
	case "gitlab": // groups may be nested
		if strings.Contains("/"+where, "/-/") || strings.Contains("/"+where, "/archive.tar.gz") {
			return h, false
		}
		last := len(parts) - 1
		h.user, h.project = strings.Join(parts[:last], "/"), strings.TrimSuffix(parts[last], ".git")
	case "gist":
		if part(2) == "raw" {
			return h, false
		}
		if part(1) == "" {
			h.user, h.project = "", strings.TrimSuffix(part(0), ".git")
		}
		return h, h.project != ""
	default:
		if part(2) == "get" || part(2) == "archive" {
			return h, false
		}
	}
	return h, h.user != "" && h.project != ""
}

// isShorthand reports whether s is "user/project" and nothing else that has a slash.
func isShorthand(s string) bool {
	user, project, ok := strings.Cut(s, "/")
	return ok && user != "" && project != "" && s[0] != '.' && !strings.Contains(project, "/") && !strings.ContainsAny(s, "@: \t\n\r")
}

// same reports whether what was locked is what is asked for: the repository, and
// where the request names a commit, the commit.
func (g gitRequest) same(before gitRequest) bool {
	if before.host.site == "" {
		return g.host.site == "" && g.where == before.where
	}
	a, b := g.host, before.host
	if a.site == "gist" {
		a.user, b.user = "", ""
	}
	if !isCommit(g.committish) {
		a.committish, b.committish = "", ""
	}
	return a == b
}

func isCommit(s string) bool {
	return len(s) >= 40 && len(s) <= 64 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

// fits reports whether a version is in the range of "#semver:".
func (g gitRequest) fits(version string) bool {
	r, ok := semver.ParseRange(g.versions, loosely)
	v, known := semver.Parse(version, loosely)
	return ok && known && r.Fits(v)
}
