package debian

import "github.com/nbuild/nbuild/internal/diag"

// The problems of Debian archives, their packages and the roots made of them.
const (
	CodeNoArchive diag.Code = "NB1160" // no source that is known has the suite
	CodeSignature diag.Code = "NB1161" // an InRelease that none of the archive's keys signed
	CodeStale     diag.Code = "NB1162" // an InRelease that has expired, is from the future, or is older than the pinned one
	CodeSuite     diag.Code = "NB1163" // an InRelease of another suite, or without the component or architecture
	CodeIndex     diag.Code = "NB1164" // a Packages index that is not the signed one, or does not parse
	CodeUnknown   diag.Code = "NB1165" // a package that the suite does not have
	CodeDepends   diag.Code = "NB1166" // dependencies that can't be had, or that conflict
	CodeGone      diag.Code = "NB1167" // a pinned .deb that no source has any more
	CodeBytes     diag.Code = "NB1168" // a .deb whose bytes are not the pinned ones
	CodeRefused   diag.Code = "NB1169" // a .deb that does not parse, or that reaches for what it must not
	CodeRoot      diag.Code = "NB1170" // packages that do not make one root file system
)
