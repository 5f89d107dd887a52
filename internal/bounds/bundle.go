package bounds

// BundleOf returns how many bytes a signature bundle may have when its statement is of
// the predicate type. A judgement (a release, a review, a rebuild) is a few kilobytes:
// Bundle holds it many times over. A statement that lists what is in an image grows
// with the image: a BOM is about 1.5 kB a package and base64 in the envelope adds a
// third, so that 680 packages make 1.4 MB and a findings list more; provenance names
// each artefact of nbuild.lock in about 250 bytes. The type is what the referrer claims
// before anything is verified, so a false claim buys only this much reading, and
// Sealed and Unsealed bound the sums.
func BundleOf(predicateType string) int64 {
	switch predicateType {
	case "https://cyclonedx.org/bom":
		return 64 << 20
	case "https://slsa.dev/provenance/v1":
		return 16 << 20
	}
	return Bundle
}
