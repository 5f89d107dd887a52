package project_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/rehearsal"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

func open(t *testing.T, w *rehearsal.World) *project.Project {
	t.Helper()
	p, err := project.Open(t.Context(), w.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func wantCode(t *testing.T, err error, want diag.Code) {
	t.Helper()
	ps := diag.All(err)
	if len(ps) == 0 || ps[0].Code != want || ps[0].Remedy == "" {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(w *rehearsal.World)
		want   diag.Code
	}{
		{"no build.hcl", func(w *rehearsal.World) { w.Host.File = "other.hcl" }, pipelines.CodeNoFile},
		{"no lockfile", func(w *rehearsal.World) { remove(w, "package-lock.json") }, project.CodeNoLockfile},
		{"a lockfile of version 1", func(w *rehearsal.World) {
			w.Write("package-lock.json", `{"lockfileVersion":1,"dependencies":{}}`)
		}, npm.CodeFormat},
		{"a folder in place of the lockfile", func(w *rehearsal.World) {
			remove(w, "package-lock.json")
			w.Write("package-lock.json/x", "1")
		}, pipelines.CodeFiles},
		{"a lockfile outside of the project", func(w *rehearsal.World) {
			w.Write("build.hcl", w.BuildFile("npm \"deps\" {\n  lockfile = \"../package-lock.json\"\n}\n"))
		}, pipelines.CodeForm},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := rehearsal.New(t)
			tt.change(w)
			_, err := project.Open(t.Context(), w.Host)
			wantCode(t, err, tt.want)
		})
	}
}

func remove(w *rehearsal.World, name string) {
	if err := os.Remove(w.Path(name)); err != nil {
		w.T.Fatal(err)
	}
}

// TestALargeLockfileOfJunkIsRefused reads 200 MB, below the bound, and one byte
// more than the bound: neither is parsed into memory many times its size.
func TestALargeLockfileOfJunkIsRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 200 MB")
	}
	for name, size := range map[string]int64{"200 MB of zeros": 200 << 20, "over the bound": bounds.Lockfile + 1} {
		t.Run(name, func(t *testing.T) {
			w := rehearsal.New(t)
			if err := os.Truncate(w.Path("package-lock.json"), 0); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(w.Path("package-lock.json"), size); err != nil { // a file of holes
				t.Fatal(err)
			}
			_, err := project.Open(t.Context(), w.Host)
			if len(diag.All(err)) == 0 || diag.Exit(err) != 3 {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestAProjectWithoutPackagesHasAnEmptyTree(t *testing.T) {
	w := rehearsal.New(t)
	remove(w, "package.json")
	remove(w, "package-lock.json")
	tree, err := open(t, w).Tree("deps", pipelines.Machine{Platform: "linux/amd64"}, true)
	if err != nil || len(tree.Packages) > 0 {
		t.Errorf("%+v, %v", tree, err)
	}
}

func TestTreesAreOfTheProjectAndNotOfTheUser(t *testing.T) {
	w := rehearsal.New(t)
	w.Host.Environ = append(w.Host.Environ, "npm_config_omit=prod", "NPM_CONFIG_LEGACY_PEER_DEPS=true", "NODE_ENV=production")
	w.Host.Home = t.TempDir()
	if err := os.WriteFile(w.Host.Home+"/.npmrc", []byte("omit=dev\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := open(t, w)
	for all, want := range map[bool][]string{
		true:  {"node_modules/left", "node_modules/right", "node_modules/tester"},
		false: {"node_modules/left", "node_modules/right"},
	} {
		tree, err := p.Tree("deps", pipelines.Machine{Platform: "linux/amd64"}, all)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range tree.Packages {
			got = append(got, x.Path)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestNoLockIsUnpinned(t *testing.T) {
	w := rehearsal.New(t)
	_, err := open(t, w).Lock()
	wantCode(t, err, pipelines.CodeUnpinned)
	w.Write("nbuild.lock", "junk")
	_, err = open(t, w).Lock()
	wantCode(t, err, snapshot.CodeLockSyntax)
	if err := os.Truncate(w.Path("nbuild.lock"), bounds.Snapshot+1); err != nil {
		t.Fatal(err)
	}
	_, err = open(t, w).Lock()
	wantCode(t, err, pipelines.CodeFiles)
}

func TestTheOneDate(t *testing.T) {
	lock, err := snapshot.New([]snapshot.Artefact{
		{Kind: snapshot.KindNPM, Name: "a", Version: "1", SHA256: [32]byte{1}, Facts: map[string]string{"published": "2025-01-02T03:04:05Z"}},
		{Kind: snapshot.KindNPM, Name: "b", Version: "1", SHA256: [32]byte{2}, Facts: map[string]string{"published": "2024-01-02T03:04:05Z"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	empty, err := snapshot.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("there is no git")
	}
	tests := []struct {
		name, epoch string
		commit      bool
		lock        *snapshot.Lock
		want        string
		code        diag.Code
	}{
		{"SOURCE_DATE_EPOCH", "1763900000", true, lock, "2025-11-23T12:13:20Z", ""},
		{"the commit", "", true, lock, "2026-05-06T05:08:09Z", ""},
		{"the newest time in nbuild.lock", "", false, lock, "2025-01-02T03:04:05Z", ""},
		{"nothing", "", false, empty, "", project.CodeNoDate},
		{"no number", "today", false, lock, "", project.CodeEpoch},
		{"1970", "0", false, lock, "", project.CodeEpoch},
		{"before 1970", "-1", false, lock, "", project.CodeEpoch},
		{"a far future", strings.Repeat("9", 18), false, lock, "", project.CodeEpoch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := rehearsal.New(t)
			w.Host.Environ = []string{"SOURCE_DATE_EPOCH=" + tt.epoch, "PATH=" + strings.TrimSuffix(git, "/git")}
			if tt.commit {
				commit(t, w, git)
			}
			s, err := open(t, w).Source(t.Context(), tt.lock)
			if tt.code != "" {
				wantCode(t, err, tt.code)
				return
			}
			if err != nil || s.Date.Format(time.RFC3339) != tt.want {
				t.Errorf("%s, %v", s.Date.Format(time.RFC3339), err)
			}
			if (s.Revision.ID != "") != tt.commit {
				t.Errorf("the revision is %+v", s.Revision)
			}
		})
	}
}

// commit makes the world's project a repository with one commit.
func commit(t *testing.T, w *rehearsal.World, git string) {
	t.Helper()
	when := "2026-05-06T07:08:09+0200"
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "x"}} {
		cmd := exec.CommandContext(t.Context(), git, args...)
		cmd.Dir = w.Host.Dir
		cmd.Env = []string{"GIT_COMMITTER_DATE=" + when, "GIT_AUTHOR_DATE=2001-01-01T00:00:00Z", "HOME=" + t.TempDir(), "GIT_CONFIG_NOSYSTEM=1"}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}
