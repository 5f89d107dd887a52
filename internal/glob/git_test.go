package glob

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

func TestGitIsPathMatchWhereBothKnowTheForm(t *testing.T) {
	texts := over("ab", 5)
	for _, pattern := range over("a?*", 5) {
		for _, s := range texts {
			want, err := path.Match(pattern, s)
			if err != nil {
				t.Fatal(err)
			}
			if got := Git(pattern, s); got != want {
				t.Fatalf("%q matches %q: %v", pattern, s, got)
			}
		}
	}
}

// TestGitMatchesWhatGitIgnores asks git about patterns with classes, escapes and stars,
// drawn by a seed: one element of an ignore file against every name of a few letters.
func TestGitMatchesWhatGitIgnores(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("needs git")
	}
	dir := t.TempDir()
	run := func(stdin string, args ...string) string {
		t.Helper()
		cmd := exec.Command(git, append([]string{"-C", dir}, args...)...)
		cmd.Env = append(cmd.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.Output()
		if exit, ok := err.(*exec.ExitError); err != nil && !(ok && exit.ExitCode() == 1) { // nothing is ignored
			t.Fatalf("git %v: %v", args, err)
		}
		return string(out)
	}
	run("", "init", "-q")
	names := append(over("ab-]", 3), "[", ":", "[]", "A", "1", "F", "_", "~")
	var asked bytes.Buffer
	for _, n := range names {
		asked.WriteString("x" + n + "\x00") // the letter keeps a pattern from being another sort of line
	}
	draw := rand.New(rand.NewPCG(1, 2))
	parts := []string{"a", "b", "*", "?", "[a]", "[ab]", "[!a]", "[^a]", "[a-b]", "[]]", "[!]]", "[]a]", "[a-]", "[-b]", `\a`, `\*`, `[\]]`, `[\a-b]`, "[b-a]", "[", "]", "-", "[a", "**", "[[:alpha:]]", "[![:punct:]]", "[[:digit:]a]", "[[:none:]]", "[[:a]", "[[:]", "[[:]]", "[a-[:alpha:]]", "[[:lower:]-b]"}
	matched := 0
	for range 200 {
		pattern := "x"
		for range 1 + draw.IntN(3) {
			pattern += parts[draw.IntN(len(parts))]
		}
		if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte(pattern+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		ignored := map[string]bool{}
		for _, n := range strings.Split(run(asked.String(), "check-ignore", "--no-index", "--stdin", "-z"), "\x00") {
			ignored[n] = true
		}
		for _, n := range names {
			if got, want := Git(pattern, "x"+n), ignored["x"+n]; got != want {
				t.Errorf("%q matches %q: %v, git says %v", pattern, "x"+n, got, want)
			} else if got {
				matched++
			}
		}
	}
	if matched < 100 {
		t.Errorf("only %d matches: the draw shows nothing", matched)
	}
}
