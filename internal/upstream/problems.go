package upstream

import "github.com/nbuild/nbuild/internal/diag"

// The problems of bringing artefacts.
const (
	CodeOffline   diag.Code = "NB1106" // artefacts are missing and the network is off
	CodeOther     diag.Code = "NB1107" // the bytes are not those that nbuild.lock names
	CodeIndex     diag.Code = "NB1108" // the file index is not the one that nbuild.lock names
	CodeManifest  diag.Code = "NB1171" // nbuild.lock says another thing of a package than its manifest
	CodeNoFetcher diag.Code = "NB1109" // nothing here brings that kind of artefact
)
