// Package upstream is one artefact's way in from outside: it is pinned, it is brought,
// and a single file is fetched by its URL.
//
// To pin is to ask once. A lockfile names npm's packages by version and integrity; each
// is fetched, held to that integrity, stored and indexed, and what the registry says
// about it (when it was published, who maintains it, whether it is deprecated) is
// written down, because that is when it is asked. What was pinned before stays as it
// was, so nbuild.lock changes only where the lockfile did, and what a killed run
// fetched is not fetched again.
//
// To bring is to believe nbuild.lock alone. What the store has is left as it is. What
// it lacks is held to upstream's integrity, then to the SHA-256 and the size in
// nbuild.lock, and its file index is computed again and compared. A blob that fails
// one of these is never committed.
//
// A file that build.hcl names by URL is whatever the server says when it is pinned. So
// that first time counts: plain HTTP is refused but to the loopback, along redirects
// as well, and no credential is sent.
//
// The invariant: an artefact in a snapshot was in the store, whole and with the
// integrity that its lockfile names, when it was pinned; and after [Bring] without an
// error every artefact of a snapshot is, with its file index.
package upstream
