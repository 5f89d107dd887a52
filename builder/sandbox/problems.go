package sandbox

import (
	"fmt"

	"github.com/nbuild/nbuild/internal/diag"
)

// CodeDenied is the problem of a sandbox that can't be made.
const CodeDenied diag.Code = "NB1400" // the kernel denies a part of the sandbox

// denied is what came of a part that could not be made.
func denied(part, cause string) *diag.Problem {
	p := &diag.Problem{
		Code: CodeDenied, What: fmt.Sprintf("the sandbox can't be made here: %s: %s", part, cause),
		Why:    "a step runs in namespaces of its own, and nothing runs with less",
		Remedy: "run nbuild as a user who may make namespaces; in a container that takes the options that `nbuild explain NB1400` lists",
	}
	if part == "namespaces" {
		p.Remedy = "allow them: as root, sysctl -w user.max_user_namespaces=10000, and on Ubuntu 24.04 and later kernel.apparmor_restrict_unprivileged_userns=0; `nbuild explain NB1400` has more"
	}
	return p
}
