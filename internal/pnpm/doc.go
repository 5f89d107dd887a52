// Package pnpm reads pnpm's lockfiles and plans the tree that pnpm would install from them.
//
// pnpm keeps each package once, in a folder of node_modules/.pnpm whose name says the
// version and the peers that it was given, and lays links: beside each package to what it
// asks for, at the top to what the project asks for, and in .pnpm/node_modules to
// everything else, for packages that ask for more than they say (hoisting). [Read] reads
// the lockfile, [Lockfile.For] holds it against package.json and the settings, as
// `pnpm install --frozen-lockfile` does before it installs, and [Lockfile.Judge] plans the
// tree. A package.json that names its pnpm (packageManager) gets the tree of that one;
// they differ in how a long folder name is cut and in what is linked at the top.
//
// What is read is lockfileVersion 9.0, of pnpm 9 and later, and 6.0, of pnpm 8. What pnpm
// can do and this package can't (another linker, patches, members of a workspace, folders,
// git) is refused by its name, never left out.
//
// The invariant: every folder and every link of a tree is below node_modules, and each
// name in it is a valid package name.
package pnpm
