package protocol

import (
	"os"
	"strings"
	"sync"
)

// Privileged reports whether this process is root of the host, and not a user who is
// called so in a namespace, as in a container without root: that one can give its files
// to nobody else.
func Privileged() bool { return privileged() }

var privileged = sync.OnceValue(func() bool { // as long as a process lives
	text, err := os.ReadFile("/proc/self/uid_map")
	fields := strings.Fields(string(text))
	return err == nil && len(fields) == 3 && fields[0] == "0" && fields[1] == "0" && fields[2] == "4294967295" && os.Geteuid() == 0
})
