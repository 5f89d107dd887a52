// Package resolution finds the file that Node loads for a specifier: the
// algorithms of require and import, of a given release of Node, over any fs.FS.
//
// It exists because what production can load is asked of images that have not been
// started, of stores in which nothing is unpacked, and for a Node that is not the
// one on this machine. So it is not a guess at what a bundler would do: it gives the
// answer that Node gives, error codes among it, and the tests ask Node itself.
//
// The algorithms are those of Node's documentation, "Modules: CommonJS modules",
// section "All together" (LOAD_AS_FILE, LOAD_PACKAGE_EXPORTS and so on), and
// "Modules: ECMAScript modules", section "Resolution algorithm specification"
// (ESM_RESOLVE, PACKAGE_TARGET_RESOLVE and so on); where the implementation says
// more than the page, it is followed.
//
// Names are those of fs.FS: slashes, no leading one, "." for the top. The top
// stands for Node's root folder: a link that leaves it leads nowhere, and an
// absolute link or specifier starts there.
//
// The invariant: the path of a [Result] is a realpath of a file within the fs.FS, and
// the answer depends on the files, the target and the two arguments alone.
package resolution
