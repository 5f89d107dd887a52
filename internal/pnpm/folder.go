package pnpm

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

const (
	top     = "node_modules"
	store   = "node_modules/.pnpm"
	hoisted = "node_modules/.pnpm/node_modules"
)

// layout is what decides where things stand, of one project: see settings.
type layout struct {
	major     int      // of pnpm
	maxLength int      // of a folder's name (virtual-store-dir-max-length)
	private   *matcher // what is hoisted into .pnpm/node_modules (hoist-pattern)
	public    *matcher // what is hoisted to the top (public-hoist-pattern)
}

var (
	plain  = strings.NewReplacer("/", "+", `\`, "+", ":", "+", "*", "+", "?", "+", `"`, "+", "<", "+", ">", "+", "|", "+")
	suffix = strings.NewReplacer(")(", "_", "(", "_", ")", "_")
)

// folder is the name of the folder of .pnpm in which a package stands
// (pnpm, depPathToFilename). One that is too long, or that would be another's where case
// does not count, ends in a digest.
func (l layout) folder(key string) string {
	if strings.HasPrefix(key, "file:") {
		key = strings.Replace(key, ":", "+", 1)
	} else {
		key = strings.TrimPrefix(key, "/")
	}
	name := plain.Replace(key)
	if l.major >= 10 {
		name = strings.ReplaceAll(name, "#", "+")
	}
	if strings.Contains(name, "(") {
		name = suffix.Replace(strings.TrimSuffix(name, ")"))
	}
	if len(name) <= l.maxLength && (name == strings.ToLower(name) || strings.HasPrefix(name, "file+")) {
		return name
	}
	sum := digest(name, l.major)
	return name[:min(len(name), max(0, l.maxLength-len(sum)-1))] + "_" + sum
}

// digest is the digest that pnpm ends a name with: of MD5 up to pnpm 9, of SHA-256 since.
// It is a name and no proof of anything.
func digest(name string, major int) string {
	if major < 10 {
		sum := md5.Sum([]byte(name))
		return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))
	}
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])[:32]
}

// place is where a package stands.
func (l layout) place(e *entry) string { return l.modules(e) + "/" + e.name }

// modules is the folder in which it stands, with links to what it asks for.
func (l layout) modules(e *entry) string { return store + "/" + l.folder(e.key) + "/node_modules" }

// whole is the digest of a file as pnpm writes it since pnpm 10.
func whole(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
