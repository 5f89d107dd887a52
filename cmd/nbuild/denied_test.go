package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// denied holds a class of change to what a user sees of it between two things that diff
// compares: denied CLASS SEVERITY FROM TO. By itself it is reported, with that severity, and
// stops nothing; a gate that names it stops, says so, and speaks of no other class, but
// for those that new-dynamism stands for. A test reads these lines, so that no class goes
// without.
func denied(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: denied CLASS SEVERITY FROM TO")
	}
	class, severity, from, to := args[0], args[1], args[2], args[3]
	if got := exitText(ts.Exec("nbuild", "--json", "diff", from, to)); got != "0" {
		ts.Fatalf("exit code %s without a gate, want 0", got)
	}
	if !strings.Contains(ts.ReadFile("stdout"), fmt.Sprintf(`"class":%q,"severity":%q`, class, severity)) {
		ts.Fatalf("no %s is reported with severity %s", class, severity)
	}
	if got := exitText(ts.Exec("nbuild", "diff", "--deny", class, from, to)); got != "30" {
		ts.Fatalf("exit code %s where %s is denied, want 30", got, class)
	}
	stopped := stopping.FindAllStringSubmatch(ts.ReadFile("stderr"), -1)
	if len(stopped) == 0 {
		ts.Fatalf("nothing says that %s stopped", class)
	}
	for _, s := range stopped {
		if s[1] != class && !(class == "new-dynamism" && slices.Contains(asDynamism, s[1])) {
			ts.Fatalf("%s stopped where only %s is denied", s[1], class)
		}
	}
}

// stopping is how an error names the class that a gate stopped.
var stopping = regexp.MustCompile(`(?m)^error\[NB3000\]: ([a-z-]+): `)

// asDynamism are the classes that new-dynamism in a gate stands for, beside itself.
var asDynamism = []string{"new-install-script", "install-script-changed", "new-implicit-gyp", "new-native-addon", "new-prebuilt-binary"}
