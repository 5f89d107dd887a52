package worktree

import (
	"io/fs"
	"slices"

	"github.com/nbuild/nbuild/internal/lazyregexp"
)

// Images stay out of images: one that a build wrote into the project's folder would
// be in the next, and no build would ever give the digest of the one before.

// layoutReason is why a folder with an oci-layout file (OCI image layout
// specification) stays out.
const layoutReason = "an image layout"

func isLayout(entries []fs.DirEntry) bool {
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == "oci-layout" && e.Type().IsRegular() })
}

// archiveReason is why a file that docker load would take stays out.
const archiveReason = "an image archive"

// imageConfig is how the first file of such an archive is called.
var imageConfig = lazyregexp.New(`^[0-9a-f]{64}\.json\x00`)

// isArchive looks for a tar header (POSIX.1-1988 ustar) of an image's configuration.
func isArchive(head []byte) bool {
	return len(head) >= 512 && string(head[257:262]) == "ustar" && imageConfig().Match(head[:100])
}
