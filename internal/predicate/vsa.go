package predicate

// Result of a verification (SLSA verification summary v1 §verificationResult).
const (
	Passed = "PASSED"
	Failed = "FAILED"
)

// VSA is a SLSA verification summary v1: what `verify` decided, for those who do
// not verify themselves.
type VSA struct {
	Verifier           Verifier      `json:"verifier"`
	TimeVerified       Time          `json:"timeVerified"`
	ResourceURI        string        `json:"resourceUri"` // the image's repository
	Policy             VSAPolicy     `json:"policy"`
	InputAttestations  []Attestation `json:"inputAttestations,omitempty"` // sorted by digest
	VerificationResult string        `json:"verificationResult"`          // Passed or Failed
	VerifiedLevels     []string      `json:"verifiedLevels"`
	SLSAVersion        string        `json:"slsaVersion,omitempty"`
}

// Verifier is who verified.
type Verifier struct {
	ID      string            `json:"id"`
	Version map[string]string `json:"version,omitempty"`
}

// VSAPolicy is what it was verified against.
type VSAPolicy struct {
	URI    string            `json:"uri"`
	Digest map[string]string `json:"digest,omitempty"`
}

// Attestation is a bundle that was read, by the SHA-256 of its bytes.
type Attestation struct {
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest"`
}

// Statement makes the statement about the image that was verified.
func (v VSA) Statement(subject Subject) (*Statement, error) {
	v.TimeVerified = At(v.TimeVerified.Time)
	if v.VerifiedLevels == nil {
		v.VerifiedLevels = []string{}
	}
	return NewStatement(subject, TypeVSA, v)
}
