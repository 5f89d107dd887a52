package registry

import "github.com/nbuild/nbuild/internal/diag"

// The problems of registries and their configuration.
const (
	CodeSetting     diag.Code = "NB0385" // a setting of npm's that can't be followed
	CodeConfig      diag.Code = "NB1130" // npm's configuration can't be used
	CodeNoRegistry  diag.Code = "NB1131" // no registry is configured
	CodeUnreachable diag.Code = "NB1132" // the registry does not answer, or stalls
	CodeDenied      diag.Code = "NB1133" // the registry denies access
	CodeNotFound    diag.Code = "NB1134" // the registry does not have it
	CodeFailing     diag.Code = "NB1135" // the registry answers with an error
	CodeLying       diag.Code = "NB1136" // the bytes are not what the integrity says
	CodeCut         diag.Code = "NB1137" // an answer has another length than it says
	CodePackument   diag.Code = "NB1138" // a package document can't be read
	CodeCertificate diag.Code = "NB1139" // the registry's certificate is not trusted
	CodeIntegrity   diag.Code = "NB1140" // an integrity can't be checked
	CodeRedirect    diag.Code = "NB1143" // a redirect that must not be followed
	CodeAddress     diag.Code = "NB1151" // the server of an address in the lockfile does not deliver
	CodeLarge       diag.Code = "NB1159" // an answer is larger than nbuild takes
	CodeExposed     diag.Code = "NB1148" // the project could read the user's credential on its way
)
