package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// TestManPagesAreCurrent holds docs/man to the commands as they are. The pages bear no
// date: they change when a command does.
func TestManPagesAreCurrent(t *testing.T) {
	const dir = "../../docs/man"
	want := map[string]string{}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		c.DisableAutoGenTag = true
		c.InitDefaultHelpFlag()
		if c.HasParent() {
			c.SetHelpCommand(&cobra.Command{Use: "none", Hidden: true}) // the generator would add one to each
		}
		epoch := time.Unix(0, 0).UTC()
		var page bytes.Buffer
		header := doc.GenManHeader{Title: strings.ToUpper(strings.ReplaceAll(c.CommandPath(), " ", "-")), Section: "1", Date: &epoch, Source: "nbuild"}
		if err := doc.GenMan(c, &header, &page); err != nil {
			t.Fatal(err)
		}
		want[strings.ReplaceAll(c.CommandPath(), " ", "-")+".1"] = strings.Replace(page.String(), `"Jan 1970"`, `""`, 1)
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" && !c.HasParent() {
				walk(sub)
			}
		}
	}
	walk(newApp(surroundings{now: time.Now}).root)
	there, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range there {
		if _, ok := want[filepath.Base(name)]; ok {
			continue
		}
		if *update {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
			continue
		}
		t.Errorf("%s is of no command", name)
	}
	for name, text := range want {
		page := filepath.Join(dir, name)
		if *update {
			if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(page)
		if err != nil {
			t.Errorf("there is no page of %s; run go test ./cmd/nbuild -update", name)
			continue
		}
		if diff := cmp.Diff(string(got), text); diff != "" {
			t.Errorf("docs/man/%s is not current; run go test ./cmd/nbuild -update (-page +command):\n%s", name, diff)
		}
	}
}
