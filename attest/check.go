package attest

// Check is one line of a verdict: what was needed, what was there.
type Check struct {
	ID       CheckID  `json:"id"`
	Result   Result   `json:"result"`
	Need     string   `json:"need"`
	Have     string   `json:"have"`
	Evidence []string `json:"evidence"` // SHA-256 of the bundles that met it, sorted
	Remedy   string   `json:"remedy"`   // "" only where it passed
}

// Result is how a check ended. Unknown is never a pass.
type Result string

// The results.
const (
	Pass    Result = "pass"
	Fail    Result = "fail"
	Unknown Result = "unknown"
)

// CheckID names a check. The list is closed.
type CheckID string

// The checks, in the order of a verdict.
const (
	CheckTrustRoot     CheckID = "trust.root"     // a path leads from the operator's root to the trust file
	CheckTrustUnsigned CheckID = "trust.unsigned" // the operator takes the trust file as it is
	CheckTrustLocation CheckID = "trust.location" // the trust file is not in what is being judged
	CheckTrustExpires  CheckID = "trust.expires"  // the trust file is in force
	CheckTrustVersion  CheckID = "trust.version"  // the trust file is no older than the last one seen
	CheckEnvironment   CheckID = "environment"    // the trust file has the environment
	CheckImage         CheckID = "image"          // the repository may run there
	CheckEvidence      CheckID = "evidence"       // what is attached could be read
	CheckProvenance    CheckID = "require.provenance"
	CheckSBOM          CheckID = "require.sbom"
	CheckRelease       CheckID = "require.release"
	CheckReview        CheckID = "require.review"
	CheckRebuild       CheckID = "require.rebuild"
	CheckReleaseFloor  CheckID = "release.floor" // no release is older than the lowest allowed
	CheckState         CheckID = "state"         // what was accepted could be remembered
)

// Checks describes every check for people, in order. The table in
// docs/verdict-checks.md is this one.
var Checks = []struct {
	ID  CheckID
	Doc string
}{
	{CheckTrustRoot, "The trust file is signed by the threshold of root keys that the operator names, directly or over earlier versions, and by its own."},
	{CheckTrustUnsigned, "The operator said --trust-unsigned: nothing vouches for the trust file."},
	{CheckTrustLocation, "The trust file lies outside the checkout that is being judged."},
	{CheckTrustExpires, "The trust file has not expired."},
	{CheckTrustVersion, "The trust file is no older than the newest that --state remembers, and is the same one where the version is the same."},
	{CheckEnvironment, "The trust file has the environment."},
	{CheckImage, "The image's repository fits a pattern of the environment."},
	{CheckEvidence, "What is attached to the image could be listed and read, as far as it was needed."},
	{CheckProvenance, "Enough members of the team signed provenance for this digest, each for a builder that the trust file binds to it."},
	{CheckSBOM, "Enough members of the team signed a CycloneDX BOM for this digest."},
	{CheckRelease, "Enough members of the team released this digest to this environment from this repository, and the release is in force."},
	{CheckReview, "Enough members of the team approved what changed in this digest, and the approval is in force."},
	{CheckRebuild, "Enough members of the team made the image again and came to this digest, without taking outputs as they were but those of `except`."},
	{CheckReleaseFloor, "The release counter is no lower than minimum_release, nor than what --state remembers."},
	{CheckState, "What was accepted could be written to --state."},
}

// requirementCheck is the check of each kind of requirement.
var requirementCheck = map[Require]CheckID{
	RequireProvenance: CheckProvenance,
	RequireSBOM:       CheckSBOM,
	RequireRelease:    CheckRelease,
	RequireReview:     CheckReview,
	RequireRebuild:    CheckRebuild,
}
