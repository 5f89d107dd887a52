// Package nodemodules lays out node_modules on disk from the store, as `npm ci
// --ignore-scripts` would.
//
// Everything it writes comes out of tarballs whose SHA-256 stands in nbuild.lock
// and is checked while they are read; the network, npm and install scripts have
// no part in it. The new tree grows in a folder beside node_modules and takes its
// place in one rename, so that whoever kills the installer finds the old tree or
// the new one. locked.Plan says what the tree is. A package's file index says what it
// holds, with npm's normalisations in it.
//
// Files are made with O_EXCL and O_NOFOLLOW relative to the open folder they go
// to, below an os.Root of the project: neither a name in an archive nor a link
// that someone puts into the tree meanwhile leads anywhere else. Nothing is shared
// with the store: a hard link would let whoever edits node_modules change the next
// build's input.
//
// The invariant: after [Run] without an error, node_modules holds the files, modes
// (under the process's umask) and links of the plan and nothing else.
package nodemodules
