// Package replica serves the npm packages of a snapshot over the npm registry protocol, so
// that npm, pnpm, yarn and bun install from it unchanged.
//
// What a registry says of a package is an account of what was published, kept by somebody
// else: its documents name versions that nobody here has looked at, and may say another thing
// than the package does. A replica says what nbuild.lock pins and nothing more. Each version's
// manifest is read from its own tarball, its digests are computed from its bytes, and no
// server is asked for anything: it works when every other registry is down.
//
// The documents are written once, as one text ([Write]), and a catalogue says where each
// stands in it (package catalogue). A [Handler] serves both over HTTP; the sandbox's helper
// serves the same to build steps. Deciding what the answer to a request is happens in the
// catalogue, in one place for both.
//
// The protocol is that of npm's registry (its documentation "registry API" and "package
// metadata"), as far as installing needs it: documents in both forms, versions, tags, tarballs.
// Whatever asks for a change is refused.
//
// The invariant: equal snapshots give equal documents, and every byte of a tarball that is
// served is the one that nbuild.lock names.
package replica
