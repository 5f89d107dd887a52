package upstream

import "github.com/nbuild/nbuild/internal/diag"

// The problems of pinning.
const (
	CodeOtherPackage diag.Code = "NB1100" // a tarball says it is another package
	CodeCooldown     diag.Code = "NB1101" // a version is younger than the cooldown
	CodeNoTime       diag.Code = "NB1102" // a version's age can't be found out, and a cooldown is set
	CodeUnpinned     diag.Code = "NB1103" // nbuild.lock lacks what the lockfile needs
	CodeExtra        diag.Code = "NB1104" // nbuild.lock has what the lockfile does not need
	CodeIntegrity    diag.Code = "NB1105" // nbuild.lock and the lockfile name different bytes
	CodeTarball      diag.Code = "NB1117" // a tarball of the project is not there, or is another
	CodeNoNode       diag.Code = "NB1144" // no PinNode of that version for the platforms
)
