package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// TestEveryCommandHasASuccessAndAFailureInAScript keeps a new command from arriving
// without a session that shows both. One that nobody types is hidden: its caller shows it.
func TestEveryCommandHasASuccessAndAFailureInAScript(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(text)
	}
	cannotFail := map[string]bool{"version": true, "cache show": true, "cache prune": true}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if name := strings.TrimPrefix(c.CommandPath(), "nbuild "); c.Runnable() && c.HasParent() && !c.Hidden && c.Annotations[holdsOthers] == "" {
			for what, code := range map[string]string{"success": "0", "failure": "[1-9][0-9]*"} {
				if what == "failure" && cannotFail[name] {
					continue
				}
				begins := `exits ` + code
				if what == "success" {
					begins = `(?:exits 0|serve-registry \S+)` // which has to end well when it is stopped
				}
				session := regexp.MustCompile(`(?m)^` + begins + ` nbuild (?:\S+ )*?` + name + `(?: |$)`)
				if !session.MatchString(lines.String()) {
					t.Errorf("no script shows a %s of nbuild %s", what, name)
				}
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newApp(surroundings{now: time.Now}).root)
}
