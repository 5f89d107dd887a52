// Package launch finds out, without running anything, whether an image can start:
// whether its command names a program that is there and may be run, whether that is a
// program for this machine, whether the loader finds what it asks for, and whether the
// files that Node is asked to run are there. It also finds which packages came without
// the machine code that their install scripts would have made.
//
// An image that ends at its start is found out when it is deployed, which is the worst
// time. Most of what makes one end can be read from its files: paths, modes, the first
// bytes of programs, the headers of ELF files. So a build looks, and refuses what is
// certain to fail. It does not guess: where a command does what can't be read (a shell
// line with more than words, a program that is unknown), nothing is said about what
// that would start.
//
// The files of an image as they lie over each other are package rootfs. What is known about
// a base is kept in the store, because finding it out takes reading every file once. It is
// kept under the digests of the Debian packages, or under the digest of a registry
// image's manifest.
//
// The rules are Linux's and Node's: execve(2) and path_resolution(7), ld.so(8), the OCI
// image specification (layers and whiteouts), Node's documentation of its command line.
//
// The invariant: what is refused could not have started, whoever runs it.
package launch
