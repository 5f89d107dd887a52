package bounds

// What Debian archives and their packages may cost, in bytes; see also DebIndex
// and Release.
const (
	DebIndexPacked = 64 << 20  // a Packages index, compressed
	Deb            = 512 << 20 // a .deb
	DebUnpacked    = 1 << 30   // what one .deb unpacks to, in memory
	DebControl     = 16 << 20  // the control archive of a .deb, unpacked
	DebParagraph   = 4 << 20   // one paragraph of a control file
	AptSources     = 1 << 20   // one file of apt's sources
)
