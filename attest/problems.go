package attest

import "github.com/nbuild/nbuild/internal/diag"

// The problems of this package.
const (
	// CodeTrustValue is a value in trust.hcl that has no meaning where it stands.
	CodeTrustValue diag.Code = "NB0331"
	// CodeTrustName is a name in trust.hcl that is doubled or that nothing has.
	CodeTrustName diag.Code = "NB0332"
	// CodeTrustKey is a key in trust.hcl that can't be read or is of another kind.
	CodeTrustKey diag.Code = "NB0333"
	// CodeTrustKeyFile is a key file whose key is not the one that trust.hcl names.
	CodeTrustKeyFile diag.Code = "NB0334"
	// CodeTrustSharedKey is one key that trust.hcl gives to two members.
	CodeTrustSharedKey diag.Code = "NB0335"
	// CodeTrustThreshold is a threshold that can't be met, or asks for nobody.
	CodeTrustThreshold diag.Code = "NB0336"
	// CodeTrustSignature is a signature file of trust.hcl that can't be read.
	CodeTrustSignature diag.Code = "NB0337"
	// CodeKey is a private key file that can't be used.
	CodeKey diag.Code = "NB0345"
	// CodePassword is a private key that its password does not open.
	CodePassword diag.Code = "NB0346"
	// CodeRoot is an operator's root that is not a fingerprint.
	CodeRoot diag.Code = "NB0347"
	// CodeRejected is an image that the trust policy rejects.
	CodeRejected diag.Code = "NB2000"
	// CodeUnsigned is an image about which nothing is signed.
	CodeUnsigned diag.Code = "NB2100"
	// CodeUndecided is an image about which no decision could be reached.
	CodeUndecided diag.Code = "NB2200"
	// CodeState is a memory of floors that can't be read or written.
	CodeState diag.Code = "NB2201"
)
