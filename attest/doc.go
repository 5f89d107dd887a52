// Package attest signs statements about images, and decides whether production
// accepts an image by what was signed about it.
//
// Signing is a statement (package predicate) inside a DSSE envelope inside a
// Sigstore bundle v0.3, as cosign writes and reads them. Both kinds of key sign
// deterministically (RFC 6979, RFC 8032), so equal statements under one key are
// equal bundles.
//
// Deciding is [Verify]: it makes a [Verdict] from a trust file, an environment, an
// image and what is attached to it. A Verdict is neither an error nor a bool. It lists
// every check with what was needed, what was there and how to mend it, and its decision
// is derived from them: accept only where no check is open. "Could not decide" is not
// acceptance.
//
// Trust never comes from what is judged. The trust file (trust.hcl) is signed by a
// threshold of root keys that the operator names by fingerprint; an image's repository,
// its annotations, the names inside statements and the hints inside bundles decide
// nothing. A statement counts when a key that the trust file binds to a member signed
// these very bytes, their one subject is the image's digest, and their predicate type
// is the one that is asked for. Members are counted, not signatures and not keys.
//
// What this version can't judge is kept apart from what is wrong: a certificate from a
// keyless signer is never held valid here, and where only such evidence could meet a
// requirement the verdict is undecided.
//
// The invariant: [Verify] reads nothing but its arguments, and no bytes that an
// attacker adds to the evidence turn a rejection into an acceptance without a member's
// key.
//
// Specifications: DSSE v1 (protocol.md), Sigstore bundle format v0.3, in-toto
// Statement v1, SLSA v1.
package attest
