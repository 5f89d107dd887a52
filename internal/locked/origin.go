package locked

import (
	"net/url"
	"strings"
)

// Origin is where a package's bytes come from, as its entry of the lockfile says it.
// What other packages ask for has no say in it: an edge's text is a wish, which an
// override or an alias changes, and the entry is what npm installs.
type Origin struct {
	From Source

	// Address is what the entry says: an http or https address for FromAddress, a
	// clean path of the project for FromFile and FromFolder, else as it is written.
	// It may hold a credential: what is shown or written is Shown.
	Address string
}

// Source is the kind of place that bytes come from.
type Source string

// The kinds of place. Only the first is ever asked for a package by its name.
const (
	FromRegistry Source = "registry" // whichever registry npm is configured for
	FromAddress  Source = "address"  // an http or https server, at that very address
	FromFile     Source = "file"     // a tarball that stands in the project
	FromFolder   Source = "folder"   // a folder of the project, which npm links
	FromGit      Source = "git"      // a git repository, which npm clones and packs
	FromUnknown  Source = "unknown"  // nothing of these
)

// InProject reports whether the path of a file or a folder stays in the project.
func (o Origin) InProject() bool {
	return o.Address != "" && !strings.HasPrefix(o.Address, "/") && o.Address != ".." && !strings.HasPrefix(o.Address, "../") &&
		!strings.HasPrefix(o.Address, "~") && !strings.ContainsAny(o.Address, "\\\x00") && !(len(o.Address) > 1 && o.Address[1] == ':')
}

// Shown is the origin in a form that may be shown and written down: an address has
// no user, no password, no query and no fragment, any of which may be a secret.
func (o Origin) Shown() string {
	switch o.From {
	case FromRegistry:
		return "registry"
	case FromFile, FromFolder:
		return "file:" + o.Address
	}
	u, err := url.Parse(strings.TrimSpace(o.Address))
	if err != nil || u.Host == "" {
		// git@host:path, or no address at all: what stands before an @ is left out.
		text, _, _ := strings.Cut(o.Address, "#")
		text, _, _ = strings.Cut(text, "?")
		if i := strings.LastIndexByte(text, '@'); i >= 0 {
			text = text[i+1:]
		}
		return text
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return u.String()
}

// Repository is a git address as npm takes it, with its commit and without a
// password. The user that git's own protocol is spoken as, git, is no secret.
func (o Origin) Repository() string {
	u, err := url.Parse(o.Address)
	if err != nil {
		if user, rest, ok := strings.Cut(o.Address, "@"); ok && strings.HasSuffix(user, "git") {
			return "git@" + rest
		}
		return o.Shown()
	}
	if u.User != nil && u.User.Username() == "git" {
		u.User = url.User("git")
	} else {
		u.User = nil
	}
	u.RawQuery = ""
	return u.String()
}
