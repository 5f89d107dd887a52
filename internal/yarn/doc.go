// Package yarn reads yarn.lock of version 1 and plans the tree that yarn 1 would install
// from it.
//
// The lockfile says which version answers each pattern, "lodash@^4.17.0", and nothing of
// folders: yarn works those out. It follows the patterns from package.json and notes who
// asked first (see resolve.go), puts every package into the folder of who asks for it, and
// hoists each as far up as nothing is in its way (hoist.go). Ties are broken by the order
// of names and of patterns in both files, which is why they are kept.
//
// What decides where a package goes is in part in the package: its peers hold it down, its
// os and cpu leave it out. The lockfile does not repeat that, so a tree is planned with
// what nbuild.lock has of the package's own manifest ([Manifests]). Without it, as before a
// first pin, the tree holds every package that any machine may need.
//
// [Read] is a careful reader of bytes from outside, and takes the one form that yarn
// writes: a pattern named twice, an odd indentation, an unresolved merge are refused with
// their line. The lockfile of later yarns, which is another format under the same name, is
// recognised. [Lockfile.For] holds the lockfile against package.json, and is stricter than
// `yarn install --frozen-lockfile`, which looks at what package.json itself asks for and
// lets a registry answer where something deeper is missing: whatever the lockfile does not
// answer is refused.
//
// The invariant is that of locked.Tree. What is planned is compared with what yarn 1.22.22
// lays out (docs/projects.md).
package yarn
