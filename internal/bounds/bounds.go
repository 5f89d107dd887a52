// Package bounds is the one table of how much nbuild takes from outside.
//
// Everything that reads bytes it did not write asks this table first, so that a
// hostile registry, lockfile, archive or bundle costs a bounded amount of memory,
// disk and time. A bound that is hit is an error that names the bound, never a
// silent cut.
//
// The invariant: no parser in this project reads without one of these.
package bounds

import "time"

// Sizes are in bytes, counts are counts.
const (
	Packument      = 128 << 20 // an npm package document, streamed
	Tarball        = 1 << 30   // a compressed npm tarball or .deb
	Unpacked       = 1 << 30   // what one npm tarball may unpack to, in memory
	ArchiveEntries = 200_000   // entries of one archive
	ArchiveFile    = 1 << 30   // one file in an archive
	Path           = 4 << 10   // a path, in bytes
	PathDepth      = 128       // elements of a path
	Name           = 255       // one element of a path, in bytes: NAME_MAX of Linux
	MemberPath     = 3 << 10   // a path in a package, in bytes: what PATH_MAX leaves for where the package stands
	JSONDepth      = 64        // nesting of any JSON document
	PackageJSON    = 8 << 20   // one package.json
	Lockfile       = 256 << 20 // package-lock.json
	YAML           = 32 << 20  // pnpm-lock.yaml, pnpm-workspace.yaml: the parser takes some twenty times as much
	Packages       = 200_000   // entries of a lockfile's packages
	Snapshot       = 64 << 20  // nbuild.lock
	FileIndex      = 64 << 20  // one file index document
	HCL            = 4 << 20   // build.hcl, trust.hcl
	HCLDepth       = 64        // nesting of blocks and expressions
	HCLValues      = 1 << 18   // values that the expressions of a file refer to and make, together
	Npmrc          = 1 << 20   // one .npmrc
	Bundle         = 1 << 20   // a signature bundle
	Statement      = 256 << 20 // a payload inside a bundle that is stored by reference
	Referrers      = 2_048     // referrers of one predicate type that are looked into, of those that no member sealed
	ReferrerList   = 64 << 20  // the list of an image's referrers, all pages
	ReferrerEntry  = 64 << 10  // the manifest of a referrer
	Seal           = 4 << 10   // a seal in an annotation
	Manifest       = 4 << 20   // an OCI manifest or index
	ImageConfig    = 4 << 20   // an OCI image configuration
	BOM            = 256 << 20 // a CycloneDX document
	Layers         = 1_000     // layers of an image
	Layer          = 4 << 30   // one compressed layer
	IndexDepth     = 4         // indexes within an index
	Unsealed       = 1 << 30   // ... that are read one after the other, of those that no member sealed
	Sealed         = 1 << 30   // ... and of those that members sealed
	DockerConfig   = 1 << 20   // a file of registry credentials
	ReferrerPages  = 4_096     // pages of one list of referrers
	IgnoreFile     = 64 << 10  // one .gitignore, .npmignore or .dockerignore
	GitOutput      = 64 << 20  // what git prints to one question
	DebIndex       = 256 << 20 // a Packages index, unpacked
	Release        = 8 << 20   // an InRelease file
	KeyFile        = 64 << 10  // a key, public or private
	ProjectFiles   = 200_000   // files of a project
	FetchFile      = 4 << 30   // a fetched artefact
	Problems       = 100       // problems that are shown of one phase
	Rules          = 1_000     // rules of a dynamism block
	RuleText       = 1_000     // bytes of a regular expression in a rule
	Sources        = 64 << 20  // a production source list, or a trace file
	ImagePaths     = 1_000_000 // paths of an image's own layers
	Directories    = 256 << 20 // the folders of a tree, as messages of the Remote Execution API
	Replica        = 1 << 30   // the documents of a replica of npm packages, together
	Published      = 32 << 20  // what one package's document is made of
	ImageSources   = 4 << 30   // files of an image that may be loaded, together
	Program        = 512 << 20 // a program or a library that is looked into
	SourceEntries  = 400_000   // entries of one
	GuardLayer     = 96 << 20  // the layer with an image's guard and its list, packed or not
	GuardFiles     = 64        // entries of it
	GuardSettings  = 8 << 20   // the settings of a guard, which name files that import
	TraceRecord    = 1 << 30   // what the processes of a traced command write, together
	StepLog        = 64 << 20  // what is kept of what a step prints
	StepReport     = 1 << 20   // what the sandbox says of a step that ran on another machine
	ExcerptRunes   = 120       // characters of the line that a finding shows
)

// Times bound what waits on the network.
const (
	ConnectTimeout = 30 * time.Second // until a server answers with a header
	StallTimeout   = 60 * time.Second // without a byte of a body
	PaceWindow     = 60 * time.Second // over which the rate of a body is taken
	PaceFloor      = 1 << 10          // bytes a second that a body must reach over it
	PaceLarge      = 512 << 10        // bytes of a large transfer that give it a second more
	RequestTimeout = 30 * time.Minute // a request with its body, and all tries of one
	AnswerTimeout  = 60 * time.Second // a whole answer that a verdict waits for, where it is small
	AnswerRate     = 64 << 10         // ... and bytes a second of one that is not
	VerifyTimeout  = 5 * time.Minute  // a verdict, where nothing else is said
	RemoteQueue    = time.Hour        // that an action waits for a worker, beside the time of its own
	RetryLimit     = 3                // tries of one request
	RetryWait      = 5 * time.Minute  // that a server may ask for before it is asked again
)
