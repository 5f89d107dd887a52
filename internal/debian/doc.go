// Package debian makes the root file system of an image from pinned Debian
// packages, without apt, dpkg or any privilege.
//
// A base image here is a list of files, not a system that somebody installed: no
// maintainer script runs, so what a script would have made (the list of users, the
// file of certificates) is written by [Rootfs], in the open. What comes out has a C
// library, certificates and time zones, and no shell.
//
// Trust runs one way. Debian's keys, embedded with their fingerprints, sign an
// InRelease file; that names the SHA-256 of each Packages index; that names the
// SHA-256 of each .deb; and nbuild.lock keeps both ends. So it does not matter who
// serves the bytes: a mirror that the host's apt knows, or Debian's archive of
// dated snapshots, asked over any transport. A mirror can withhold, or replay what was
// signed before. Withholding is exit code 11, and a replay that is older than what is
// pinned is refused.
//
// Nothing is parsed before it is verified: of InRelease, the text that is read is
// the very text that was signed; an index and a .deb are hashed whole first. Then
// they are read as if hostile all the same, within internal/bounds: a .deb can't
// name a path outside its root, a device, or a file beneath a link.
//
// Resolution is a function of the indexes and the request. The first alternative that
// can be had is taken, as apt does for a new system, and the first by name where there
// are several providers. Nothing is ever "recommended". A package may be excluded by
// name: ca-certificates asks for openssl and debconf only to run its scripts, which
// never happens here.
//
// The invariant: equal .debs give equal files, and every file of a root comes from
// a .deb whose digest is known or is written by this package from those.
//
// The formats are Debian Policy (§5 control files, §5.6.12 versions, §7
// relationships), deb(5), deb822(5), the repository format of the Debian wiki, DEP-5
// copyright files and OpenPGP's cleartext signatures (RFC 9580 §7).
package debian
