// Package locked is the model of a locked tree: what a package manager would install
// from its lockfile, whichever manager it is.
//
// Each manager decides in its own way which version stands where: npm's lockfile lists
// folders, pnpm's lists packages that its own store of folders holds, yarn's only says
// which version answers which wish. A reader of one format, a package of its own, turns
// that into a [Tree]: folders with the packages that stand in them, the edges between
// these as Node resolves them, and the links that the manager lays. Everything behind
// it (the snapshot, the layers of an image, node_modules on a developer's disk, the BOM,
// the inventory) knows the Tree alone.
//
// A reader is a [Lockfile]: it plans a tree and judges what stands in it. Whether a
// judgement matters depends on what the tree is for, and that is decided here, once for
// all readers: [Plan] refuses a tree in which anything can't be had, [PlanAvailable]
// leaves that out and names it, [PlanPackage] asks only about what one package needs.
//
// The invariant: every Path of a [Tree] ends with node_modules/NAME, NAME a valid package
// name, and begins with node_modules, of the project or of a folder of it, its member; no
// two are equal when case is ignored; and no link of it leads out of the project.
package locked
