// Package cas is the store: every byte nbuild keeps, by its SHA-256.
//
// Blobs are immutable and named by their content, so any number of processes may
// share one store without asking each other: a blob is written to a temporary
// file and renamed into place, and two writers of the same bytes agree by
// construction. A process that is killed leaves a temporary file, never half a
// blob. Nothing is synced to disk for its own sake: what a power cut spoils is
// found on the next read, because every read is verified.
//
// Beside the blobs stand results: small records of something computed from them
// (a layer from its members), by the digest of everything that determined it.
// They are a cache; losing one costs time only.
//
// A [Store.Tree] is what programs need to have on a disk: files laid out once, by the
// digest of what they are.
//
// [Store.Prune] deletes the least recently used first. A running build holds a [Lease]
// on what it needs, and a held blob is never pruned.
//
// The invariant: a reader that reaches the end of a blob without an error has
// read the bytes that the digest names.
package cas
