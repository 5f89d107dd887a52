package yarn

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/npm/sri"
)

// defaultRegistry is the SHA-256 of the host name of yarn's own default registry, which
// stands for "the registry that is configured", as npm's does. No registry's host is
// written in this repository.
const defaultRegistry = "70bb4000cd2fab03af01fed086c6bf3c2c970f8b8b8001c311028ec3b80e775a"

func isDefaultRegistry(u *url.URL) bool {
	sum := sha256.Sum256([]byte(strings.ToLower(u.Hostname())))
	return hex.EncodeToString(sum[:]) == defaultRegistry || npm.IsDefaultRegistry(u)
}

// origin says where the bytes of an entry come from.
func (l *Lockfile) origin(e *entry) locked.Origin {
	_, spec := split(e.patterns[0])
	at := e.address()
	if e.tarball != "" {
		return locked.Origin{From: locked.FromFile, Address: path.Clean(e.tarball)}
	}
	if at == "" {
		for _, begin := range []string{"link:", "file:"} {
			if folder, ok := strings.CutPrefix(spec, begin); ok {
				return locked.Origin{From: locked.FromFolder, Address: path.Clean(folder)}
			}
		}
		if strings.HasPrefix(spec, ".") || strings.HasPrefix(spec, "/") {
			return locked.Origin{From: locked.FromFolder, Address: path.Clean(spec)}
		}
		return locked.Origin{From: locked.FromUnknown}
	}
	if file, ok := strings.CutPrefix(at, "file:"); ok {
		return locked.Origin{From: locked.FromFile, Address: path.Clean(file)}
	}
	if strings.HasPrefix(at, "git+") || strings.HasPrefix(at, "git:") || strings.HasPrefix(at, "ssh:") || strings.HasSuffix(at, ".git") {
		return locked.Origin{From: locked.FromGit, Address: e.resolved}
	}
	if file := l.mirrored(at); file != "" {
		return locked.Origin{From: locked.FromFile, Address: file}
	}
	u, err := url.Parse(at)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		if strings.HasSuffix(at, ".tgz") || strings.HasSuffix(at, ".tar.gz") {
			return locked.Origin{From: locked.FromFile, Address: path.Clean(at)}
		}
		return locked.Origin{From: locked.FromUnknown, Address: at}
	case isDefaultRegistry(u) && u.Path == "/"+e.realName()+"/-/"+path.Base(e.realName())+"-"+e.version+".tgz":
		return locked.Origin{From: locked.FromRegistry}
	}
	return locked.Origin{From: locked.FromAddress, Address: at}
}

// mirrored is the tarball of the offline mirror that stands for an address, "" for none.
// It has the name that the address ends with, with the scope before it.
func (l *Lockfile) mirrored(at string) string {
	if l.settings.Mirror == "" || l.settings.Has == nil {
		return ""
	}
	file := at
	if u, err := url.Parse(at); err == nil {
		file = u.Path
	}
	base := path.Base(file)
	if before, _, ok := strings.Cut(file, "/-/"); ok {
		if scope := path.Base(path.Dir(before)); strings.HasPrefix(scope, "@") {
			base = scope + "-" + path.Base(file)
		}
	}
	if name := path.Join(l.settings.Mirror, base); l.settings.Has(name) {
		return name
	}
	return ""
}

// integrityOf is what names the bytes of an entry: its integrity, and where there is none
// the SHA-1 that follows the address.
func integrityOf(e *entry) string {
	if e.tarball != "" || strings.TrimSpace(e.integrity) != "" {
		return e.integrity
	}
	if hash := hashOf(e); len(hash) == 40 {
		if i, err := sri.FromSHA1(hash); err == nil {
			return i.String()
		}
	}
	return ""
}

// packable reports whether an entry has no bytes of its own.
func (l *Lockfile) packable(e *entry) bool {
	was := e.tarball
	e.tarball = ""
	o := l.origin(e)
	e.tarball = was
	return o.From == locked.FromGit || o.From == locked.FromFolder || o.From == locked.FromFile && !o.InProject()
}
