// Package sbom is the bill of materials as a document: it writes CycloneDX, checks it,
// and reads it as an [Inventory]. What changed between two inventories is package
// comparison, and what may not pass is package gate.
//
// [Write] takes plain data ([Contents]) and gives the bytes of a CycloneDX JSON
// document. It is given everything and looks at nothing: no image is unpacked and no
// folder is walked, because nbuild knows every byte that it put in. The same Contents
// give the same bytes, whatever their order, and the serial number is derived from
// them.
//
// A component is an install path, not a package: two copies of one version are
// two sets of files, they resolve their dependencies differently, and only one of
// them may be the one that an attacker changed. That is also what npm's own
// CycloneDX tool writes, and the property it uses (cdx:npm:package:path) is used
// here. Scanners match by purl and fold the copies.
//
// What a component says about itself (licence, author, homepage) is the author's claim,
// copied from the file index. No address of a registry is written, ever: an artefact is
// named by purl and digest. Homepage and repository stand in the package's own
// manifest, are the same on every machine, and are kept, less any user name or password
// in them.
//
// Reading works on the raw JSON, because no Go type holds all that the specification
// allows (a signature inside a document is lost by a round trip). BOMs and lockfiles
// both become an Inventory, in which a fact that its source does not know is left out.
//
// The invariant: what [Write] wrote is valid by the specification's own schema and
// reads back as the same Inventory.
//
// The specification is ECMA-424, CycloneDX 1.5 to 1.7.
package sbom
