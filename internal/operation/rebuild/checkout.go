package rebuild

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/lazyregexp"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/worktree"
)

// The problems of an image's source.
const (
	CodeNoSource    diag.Code = "NB1118" // the commit that an image was built from can't be had
	CodeOtherSource diag.Code = "NB1119" // what is there is not what the image was built from
)

var commitForm = lazyregexp.New(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// checkout lays out the commit that an image was built from in a folder, and returns where its
// build file stands there. Nothing that the repository or its configuration says is run: no
// hook, no filter, no helper; and only addresses of git's own protocols are followed.
func checkout(ctx context.Context, host machine.Host, of *origin, local, dir string) (file string, err error) {
	p, commit := of.parameters(), of.digest("source", "gitCommit")
	if !commitForm().MatchString(commit) {
		return "", noSource("its provenance names no commit: the project was not in git", nil)
	}
	if of.dirty() {
		return "", noSource("its provenance says that files differed from the commit "+commit, nil)
	}
	file = path.Clean(p.File)
	if !filepath.IsLocal(filepath.FromSlash(file)) {
		return "", noSource(fmt.Sprintf("its provenance names a build file %q outside of the source", diag.Clean(p.File)), nil)
	}
	from, protocols := host.Path(local), "file"
	if local == "" {
		from, protocols = p.Source, "https:ssh:git"
		if from == "" || strings.HasPrefix(from, "-") {
			return "", noSource("its provenance names no address of the source", nil)
		}
	}
	program, err := host.Program("git")
	if err != nil {
		return "", noSource("there is no git on this machine", err)
	}
	git := worktree.Exec(program)
	env := []string{
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_ALLOW_PROTOCOL=" + protocols, "GIT_TERMINAL_PROMPT=0",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*", // the folder is one that the caller names
		"HOME=" + filepath.Dir(dir), "PATH=" + host.Env("PATH"), "LC_ALL=C", "SSH_AUTH_SOCK=" + host.Env("SSH_AUTH_SOCK"),
	}
	for _, args := range [][]string{
		{"-c", "core.hooksPath=" + os.DevNull, "clone", "--quiet", "--no-checkout", "--template=", "--", from, dir},
		{"-C", dir, "-c", "core.hooksPath=" + os.DevNull, "-c", "core.fsmonitor=false", "-c", "advice.detachedHead=false", "checkout", "--quiet", "--detach", commit},
	} {
		if _, err := git(ctx, filepath.Dir(dir), env, args); err != nil {
			if ctx.Err() != nil {
				return "", context.Cause(ctx)
			}
			return "", noSource(fmt.Sprintf("commit %s can't be had from %s", commit, diag.Clean(from)), errors.New(diag.Clean(err.Error())))
		}
	}
	return file, nil
}

func noSource(why string, err error) error {
	return &diag.Problem{
		Code: CodeNoSource, What: "the source of the image can't be had", Why: why, Err: err,
		Remedy: "clone the project yourself and name it: `nbuild rebuild IMAGE --source DIR`; a project without `source` in its project block, or without git, is rebuilt from its own folder by `nbuild rebuild`",
	}
}
