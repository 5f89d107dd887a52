// Package image assembles container images from streams of files.
//
// A layer is made of members: an npm package at its install path, the bin links
// beside it, a project's own files, a fetched file, a root file system. Each
// member becomes a run of tar entries that is compressed on its own (a gzip
// member, a zstd frame), and a layer is the concatenation of these and of a fixed
// end. Readers of both formats take that as one stream (RFC 1952 §2.2, RFC 8878
// §3), so a compressed member is kept in the store under everything that
// determined it and serves every layer that holds the same package at the same
// path. Nothing is unpacked on disk, and a layer whose members are all known costs
// one small record: its digest, its diffID and where its members are.
//
// The tar headers are written here and not by archive/tar: they are frozen, and
// what is hashed must not change with a release of Go. They are USTAR, with PAX
// records where a name, link or size does not fit (POSIX.1-2017, pax).
//
// An image is a configuration and a list of layers (OCI image specification v1.1).
// Its bytes are a function of its members, one date and the version of the
// compressor: no clock, no names of users or machines, no order of arrival and no
// version of nbuild is in it.
//
// The invariant: equal members, date and codec give equal bytes, from a cold store
// and a warm one, with one worker and with many; and no path is in a layer twice,
// outside the root, or beneath a link.
package image
