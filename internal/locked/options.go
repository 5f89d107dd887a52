package locked

// Options says for which machine a tree is planned and what is left out of it.
// The words are Node's and npm's: OS "linux" (process.platform), CPU "x64"
// (process.arch), Libc "glibc" or "musl". An empty OS or CPU fits every package.
// NodeVersion ("22.15.0") and NPMVersion leave out optional packages whose engines refuse
// them, as npm does; empty, no engine is looked at.
type Options struct {
	OS, CPU, Libc  string
	NodeVersion    string
	NPMVersion     string
	EngineStrict   bool     // a required package whose engines refuse them is a problem (.npmrc: engine-strict)
	Omit           []string // of "dev", "optional", "peer"
	LegacyPeerDeps bool     // peer dependencies ask for nothing (.npmrc: legacy-peer-deps)
	StrictPeerDeps bool     // no peer may be another than asked for (.npmrc: strict-peer-deps)
	Platforms      []string // the machines that problems name, "linux/amd64"
	InstallLinks   bool     // folders of the project are packed and not linked (.npmrc: install-links)
	NoBinLinks     bool     // no command is linked (.npmrc: bin-links=false)
	Workspace      string   // the member that the tree is for, by its folder; "" for the project with all its members
}

// Platform names the machine, "linux/x64 (glibc)".
func (o Options) Platform() string {
	s := o.OS + "/" + o.CPU
	if o.Libc != "" {
		s += " (" + o.Libc + ")"
	}
	return s
}
