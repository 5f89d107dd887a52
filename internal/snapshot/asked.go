package snapshot

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"strings"
)

// factAsked is the key that says for which text of build.hcl a line was pinned.
const factAsked = "asked"

// Answering returns the artefact with the fact that it was pinned for a text of build.hcl:
// the reference of a base image, the URL of a fetched file, the names of Debian packages.
// The text is kept as its SHA-256, since a URL may hold a token. The server is not in it:
// nbuild.lock names none, and what a mirror has is held to the pinned digest.
func (a Artefact) Answering(text string) Artefact {
	a.Facts = maps.Clone(a.Facts)
	if a.Facts == nil {
		a.Facts = map[string]string{}
	}
	a.Facts[factAsked] = asked(text)
	return a
}

func asked(text string) string {
	_, rest, address := strings.Cut(text, "://")
	if !address {
		rest = text
	}
	if _, path, ok := strings.Cut(rest, "/"); ok && !strings.HasPrefix(text, "oci:") {
		rest = path
	}
	sum := sha256.Sum256([]byte(rest))
	return hex.EncodeToString(sum[:])
}

// Answers reports whether the artefact was pinned for what is asked for now. A line of an
// earlier nbuild does not say, and answers everything.
func (a Artefact) Answers(text string) bool {
	was, said := a.Facts[factAsked]
	return !said || was == asked(text)
}
