// Package steproot makes the root file system that a build step sees, by content: every
// file by its digest, so that a step's action names all that it can read, wherever it
// runs (docs/decisions/actions.md).
//
// A base of Node and Debian packages is listed from their file indexes, so no package is
// unpacked to learn what is in it; only certificates are read, because they are joined to
// one file. An image of a registry has no index: its layers are read once, laid over each
// other as a container engine lays them, and what was found is kept.
//
// Owners, times and set-id bits are not part of it, and devices neither: in the sandbox
// everything belongs to one user, and /dev is the sandbox's own.
//
// The invariant: equal artefacts give equal trees, and every file of a tree is named by
// the artefact that has its bytes.
package steproot
