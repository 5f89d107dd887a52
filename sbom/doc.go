// Package sbom is the bill of materials: it writes CycloneDX, checks it, reads
// it, and tells what changed between two.
//
// Write takes plain data (Contents) and gives the bytes of a CycloneDX JSON
// document. It is told everything and looks at nothing: no image is unpacked and
// no folder is walked, because nbuild knows every byte that it put in. The same
// Contents give the same bytes, whatever their order, and the serial number is
// derived from them.
//
// A component is an install path, not a package: two copies of one version are
// two sets of files, they resolve their dependencies differently, and only one of
// them may be the one that an attacker changed. That is also what npm's own
// CycloneDX tool writes, and the property it uses (cdx:npm:package:path) is used
// here. Scanners match by purl and fold the copies.
//
// What a component says of itself (licence, author, homepage) is the author's
// claim, copied from the file index. No address of a registry is written, ever:
// an artefact is named by purl and digest. Homepage and repository stand in the
// package's own manifest, are the same on every machine, and are kept, less any
// user name or password in them.
//
// Reading and comparing work on the raw JSON, because no Go type holds all that
// the specification allows (a signature inside a document is lost by a round
// trip). Compare works on an Inventory, which BOMs and lockfiles both become, and
// where one side does not know a fact, that fact is not compared: silence is no
// change. Its classes of change are a closed list (docs/diff-classes.md).
//
// The invariant: Compare(a, a) is empty, and what Write wrote is valid by the
// specification's own schema and reads back as the same Inventory.
//
// The specification is ECMA-424, CycloneDX 1.5 to 1.7.
package sbom
