// Package release takes a project to an image that production accepts, or says why
// not.
//
// It builds, writes the BOM, holds both to the project's gates, pushes by digest,
// signs and attaches the statements, and then judges what stands in the registry as
// production would, by the operator's trust file. Only when that accepts does a tag
// move: whoever deploys by tag never sees an image that production would refuse.
//
// Statements that say what was said before are not signed again: a release of what
// is released already changes nothing.
//
// The invariant: after [Run] without an error, the tag points at a digest that the
// trust file accepts for the environment.
package release
