// Package rulefile is the part of the build language that says where code may come
// to life: the rules of a dynamism block, and the exceptions to them.
//
// It is a leaf because two rooms read it. The room pipelines finds such a block in
// a team's build.hcl; the sets that come with nbuild are files of the very same
// words (sbom/dynamism/rule), so that whoever reads one can write the other. What a
// rule finds is not decided here: a [Block] is data.
//
// A rule asks about one of four things: findings of some kinds, calls of some names,
// assignments to some names, or files that could not be read. A call or an
// assignment is narrowed down by when blocks, all of which must hold.
//
// The invariant: a Block that was read without a problem holds only rules that can
// be matched: each has one subject, each pattern and each expression is well formed
// and short, each date is one. The words are on the page docs/build-hcl.md.
package rulefile
