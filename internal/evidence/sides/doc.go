// Package sides makes an inventory of one side of a comparison: a BOM, a lockfile, a
// snapshot or an image. Two inventories are compared by package sbom.
//
// What a side is depends on its name and its content: a name that begins with oci:
// is a layout, a path that exists is a file or a project's folder, anything else is
// an image in a registry. A file is a BOM, an nbuild.lock or a package-lock.json by
// what stands in it, never by its ending.
//
// For an image, the BOM that is attached to it is read. Its signature is not judged
// here: `verify` does that, and a diff of what nobody signed is still worth reading.
// But the BOM must say that it is of this image, and where several are attached they
// must be equal: otherwise nobody could say which was compared.
//
// What an image may load is read from the image itself (package guarded): its guard,
// and the production source list that the guard holds. Where that can't be read,
// nothing is compared, since leaving it out would say that nothing changed.
//
// The invariant: an inventory is complete, or there is an error.
package sides
