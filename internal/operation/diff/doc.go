// Package diff tells what changed between two things: BOMs, lockfiles, snapshots,
// images. Whatever each side is, it becomes an inventory (package sbom), and the
// two are compared by purl and install path.
//
// What a side is, is told by its name and its content: a name that begins with
// oci: is a layout, a path that exists is a file or a project's folder, anything
// else is an image in a registry. A file is a BOM, an nbuild.lock or a
// package-lock.json by what stands in it, never by its ending.
//
// Of an image the BOM is read that is attached to it. Its signature is not judged
// here: `verify` does that, and a diff of what nobody signed is still worth
// reading. But the BOM must say that it is of this image, and where several are
// attached they must be equal: otherwise it could not be told which was compared.
//
// What an image may load is read from the image itself (package guarded): its guard,
// and the production source list that the guard holds. Where that can't be read,
// nothing is compared, since leaving it out would say that nothing changed.
//
// The invariant: comparing a thing with itself, or with itself in another order,
// gives no changes.
package diff
