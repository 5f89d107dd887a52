package builder

import "github.com/nbuild/nbuild/internal/diag"

// The problems of building.
const (
	CodePatches   diag.Code = "NB1003" // packages are patched, which can't be done yet
	CodeNoPackage diag.Code = "NB1186" // a layer names a package that the tree does not have
	CodeBase      diag.Code = "NB1187" // what a base is made of is not pinned
	CodeNoFetch   diag.Code = "NB1188" // a fetched file is not pinned

	CodeNodeUnknown diag.Code = "NB1179" // which Node a guarded image starts can't be found out
)
