// Package production works out the production source list of an image: every file
// that its Node may load, with the reason for each.
//
// It is asked by a build with the members of the image's own layers, so what it lists
// are the very bytes that go in, and nothing is unpacked: the members are read as a
// file system. What the command reaches by reading the code is "static", what a
// committed trace saw is "traced", what build.hcl names by hand is "listed". Modules
// that build.hcl approves may turn strings into code; they are named one by one, by
// path and hash, because an approval is of the code that was read.
//
// The invariant: the list depends on the image's files, its command, the version of
// Node and build.hcl alone.
package production
