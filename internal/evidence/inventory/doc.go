// Package inventory makes the dynamism inventory of artefacts and folders, and keeps
// what it made.
//
// Analysing a project's packages takes seconds, and they change seldom. So what was
// found in an artefact is kept in the store, by the digest of its file index and the
// version of the analysis: a second look at the same bytes parses nothing, on any
// path, in any project. Where nothing is kept, it is made: packages side by side,
// and the files of the last ones too.
//
// Nothing is unpacked to disk. A tarball is opened in memory, one for each
// processor, and its sources are let go once they are analysed.
//
// The invariant: what is returned is the same whether it was kept or made.
package inventory
