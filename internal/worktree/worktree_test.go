package worktree

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/diag"
)

// lay writes files, by path; a text "-> target" makes a link.
func lay(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func paths(tree *Tree) []string {
	out := []string{}
	for _, f := range tree.Files {
		out = append(out, f.Path)
	}
	return out
}

func reasons(tree *Tree) map[string]string {
	out := map[string]string{}
	for _, e := range tree.Excluded {
		out[e.Path] = e.Reason
	}
	return out
}

func scanDir(t *testing.T, dir string, opt Options) *Tree {
	t.Helper()
	tree, err := Scan(t.Context(), dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func codes(err error) []diag.Code {
	var out []diag.Code
	for _, p := range diag.All(err) {
		out = append(out, p.Code)
	}
	return out
}

// git is the real one, or the test is skipped.
func git(t *testing.T) Options {
	t.Helper()
	program, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is not installed")
	}
	return Options{Git: Exec(program), Temp: t.TempDir()}
}

// run runs git as a developer does.
func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE=2026-01-01T00:00:00Z",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_COMMITTER_DATE=2026-02-03T04:05:06+02:00",
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestScanWithoutGitTakesAllButWhatIsIgnored(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, map[string]string{
		"package.json": "{}", "server.js": "", "lib/a.js": "", "lib/a-b.js": "", "lib.js": "", "views/x.ejs": "",
		"lib/deep/local.js": "", "lib/deep/.gitignore": "local.*\n",
		".env": "S=1", ".env.example": "S=", "config/prod.env": "", ".npmrc": "", "certs/tls.key": "",
		"node_modules/a/index.js": "", "test/a.js": "", "lib/a.test.js": "",
		"build/out.js": "", "notes.md": "", "docs/x.md": "", "tmp/a.js": "", "tmp/keep.js": "",
		".gitignore": "/build\n*.md\n", ".npmignore": "!notes.md\ndocs/\n", ".dockerignore": "tmp\n!tmp/keep.js\n",
		"current.js": "-> lib/a.js", ".git/config": "",
	})
	if err := os.Chmod(filepath.Join(dir, "server.js"), 0o700); err != nil {
		t.Fatal(err)
	}
	tree := scanDir(t, dir, Options{})
	want := []string{
		"current.js", "lib.js", "lib/a-b.js", "lib/a.js", "package.json", "server.js", "tmp/keep.js", "views/x.ejs",
	}
	if diff := cmp.Diff(want, paths(tree)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for _, f := range tree.Files {
		if f.Path == "server.js" && f.Mode != 0o755 || f.Path == "lib.js" && f.Mode != 0o644 {
			t.Errorf("%s has mode %o", f.Path, f.Mode)
		}
		if f.Path == "current.js" && f.Link != "lib/a.js" {
			t.Errorf("link to %q", f.Link)
		}
	}
	got := reasons(tree)
	for name, want := range map[string]string{
		".env": "settings that hold secrets", "config/prod.env": "settings that hold secrets", ".npmrc": "credentials",
		"certs/tls.key": "name of a private key", "node_modules/": "packages come from the snapshot", "test/": "test code",
		"lib/a.test.js": "test code", "build/": ".gitignore, line 1", "notes.md": ".gitignore, line 2", "docs/": ".npmignore, line 2",
		"tmp/a.js": ".dockerignore, line 1", "lib/deep/local.js": "lib/deep/.gitignore, line 1", ".git/": "history of the repository",
	} {
		if got[name] != want {
			t.Errorf("%s stays out because of %q, want %q", name, got[name], want)
		}
	}
}

func TestScanLeavesOutImagesThatABuildWrote(t *testing.T) {
	dir := t.TempDir()
	config := strings.Repeat("a", 64) + ".json"
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := w.WriteHeader(&tar.Header{Name: config, Size: 2, Mode: 0o644, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("{}")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	lay(t, dir, map[string]string{
		"server.js": "", "out/oci-layout": "{}", "out/index.json": "{}", "out/blobs/sha256/aa": "",
		"shop.tar": archive.String(), "data.tar": strings.Repeat("x", 1024), "data/index.json": "{}",
	})
	tree := scanDir(t, dir, Options{})
	if diff := cmp.Diff([]string{"data.tar", "data/index.json", "server.js"}, paths(tree)); diff != "" {
		t.Error(diff)
	}
	got := reasons(tree)
	if got["out/"] != layoutReason || got["shop.tar"] != archiveReason {
		t.Errorf("%v", got)
	}
}

func TestScanRefusesPrivateKeys(t *testing.T) {
	body := strings.Repeat("QUJD", 16)
	der := append([]byte{0x30, 0x82, 0x01, 0x00, 0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a}, make([]byte, 0x100-8)...)
	for name, text := range map[string]string{
		"pem":       "-----BEGIN PRIVATE KEY-----\n" + body + "\n-----END PRIVATE KEY-----\n",
		"rsa, CRLF": "x\r\n-----BEGIN RSA PRIVATE KEY-----\r\n" + body + "\r\n",
		"encrypted": "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n" + body,
		"openssh":   "-----BEGIN OPENSSH PRIVATE KEY-----\n" + body,
		"pgp":       "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n" + body,
		"json":      `{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\n` + body + `\n"}`,
		"age":       "# created\nAGE-SECRET-KEY-1" + strings.Repeat("Q", 58) + "\n",
		"cloud":     "[default]\naws_secret_access_key = " + strings.Repeat("a", 40) + "\n",
		"putty":     "PuTTY-User-Key-File-3: ssh-ed25519\n",
		"der":       string(der),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			lay(t, dir, map[string]string{"innocent.txt": text, "a.js": ""})
			_, err := Scan(t.Context(), dir, Options{})
			if diff := cmp.Diff([]diag.Code{CodePrivateKey}, codes(err)); diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestScanTakesWhatOnlyMentionsAKey(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, map[string]string{
		"a.js":   "if (s.startsWith('-----BEGIN PRIVATE KEY-----')) throw 1\n",
		"b.js":   "const head = `\n-----BEGIN RSA PRIVATE KEY-----\n${body}`\n",
		"c.pem":  "-----BEGIN CERTIFICATE-----\n" + strings.Repeat("QUJD", 16) + "\n",
		"d.pem":  "-----BEGIN PUBLIC KEY-----\n" + strings.Repeat("QUJD", 16) + "\n",
		"e.json": `{"aws_secret_access_key": ""}`,
	})
	if got := paths(scanDir(t, dir, Options{})); len(got) != 5 {
		t.Errorf("got %v", got)
	}
}

func TestScanRefusesLinksOut(t *testing.T) {
	outside := t.TempDir()
	for name, target := range map[string]string{
		"absolute": "/etc/hostname", "above": "../x", "deep": "a/../../x", "through": "hop/secret", "itself absolute": outside,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			lay(t, dir, map[string]string{"link": "-> " + target, "a/b": ""})
			want := []diag.Code{CodeLinkOut}
			if name == "through" {
				lay(t, dir, map[string]string{"hop": "-> " + outside})
				want = append(want, CodeLinkOut)
			}
			_, err := Scan(t.Context(), dir, Options{})
			if diff := cmp.Diff(want, codes(err)); diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestScanDoesNotWalkThroughALink(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, map[string]string{"a/b.js": "", "c": "-> a"})
	if diff := cmp.Diff([]string{"a/b.js", "c"}, paths(scanDir(t, dir, Options{}))); diff != "" {
		t.Error(diff)
	}
}

func TestScanRefusesNamesAndKindsThatNoImageCarries(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, map[string]string{"bad\xff.js": "", "new\nline": "", `back\slash`: ""})
	if err := unix.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Scan(t.Context(), dir, Options{})
	want := map[diag.Code]int{CodeName: 3, CodeSpecial: 1}
	got := map[diag.Code]int{}
	for _, c := range codes(err) {
		got[c]++
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestScanTellsNamesThatCollide(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, map[string]string{"Readme.txt": "", "README.txt": "", "caf\u00e9": "", "cafe\u0301": ""})
	tree := scanDir(t, dir, Options{})
	if len(tree.Files) != 4 || len(tree.Warnings) != 2 {
		t.Errorf("%d files, warnings %v", len(tree.Files), tree.Warnings)
	}
}

func TestScanTakesWhatGitTracks(t *testing.T) {
	opt := git(t)
	top := t.TempDir()
	dir := filepath.Join(top, "app")
	lay(t, top, map[string]string{"app/a.js": "", "app/ä b.js": "", "app/lib/c.js": "", "app/.gitignore": "ignored.js\n", "other.js": ""})
	run(t, top, "init", "-q")
	run(t, top, "add", ".")
	lay(t, dir, map[string]string{"untracked.js": "", "ignored.js": "", "new/x.js": ""})
	tree := scanDir(t, dir, opt)
	if diff := cmp.Diff([]string{"a.js", "lib/c.js", "ä b.js"}, paths(tree)); diff != "" || !tree.Tracked {
		t.Error(diff)
	}
	want := map[string]string{
		".gitignore": "not read in production", "ignored.js": ".gitignore, line 1",
		"new/": "git does not track it", "untracked.js": "git does not track it",
	}
	if diff := cmp.Diff(want, reasons(tree)); diff != "" {
		t.Error(diff)
	}
}

func TestCommitTellsIDTimeAndDirt(t *testing.T) {
	opt := git(t)
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			ctx, top := t.Context(), t.TempDir()
			dir := filepath.Join(top, "app")
			if _, ok, err := Commit(ctx, top, opt); ok || err != nil {
				t.Fatalf("no repository: %v, %v", ok, err)
			}
			lay(t, top, map[string]string{"app/a.js": "1", "other.js": "1"})
			run(t, top, "init", "-q", "--object-format="+format)
			if _, ok, err := Commit(ctx, dir, opt); ok || err != nil {
				t.Fatalf("no commit yet: %v, %v", ok, err)
			}
			run(t, top, "add", ".")
			run(t, top, "commit", "-q", "-m", "x")
			want := Revision{ID: run(t, top, "rev-parse", "HEAD"), Time: time.Date(2026, 2, 3, 2, 5, 6, 0, time.UTC)}
			check := func(what string, dirty bool) {
				t.Helper()
				want.Dirty = dirty
				got, ok, err := Commit(ctx, dir, opt)
				if err != nil || !ok || !cmp.Equal(want, got) {
					t.Errorf("%s: %+v, %v, %v", what, got, ok, err)
				}
			}
			check("clean", false)
			lay(t, top, map[string]string{"app/untracked.js": "", "other.js": "2"})
			check("changed outside of the project", false)
			lay(t, top, map[string]string{"app/a.js": "2"})
			check("changed", true)
			run(t, top, "add", "app/a.js")
			check("staged", true)
			run(t, top, "checkout", "-q", "-f", "HEAD", "--", "app/a.js")
			run(t, top, "pack-refs", "--all")
			run(t, top, "gc", "-q")
			check("packed", false)
			linked := filepath.Join(t.TempDir(), "linked")
			run(t, top, "worktree", "add", "-q", linked)
			got, ok, err := Commit(ctx, filepath.Join(linked, "app"), opt)
			if err != nil || !ok || got.ID != want.ID || got.Dirty {
				t.Errorf("linked work tree: %+v, %v, %v", got, ok, err)
			}
		})
	}
}

func TestAHostileRepositoryRunsNothing(t *testing.T) {
	opt := git(t)
	dir := t.TempDir()
	ran := filepath.Join(t.TempDir(), "ran")
	evil := filepath.Join(t.TempDir(), "evil.sh")
	if err := os.WriteFile(evil, []byte("#!/bin/sh\ntouch "+ran+"\ncat\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	lay(t, dir, map[string]string{"a.js": "1", ".gitattributes": "*.js filter=evil diff=evil\n"})
	run(t, dir, "init", "-q")
	run(t, dir, "add", ".")
	run(t, dir, "commit", "-q", "-m", "x")
	hooks := filepath.Join(dir, ".git", "hooks")
	if err := os.MkdirAll(hooks, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, h := range []string{"post-index-change", "fsmonitor-watchman", "reference-transaction"} {
		if err := os.Symlink(evil, filepath.Join(hooks, h)); err != nil {
			t.Fatal(err)
		}
	}
	for _, kv := range [][2]string{
		{"core.fsmonitor", evil}, {"core.hooksPath", hooks}, {"filter.evil.clean", evil}, {"filter.evil.process", evil},
		{"diff.external", evil}, {"diff.evil.command", evil}, {"core.pager", evil}, {"core.sshCommand", evil}, {"alias.status", "!" + evil},
		{"core.worktree", "/"},
	} {
		run(t, dir, "config", kv[0], kv[1])
	}
	// The file's bytes are other than its entry says, so that git must read it.
	lay(t, dir, map[string]string{"a.js": "2"})

	tree := scanDir(t, dir, opt)
	if diff := cmp.Diff([]string{"a.js"}, paths(tree)); diff != "" || !tree.Tracked {
		t.Error(diff)
	}
	rev, ok, err := Commit(t.Context(), dir, opt)
	if err != nil || !ok || !rev.Dirty {
		t.Errorf("got %+v, %v, %v", rev, ok, err)
	}
	if _, err := os.Stat(ran); err == nil {
		t.Fatal("the repository's own command ran")
	}
	// The trap works: plain git falls into it.
	run(t, dir, "-c", "core.worktree="+dir, "status", "--short")
	if _, err := os.Stat(ran); err != nil {
		t.Error("plain git ran nothing either, so this test shows nothing")
	}
}

func TestGitIsAskedWithoutTheCallersEnvironment(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, map[string]string{".git/HEAD": "ref: refs/heads/main\n", ".git/index": "x", "a.js": ""})
	var seen []string
	fake := func(_ context.Context, _ string, env, args []string) ([]byte, error) {
		seen = append(env, args...)
		return nil, nil
	}
	if _, err := Scan(t.Context(), dir, Options{Git: fake, Temp: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "core.fsmonitor=false"} {
		if !strings.Contains(strings.Join(seen, " "), want) {
			t.Errorf("git was asked without %s: %q", want, seen)
		}
	}
	for _, e := range seen {
		if strings.HasPrefix(e, "GIT_DIR=") && strings.Contains(e, dir) {
			t.Errorf("git was shown the repository's own folder: %s", e)
		}
	}
}

func TestHeadThatNamesNoCommitIsAProblem(t *testing.T) {
	for name, head := range map[string]string{"junk": "nonsense", "out": "ref: refs/../../../etc/passwd", "loop": "ref: refs/heads/a"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			lay(t, dir, map[string]string{".git/HEAD": head, ".git/refs/heads/a": "ref: refs/heads/a"})
			_, _, err := Commit(t.Context(), dir, Options{Git: Exec("/nowhere/git"), Temp: t.TempDir()})
			if diff := cmp.Diff([]diag.Code{CodeGit}, codes(err)); diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestTheScanIsBounded(t *testing.T) {
	dir := t.TempDir()
	deep := strings.Repeat("d/", 140) + "x"
	lay(t, dir, map[string]string{deep: ""})
	_, err := Scan(t.Context(), dir, Options{})
	if diff := cmp.Diff([]diag.Code{CodeTooMany}, codes(err)); diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func ExampleExcluded() {
	e := Excluded{Path: ".env", Reason: fixed(".env", false, false)}
	fmt.Printf("%s: %s\n", e.Path, e.Reason)
	// Output: .env: settings that hold secrets
}
