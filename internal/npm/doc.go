// Package npm reads npm's lockfiles and plans the tree that npm would install
// from them.
//
// A lockfile is a list of folders under node_modules. Which of them are installed
// depends on the platform and on what is left out, and npm works that out from the
// dependency edges: [ReadLockfile] gives the list, [Lockfile.Judge] walks the edges from
// the root and gives the tree that `npm ci` of npm 11 lays out. The flags that stand in a
// lockfile (dev, optional, peer) are never read: they were written by whichever npm
// came last, for its own options, and are wrong often enough.
//
// A lockfile says what was installed once, and package.json what is asked for now.
// [Lockfile.For] holds the one against the other, dependency by dependency, as npm ci
// does before it installs, and gives the lockfile that trees are planned from.
//
// All are careful readers of bytes from outside. A name that could leave
// node_modules, a folder named twice, an integrity in which no digest can be read,
// one version with digests that contradict each other: each is refused with its line,
// all of them at once, before anything is fetched. An entry that has only a SHA-1, or
// no integrity, is as npm once wrote it: what the rest of the lockfile says about that
// version is found for it (Elsewhere), the legacy "dependencies" section included,
// which else only has to be JSON.
//
// The invariant: every Path of a tree is a chain of node_modules/NAME, each NAME a
// valid package name, and no two paths are equal when case is ignored.
//
// The format is npm's package-lock.json, lockfileVersion 2 and 3 (npm docs,
// "package-lock.json"); resolution is Node's (docs, "Modules: Loading from
// node_modules folders").
package npm
