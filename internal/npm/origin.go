package npm

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path"
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

// Origin says where the bytes of an entry come from, as npm reads `resolved` (npm docs,
// "package-lock.json"; npm-package-arg). npm leaves `resolved` out, or writes its own
// default registry there, where it means the registry that is configured, whichever
// that is.
func (e *Entry) Origin() Origin {
	text := strings.TrimSpace(e.Resolved)
	scheme, rest, schemed := strings.Cut(text, ":")
	scheme = strings.ToLower(scheme)
	switch {
	case e.Tarball != "":
		return Origin{FromFile, path.Clean(e.Tarball)}
	case e.Link:
		return Origin{FromFolder, path.Clean(e.Resolved)}
	case e.local():
		return Origin{FromFolder, e.Path}
	case text == "":
		return Origin{From: FromRegistry}
	case schemed && gits[scheme] || strings.HasPrefix(text, "git@"):
		return Origin{FromGit, text}
	case schemed && scheme == "file":
		return file(rest)
	case schemed && (scheme == "https" || scheme == "http"):
		return e.address(text)
	}
	return Origin{FromUnknown, text}
}

// gits are the schemes of git repositories, npm's short forms of forges among them.
var gits = map[string]bool{
	"git": true, "git+ssh": true, "git+https": true, "git+http": true, "git+file": true, "git+rsync": true, "git+ftp": true, "ssh": true,
	"github": true, "gitlab": true, "bitbucket": true, "gist": true,
}

// file distinguishes a tarball of the project from a folder, by the end of its name, as
// npm does.
func file(name string) Origin {
	if unescaped, err := url.PathUnescape(name); err == nil {
		name = unescaped
	}
	lower := strings.ToLower(name)
	for _, end := range []string{".tgz", ".tar.gz", ".tar"} {
		if strings.HasSuffix(lower, end) {
			return Origin{FromFile, path.Clean(name)}
		}
	}
	return Origin{FromFolder, path.Clean(name)}
}

func (e *Entry) address(text string) Origin {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "":
		return Origin{FromUnknown, text}
	case strings.HasSuffix(u.Path, ".git"), forges[strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")] && strings.Count(strings.Trim(u.Path, "/"), "/") == 1:
		return Origin{FromGit, text}
	case IsDefaultRegistry(u) && keptBy(u, e.Name, e.Version) == "/":
		return Origin{From: FromRegistry}
	}
	return Origin{FromAddress, text}
}

// keptBy returns the path of the registry that would keep a version's tarball at an
// address, "/" or "/npm/", and "" where no registry keeps it there.
func keptBy(u *url.URL, name, version string) string {
	version, _, _ = strings.Cut(version, "+") // no registry has build metadata
	end := "/" + name + "/-/" + path.Base(name) + "-" + version + ".tgz"
	if prefix, ok := strings.CutSuffix(u.Path, end); ok && name != "" && version != "" {
		return prefix + "/"
	}
	return ""
}

// forges are the hosts where npm takes OWNER/REPOSITORY for a repository and not for
// a file (hosted-git-info).
var forges = map[string]bool{"github.com": true, "gitlab.com": true, "bitbucket.org": true, "git.sr.ht": true}

// defaultRegistry is the SHA-256 of the host name of npm's own default registry. It
// stands here as its digest, since no registry's host is written in this repository:
// nbuild asks npm which registry is configured, and only has to know this one when
// it sees it.
const defaultRegistry = "0dc11026ac75c015aaa1deafff4a7a54ef6d0cf6b3c7f9b1d2c8f3502929aa9e"

// IsDefaultRegistry reports whether an address lies at npm's own default registry,
// which in a lockfile means "the registry that is configured" (npm docs, config,
// "replace-registry-host").
func IsDefaultRegistry(u *url.URL) bool {
	sum := sha256.Sum256([]byte(strings.ToLower(u.Hostname())))
	return hex.EncodeToString(sum[:]) == defaultRegistry
}

// Place is what stays of an address from one version to the next: the registry that
// keeps the version there, or else the address with the version's number taken out.
// Two versions of a package from one place were published there by the same people,
// as far as an address can show.
func Place(address, name, version string) string {
	u, err := url.Parse(Origin{FromAddress, address}.Shown())
	if err != nil || u.Host == "" {
		return address
	}
	if kept := keptBy(u, name, version); kept != "" {
		u.Path, u.RawPath = kept, ""
		return u.String()
	}
	if version == "" {
		return u.String()
	}
	return strings.ReplaceAll(u.String(), version, "VERSION")
}

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

// repository is a git address as npm takes it, with its commit and without a
// password. The user that git's own protocol is spoken as, git, is no secret.
func (o Origin) repository() string {
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

// Shown is an http or https address of a lockfile in a form that may be written down,
// "" of anything else.
func Shown(resolved string) string {
	u, err := url.Parse(strings.TrimSpace(resolved))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return Origin{FromAddress, resolved}.Shown()
}
