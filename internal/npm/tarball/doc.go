// Package tarball reads an npm package's .tgz the way npm lays it out on disk.
//
// [Index] lists the files that `npm ci` would leave in the package's folder, with npm's
// own normalisations applied, and what its package.json says: the file index document,
// from which layers, trees and the BOM are made. [Unpack] gives the contents of those
// files from one decompression, into one buffer or, if it is large and its reader has
// room, into one file that has no name.
//
// What npm does (pacote, node-tar 7, bin-links) is done here too: the first path
// element goes, whatever its name; a .gitignore becomes .npmignore where the archive
// has none in that folder; a name given twice is one file, with the mode of the first;
// links are not unpacked, nor folders that hold no file. Modes are what npm leaves
// under umask 022, without the set-id and sticky bits. What a file holds once it is
// linked as a command, with a line feed alone behind its shebang, is recorded beside
// it: the lockfile says which files are commands.
//
// Where npm shrugs, this package refuses, because what is skipped in silence is
// where scanners and installers come to disagree: absolute paths and "..", links
// that lead out, devices and pipes, a name that is given two contents, names that
// are one name where case or the form of accents does not count, names that no file
// system holds, headers that do not parse, archives over a bound.
//
// The invariant: [Index] is a function of the archive's bytes alone, and for every
// archive that Index takes, Unpack(archive, index) gives bytes that have the sizes and
// the SHA-256 in the index.
//
// The formats are POSIX.1-2017 pax §"ustar Interchange Format" and RFC 1952.
package tarball
