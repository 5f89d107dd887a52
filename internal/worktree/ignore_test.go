package worktree

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/glob"
)

func TestIgnoreReadsLinesAsGitDoes(t *testing.T) {
	files := []string{
		"a", "a.js", "b/a", "b/a.js", "b/c/a.js", "b/c/d/e", "x y", "x ", "#h", "!n", "foo/bar/baz", "foo/baz", "doc/x.txt", "doc/a/x.txt",
		"aXb", "a]b", "a-b", "a\\b", "[z]", "é", "logs/debug.log", "logs/sub/debug.log", "deep/logs/debug.log", "dir/file", "other/dir/file", "k/!n", "e/é",
	}
	patterns := []string{
		"a", "/a", "*.js", "b/", "/b/c", "b/*", "b/**", "**/a", "**/c/**", "foo/**/baz", "doc/*.txt", "x\\ ", "x ", "\\#h", "\\!n", "#h", "a?b", "a[X-Z]b", "a[!X]b",
		"a[]]b", "a[\\]]b", "a[-]b", "\\[z]", "[z", "?", "logs/**/debug.log", "**/logs", "**", "*", "/*", "dir", "dir/file", "/", "a\\\\b", "b/c/", "**b/c", "!a", "a**", "b\\", "**/",
	}
	program, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git, which judges here, is not installed")
	}
	dir := t.TempDir()
	tree := map[string]string{}
	for _, f := range files {
		tree[f] = ""
	}
	lay(t, dir, tree)
	run(t, dir, "init", "-q")
	for _, p := range patterns {
		for _, text := range []string{p, "*\n!" + p, p + "\n!*.js"} {
			if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte(text+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(program, "-C", dir, "ls-files", "-z", "--others", "--exclude-per-directory=.gitignore")
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			in := map[string]bool{}
			for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
				in[name] = true
			}
			s := &scan{rules: map[string][]ruleSet{".": {{".gitignore", ".gitignore", parseIgnore([]byte(text), false)}}}}
			for _, f := range files {
				out := false
				for _, d := range append(above(f)[1:], f) {
					out = out || s.ignored(d, d != f) != ""
				}
				if out == in[f] {
					t.Errorf("%q: %q is out: %v, git says %v", text, f, out, !in[f])
				}
			}
		}
	}
}

func TestDockerignoreIsReadAsDockerDoes(t *testing.T) {
	for _, c := range []struct {
		text, file string
		out        bool
	}{
		{"a", "a", true}, {"a", "b/a", false}, {"/a", "a", true}, {"**/a", "x/y/a", true}, {"a", "a/b", true}, {"a/", "a/b", true},
		{"*.md", "x.md", true}, {"*.md", "d/x.md", false}, {"*\n!src", "src/x", false}, {"*\n!src", "lib/x", true},
		{"**\n!src/**", "src/x", false}, {"src\n!src/keep", "src/keep", false}, {"src\n!src/keep", "src/drop", true}, {"./a", "a", true}, {"# a", "# a", false},
	} {
		s := &scan{rules: map[string][]ruleSet{".": {{".dockerignore", ".dockerignore", parseIgnore([]byte(c.text), true)}}}}
		out := false
		for _, d := range append(above(c.file)[1:], c.file) {
			out = out || s.ignored(d, d != c.file) != ""
		}
		if out != c.out {
			t.Errorf("%q: %s is out: %v", c.text, c.file, out)
		}
	}
}

func FuzzIgnore(f *testing.F) {
	f.Add("**/a[!x-z]*\\*", "b/c/abc")
	f.Add("*\n!a/", "a/b")
	f.Fuzz(func(t *testing.T, text, name string) {
		if len(text) > 1000 || len(name) > 1000 || name == "" {
			return
		}
		for _, docker := range []bool{false, true} {
			set := ruleSet{".gitignore", ".gitignore", parseIgnore([]byte(text), docker)}
			for i := range set.rules {
				set.matches(&set.rules[i], name, false)
			}
		}
		plain := strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(name)
		if !strings.Contains(name, "/") && !glob.Git(plain, name) {
			t.Errorf("%q does not match itself, written %q", name, plain)
		}
	})
}

func FuzzCommitTime(f *testing.F) {
	f.Add("tree x\ncommitter a <a@example.com> 1700000000 +0200\n\nmessage")
	f.Fuzz(func(t *testing.T, raw string) {
		when, err := committed(raw)
		if err == nil && (when.Unix() < 0 || when.Location().String() != "UTC") {
			t.Errorf("took %v", when)
		}
	})
}

func FuzzLooksLikeKey(f *testing.F) {
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nQUJDQUJDQUJDQUJDQUJD\n"))
	f.Add([]byte{0x30, 0x82, 1, 0, 2, 1, 0, 0x30})
	f.Fuzz(func(t *testing.T, b []byte) {
		if what := looksLikeKey(b); what != "" && looksLikeKey(append([]byte("\n\n"), b...)) == "" && !derKey(b) && what != "a private key of PuTTY" {
			t.Errorf("two line breaks hid %s", what)
		}
	})
}
