// Package pin makes the snapshot of a project and brings it into the store.
//
// Pin asks everybody outside, once: npm's registry for what the lockfiles name and
// for Node, Debian's archive for the packages of bases, registries for base images,
// servers for fetched files. What they answer becomes nbuild.lock. What was pinned
// before stays, so the file changes only where the project did or where an update
// was asked for. [Vendor] brings what the store lacks of it, from anybody, since each
// artefact is held to its digest.
//
// The invariant: nbuild.lock is written only when everything in it is in the store,
// and is replaced whole: a run that is killed leaves the old file.
package pin
