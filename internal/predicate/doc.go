// Package predicate is what nbuild says about an image: the statements that are
// signed, each a subject, a predicate type and a predicate (in-toto Attestation
// Framework v1, "Statement").
//
// A statement's bytes are canonical JSON (RFC 8785), so that equal facts give
// equal bytes: the provenance of a build that was repeated is the same file, and
// is not signed twice. That is why provenance holds no times, and why its parts
// are sorted here and not by whoever calls.
//
// Two kinds of predicate are read differently. Those of nbuild's own
// (nbuild.dev/…) are closed: an unknown key, a second spelling or another form of
// a value is refused, because a verdict rests on them. Those of SLSA and
// CycloneDX belong to others and may grow: what this package knows must stand
// there by its exact name, the rest is kept out of the result.
//
// The subject is its SHA-256. A name may stand beside it for people; nothing is
// ever decided by it. A statement of nbuild's has one subject.
//
// The invariant: [Parse] of s.Encode() gives s, and no input makes Parse panic or read
// a key twice.
package predicate
