package bounds

// What the dynamism inventory reads and keeps.
const (
	SourceFile   = 32 << 20 // one file of JavaScript that is analysed, in bytes
	FileFindings = 20_000   // findings, and calls, that are kept of one file
	FileErrors   = 10       // places that can't be read, that are reported of one file
	Record       = 64 << 20 // what is kept of one artefact's inventory, in bytes
	ScanFiles    = 500_000  // files of a folder that is scanned
	Occurrences  = 50       // places that a BOM lists of one kind in one package
)
