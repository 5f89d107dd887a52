// Package snapshot is nbuild.lock: every artefact from outside, a line each, in
// one text file that a person can review and whose SHA-256 is the snapshot's name.
//
// The file is canonical: there is one way to write a given set of artefacts, and
// [Parse] refuses any other, so two snapshots are equal exactly when their bytes are.
// It holds no address of any server: an artefact is named by what it is, and whoever
// serves it is held to its SHA-256.
//
// Beside it stands the file index, one stored document an artefact: which files
// it unpacks to and what its package.json says. Layers, input roots and the BOM
// read the index, so nothing is decompressed to learn what is in it.
//
// The invariant: Parse(l.Format()) gives l, and for every src that Parse takes,
// Format gives src back.
package snapshot
