package bounds

// What the dynamism inventory reads and keeps.
const (
	FileErrors  = 10       // places that can't be read, that are told of one file
	Record      = 64 << 20 // what is kept of one artefact's inventory, in bytes
	ScanFiles   = 500_000  // files of a folder that is scanned
	Occurrences = 20       // places that a BOM tells of one kind in one package
)
