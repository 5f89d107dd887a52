package debian

import "testing"

func TestALibrarysPackage(t *testing.T) {
	for name, want := range map[string]struct {
		pkg   string
		known bool
	}{
		"libatomic.so.1":       {"libatomic1", true},
		"libstdc++.so.6":       {"libstdc++6", true},
		"ld-linux-x86-64.so.2": {"libc6", true},
		"libvips-cpp.so.42":    {"libvips-cpp42", false},
		"libfoo_Bar-2.0.so.1":  {"libfoo-bar-2.0-1", false},
		"libssh2.so.1":         {"libssh2-1", false},
		"libc.musl-x86_64.so.1": {
			"libc.musl-x86-64-1", false, // musl's own name follows the rule's form and is of no package: the build says what it is
		},
		"libnode.node":  {"", false},
		"/opt/x/a.so.1": {"", false},
		"addon.node":    {"", false},
	} {
		if pkg, known := Library(name); pkg != want.pkg || known != want.known {
			t.Errorf("%s: %s, %t", name, pkg, known)
		}
	}
}
