package npm

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/locked"
)

// Origin says where the bytes of an entry come from, as npm reads `resolved` (npm docs,
// "package-lock.json"; npm-package-arg). npm leaves `resolved` out, or writes its own
// default registry there, where it means the registry that is configured, whichever
// that is.
func (e *Entry) Origin() locked.Origin {
	text := strings.TrimSpace(e.Resolved)
	scheme, rest, schemed := strings.Cut(text, ":")
	scheme = strings.ToLower(scheme)
	switch {
	case e.Tarball != "":
		return locked.Origin{From: locked.FromFile, Address: path.Clean(e.Tarball)}
	case e.Link:
		return locked.Origin{From: locked.FromFolder, Address: path.Clean(e.Resolved)}
	case e.local():
		return locked.Origin{From: locked.FromFolder, Address: e.Path}
	case text == "":
		return locked.Origin{From: locked.FromRegistry}
	case schemed && gits[scheme] || strings.HasPrefix(text, "git@"):
		return locked.Origin{From: locked.FromGit, Address: text}
	case schemed && scheme == "file":
		return file(rest)
	case schemed && (scheme == "https" || scheme == "http"):
		return e.address(text)
	}
	return locked.Origin{From: locked.FromUnknown, Address: text}
}

// gits are the schemes of git repositories, npm's short forms of forges among them.
var gits = map[string]bool{
	"git": true, "git+ssh": true, "git+https": true, "git+http": true, "git+file": true, "git+rsync": true, "git+ftp": true, "ssh": true,
	"github": true, "gitlab": true, "bitbucket": true, "gist": true,
}

// file distinguishes a tarball of the project from a folder, by the end of its name, as
// npm does.
func file(name string) locked.Origin {
	if unescaped, err := url.PathUnescape(name); err == nil {
		name = unescaped
	}
	lower := strings.ToLower(name)
	for _, end := range []string{".tgz", ".tar.gz", ".tar"} {
		if strings.HasSuffix(lower, end) {
			return locked.Origin{From: locked.FromFile, Address: path.Clean(name)}
		}
	}
	return locked.Origin{From: locked.FromFolder, Address: path.Clean(name)}
}

func (e *Entry) address(text string) locked.Origin {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "":
		return locked.Origin{From: locked.FromUnknown, Address: text}
	case strings.HasSuffix(u.Path, ".git"), forges[strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")] && strings.Count(strings.Trim(u.Path, "/"), "/") == 1:
		return locked.Origin{From: locked.FromGit, Address: text}
	case IsDefaultRegistry(u) && keptBy(u, e.Name, e.Version) == "/":
		return locked.Origin{From: locked.FromRegistry}
	}
	return locked.Origin{From: locked.FromAddress, Address: text}
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
	u, err := url.Parse(locked.Origin{From: locked.FromAddress, Address: address}.Shown())
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

// Shown is an http or https address of a lockfile in a form that may be written down,
// "" of anything else.
func Shown(resolved string) string {
	u, err := url.Parse(strings.TrimSpace(resolved))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return locked.Origin{From: locked.FromAddress, Address: resolved}.Shown()
}
