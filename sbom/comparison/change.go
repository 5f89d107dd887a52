package comparison

import (
	"cmp"
	"slices"
	"strings"
)

// Class is what kind of change a Change is. The list is closed; docs/diff-classes.md
// is its table.
type Class string

// The classes of change.
const (
	IntegrityChanged     Class = "integrity-changed"      // the same version with other bytes
	RegistryChanged      Class = "registry-changed"       // the package comes from another registry's binding
	OriginChanged        Class = "origin-changed"         // the bytes come from another place
	NewInstallScript     Class = "new-install-script"     // npm would run a script that was not there
	InstallScriptChanged Class = "install-script-changed" // npm would run another script
	NewImplicitGyp       Class = "new-implicit-gyp"       // npm would run node-gyp
	NewNativeAddon       Class = "new-native-addon"       // machine code that Node can load
	NewPrebuiltBinary    Class = "new-prebuilt-binary"    // machine code in the tarball
	NewDynamism          Class = "new-dynamism"           // a finding by file that was not there
	ProvenanceLost       Class = "provenance-lost"        // an attested package is attested no more
	NewMaintainer        Class = "new-maintainer"         // another account may publish it
	SourceChanged        Class = "source-changed"         // a file that may load has other bytes, its package the same version
	SourceFormatChanged  Class = "source-format-changed"  // ... is loaded as another kind of program
	NewEvaluator         Class = "new-evaluator"          // a module that may turn strings into code
	NewInstrumenter      Class = "new-instrumenter"       // a module that may rewrite what loads
	NewGeneratedCode     Class = "new-generated-code"     // code that no file holds
	GuardRemoved         Class = "guard-removed"          // the image starts without a guard
	GuardWeakened        Class = "guard-weakened"         // the guard lets more pass
	NewSource            Class = "new-source"             // files of a package may load that could not
	EvaluatorChanged     Class = "evaluator-changed"      // a module that may turn strings into code has other bytes
	InstrumenterChanged  Class = "instrumenter-changed"   // a module that may rewrite what loads has other bytes
	GuardChanged         Class = "guard-changed"          // the guard's own code is another
	UpdatedSources       Class = "updated-sources"        // what may load of a package changed with its version
	OwnSourceChanged     Class = "own-source-changed"     // a file of the project's own that may load
	NewOwnSource         Class = "new-own-source"         //
	RemovedSource        Class = "removed-source"         // files may load no more
	RemovedEvaluator     Class = "removed-evaluator"
	RemovedInstrumenter  Class = "removed-instrumenter"
	RemovedGeneratedCode Class = "removed-generated-code"
	GuardAdded           Class = "guard-added"
	GuardTightened       Class = "guard-tightened" // the guard lets less pass
	Downgrade            Class = "downgrade"
	NewPackage           Class = "new-package"
	BaseChanged          Class = "base-changed"       // the image stands on another one
	ConfigChanged        Class = "config-changed"     // the image's configuration
	IntegrityWeakened    Class = "integrity-weakened" // less than before names a package's bytes
	LicenceChanged       Class = "licence-changed"    //
	NewVersion           Class = "new-version"        // another version beside those that were there
	Upgrade              Class = "upgrade"
	NewCopy              Class = "new-copy"        // a version that was there, at one more path
	RemovedPackage       Class = "removed-package" //
	RemovedVersion       Class = "removed-version" // one of several
	RemovedCopy          Class = "removed-copy"    // one of several paths
	Moved                Class = "moved"           // the same version at another path
)

// Severity ranks a class for a reader. It is not a verdict: a Gate names classes.
type Severity string

// The severities, most severe first.
const (
	Critical Severity = "critical" // what tampering looks like
	High     Severity = "high"     // what an attack needs
	Medium   Severity = "medium"   // what a person should look at
	Low      Severity = "low"      // what is expected of an update
	Info     Severity = "info"     // what changes no code
)

var severities = []Severity{Critical, High, Medium, Low, Info}

// classes is the closed list in order of severity.
var classes = []struct {
	class    Class
	severity Severity
}{
	{IntegrityChanged, Critical},
	{RegistryChanged, Critical},
	{SourceChanged, Critical},
	{OriginChanged, High},
	{NewInstallScript, High},
	{InstallScriptChanged, High},
	{NewImplicitGyp, High},
	{NewNativeAddon, High},
	{NewPrebuiltBinary, High},
	{NewDynamism, High},
	{ProvenanceLost, High},
	{NewMaintainer, High},
	{SourceFormatChanged, High},
	{NewEvaluator, High},
	{NewInstrumenter, High},
	{NewGeneratedCode, High},
	{GuardRemoved, High},
	{GuardWeakened, High},
	{Downgrade, Medium},
	{NewPackage, Medium},
	{BaseChanged, Medium},
	{ConfigChanged, Medium},
	{IntegrityWeakened, Medium},
	{LicenceChanged, Medium},
	{NewSource, Medium},
	{EvaluatorChanged, Medium},
	{InstrumenterChanged, Medium},
	{GuardChanged, Medium},
	{NewVersion, Low},
	{Upgrade, Low},
	{RemovedPackage, Low},
	{UpdatedSources, Low},
	{OwnSourceChanged, Low},
	{NewOwnSource, Low},
	{NewCopy, Info},
	{RemovedVersion, Info},
	{RemovedCopy, Info},
	{Moved, Info},
	{RemovedSource, Info},
	{RemovedEvaluator, Info},
	{RemovedInstrumenter, Info},
	{RemovedGeneratedCode, Info},
	{GuardAdded, Info},
	{GuardTightened, Info},
}

// guardClasses are the classes of changes to an image's guard and to the list that it
// holds.
var guardClasses = []Class{
	SourceChanged, SourceFormatChanged, NewEvaluator, NewInstrumenter, NewGeneratedCode, GuardRemoved, GuardWeakened, NewSource, EvaluatorChanged,
	InstrumenterChanged, RemovedInstrumenter, GuardChanged, UpdatedSources, OwnSourceChanged, NewOwnSource, RemovedSource, RemovedEvaluator, RemovedGeneratedCode, GuardAdded,
	GuardTightened,
}

// OfGuard reports whether a change of the class is one of an image's guard or of the
// list that it holds.
func (c Class) OfGuard() bool { return slices.Contains(guardClasses, c) }

// Classes returns the closed list, most severe first.
func Classes() []Class {
	out := make([]Class, len(classes))
	for i, c := range classes {
		out[i] = c.class
	}
	return out
}

// Severity returns the severity of the class, Critical of a class that does not
// exist.
func (c Class) Severity() Severity {
	if i := c.rank(); i < len(classes) {
		return classes[i].severity
	}
	return Critical
}

func (c Class) rank() int {
	for i, known := range classes {
		if known.class == c {
			return i
		}
	}
	return len(classes)
}

// Change is one difference. From and To are nil where the side has nothing; else
// they hold what changed: versions, hashes, a licence, the text of a script.
type Change struct {
	Class    Class    `json:"class"`
	Severity Severity `json:"severity"`
	Purl     string   `json:"purl"` // as it is now, or was where it is gone; "" of an image's configuration and the project's own files
	Path     string   `json:"path"` // the install path, the setting's name, or of a source its path in the image
	From     *string  `json:"from"`
	To       *string  `json:"to"`
	Why      []string `json:"why"` // dependency paths, "root > a > b"
}

func compareChanges(a, b Change) int {
	return cmp.Or(
		slices.Index(severities, a.Severity)-slices.Index(severities, b.Severity),
		a.Class.rank()-b.Class.rank(),
		strings.Compare(a.Purl, b.Purl),
		strings.Compare(a.Path, b.Path),
		compareTexts(a.From, b.From),
		compareTexts(a.To, b.To),
		slices.Compare(a.Why, b.Why),
	)
}

func compareTexts(a, b *string) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return strings.Compare(*a, *b)
}
