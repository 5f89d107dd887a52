package oci

import "github.com/nbuild/nbuild/internal/diag"

// The problems of this package.
const (
	// CodeReference is the name of an image that can't be read.
	CodeReference diag.Code = "NB0205"
	// CodeMissing is an image, a tag or a blob that is not where its name says.
	CodeMissing diag.Code = "NB1192"
	// CodeForeign is a layer that an image keeps at another address.
	CodeForeign diag.Code = "NB1193"
	// CodeMismatch is bytes that are not what their digest or size says.
	CodeMismatch diag.Code = "NB1194"
	// CodePlatform is an image that has nothing for the platform asked for.
	CodePlatform diag.Code = "NB1195"
	// CodeShape is a manifest, an index or a configuration that is not an image.
	CodeShape diag.Code = "NB1196"
	// CodeLayout is a folder that is not an OCI layout, or a damaged one.
	CodeLayout diag.Code = "NB1197"
	// CodeUnreachable is a registry that does not answer, or not in time.
	CodeUnreachable diag.Code = "NB2210"
	// CodeDenied is a registry that refuses the credentials it was given.
	CodeDenied diag.Code = "NB2211"
	// CodeInsecure is a registry that would be asked without TLS.
	CodeInsecure diag.Code = "NB2212"
	// CodeBound is an answer that is larger than nbuild reads.
	CodeBound diag.Code = "NB2213"
	// CodeAttach is a signature that was stored but is not listed afterwards.
	CodeAttach diag.Code = "NB2214"
	// CodeMoved is a tag that somebody else moved at the same time.
	CodeMoved diag.Code = "NB2229"
	// CodeCredentials is a credential file that can't be read.
	CodeCredentials diag.Code = "NB2215"
)
