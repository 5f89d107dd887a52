package sandbox

import (
	"fmt"
	"os"
	"strings"

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
	if part != "namespaces" {
		return p
	}
	p.Remedy = "allow them: as root, sysctl -w user.max_user_namespaces=10000, and on Ubuntu 24.04 and later kernel.apparmor_restrict_unprivileged_userns=0; `nbuild explain NB1400` has more"
	if set := hindrances(os.Geteuid() == 0); len(set) > 0 {
		p.What += fmt.Sprintf(" (%s)", set[0])
		var all []string
		for _, h := range set {
			all = append(all, h.name+"="+h.to)
		}
		p.Remedy = "allow them: as root, sysctl -w " + strings.Join(all, " ") + "; `nbuild explain NB1400` has more"
	}
	return p
}

// hindrance is a setting of the kernel that denies namespaces.
type hindrance struct{ name, is, to string }

func (h hindrance) String() string { return h.name + " is " + h.is }

// hindrances lists the settings of this kernel that deny what the sandbox is made of.
func hindrances(root bool) (set []hindrance) {
	ask := func(name, denies, to string) {
		text, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(name, ".", "/"))
		if is := strings.TrimSpace(string(text)); err == nil && is == denies {
			set = append(set, hindrance{name, is, to})
		}
	}
	for _, kind := range []string{"user", "mnt", "pid", "net", "uts", "ipc", "cgroup"} {
		ask("user.max_"+kind+"_namespaces", "0", "10000")
	}
	if !root { // who has the capability is not asked
		ask("kernel.unprivileged_userns_clone", "0", "1")
		ask("kernel.apparmor_restrict_unprivileged_userns", "1", "0")
	}
	return set
}
