// Package worktree finds a project's own files: those that go into its image
// because they were written there, not because a snapshot pins them.
//
// The default is narrow, because what npm would pack has shipped .env files and
// private keys. It is what git tracks (every file where there is no git), less
// what .gitignore, .npmignore and .dockerignore leave out, all three together,
// less a fixed list of things that no image needs: each with its reason, so that a
// plan can show it. A file that looks like a private key is an error rather than
// an exclusion, since it has to leave the repository too.
// Images that a build wrote here stay out as well: they would be in the next one.
//
// The folder may be hostile: a pull request is built before it is read. So all
// files are reached through os.Root, links that leave the folder are refused, names
// and counts are bounded, and git is asked without the repository's configuration,
// hooks, filters or file-system monitor, any of which would run commands: it works
// on a git folder of our own that borrows the repository's objects and index.
//
// The invariant: [Scan] runs nothing that the folder holds, and names no file whose
// bytes are outside of it.
package worktree
