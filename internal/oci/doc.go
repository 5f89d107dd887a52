// Package oci is the client for OCI registries, OCI layouts on disk and docker
// archives.
//
// A [Store] is where images live: a repository of a registry, or a layout. Both take
// the same calls, so that what is released to `oci:out` is released to a registry by
// the same code. Images go in by digest first; a tag moves last and in a call of its
// own, because a tag is what others deploy.
//
// Signatures travel as OCI 1.1 referrers in the form that cosign 3 writes and
// reads (cosign's bundle specification): an artifact manifest with a subject, an
// empty configuration and one layer that is the Sigstore bundle. A registry
// without the referrers API gets the fallback tag sha256-HEX (distribution
// specification 1.1, "Referrers Tag Schema"). In a layout a referrer is listed in
// index.json beside the images, which is where oras looks for it. There is no
// creation date on a referrer: equal bundles make equal manifests, which is how a
// bundle is not attached twice.
//
// An unsigned BOM travels as a referrer too, under its own artifact type, which is
// CycloneDX's media type. It is never among the bundles, so that nothing that asks
// what was signed ever sees it.
//
// Beside the bundle, a referrer may carry a seal: one line that whoever signed the bundle
// signed about it. A list hands it out with the entry, so that who verifies knows what a
// member attached from what anybody did without reading either. Releases are listed once
// more, in a ledger of the repository ([Record]).
//
// A server is not believed. Every manifest and blob is held to the digest it was
// asked for by, every size to the bound table, every wait to a time; plain HTTP
// goes to the loopback only; layers that live at some other address are refused.
// What could not be read is distinguished from what is not there, because a verdict on
// the first is "undecided".
//
// The invariant: bytes that a Store hands out are the bytes that their digest names.
package oci
