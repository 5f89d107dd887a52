// Package builder turns an evaluated project into images.
//
// It takes what others worked out (the project, its snapshot, the trees of its
// packages, its own files) and hands each layer's members to package image. A
// base made of .debs and Node's npm package becomes two layers, a base from a
// registry is taken as it is, and every layer of build.hcl is joined from what it
// names. Images of several platforms come out under one index.
//
// It reads the project's folder and the store and nothing else. What this version
// can't do is refused before anything is built ([Refuse]), never left out: an image
// without the guard that its project asks for would be a lie.
//
// The invariant: equal inputs and one date give equal digests, from a cold store
// and a warm one.
package builder
