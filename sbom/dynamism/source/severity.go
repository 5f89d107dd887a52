package source

// Severity ranks a kind of finding for a reader who looks for harm. It judges no
// finding: an honest template engine makes code of strings, and an attack may do with
// reading one file. What a project denies are its rules.
type Severity string

// The severities, most severe first.
const (
	High   Severity = "high"   // makes code of what is not code yet, gets past the loader, or runs at install
	Medium Severity = "medium" // reaches beyond what was read: other programs, machine code, names that are computed, the network
	Low    Severity = "low"    // everyday: files, the environment, modules that load later, tests
)

// Severities lists them, most severe first.
func Severities() []Severity { return []Severity{High, Medium, Low} }

// Severity returns the severity of a kind. One that is not known is High.
func (k Kind) Severity() Severity {
	switch k {
	case NonliteralRequire, NonliteralImport, ChildProcess, Worker, Wasm, NativeAddon, PrebuiltBinary, NonJSExecutable,
		CreateRequire, MonkeyPatch, Network:
		return Medium
	case Filesystem, Environment, LazyRequire, RequireResolve, TestCode:
		return Low
	}
	return High
}
