package worktree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/lazyregexp"
	"github.com/nbuild/nbuild/internal/unfinished"
)

// repository is where git keeps what it knows about a folder.
type repository struct {
	top    string // the work tree's top folder
	gitDir string // of this work tree: HEAD, index
	common string // shared by all work trees: objects, refs
}

// find looks for .git in dir and above, as git does, and reads it without git:
// which folder it is decides nothing yet.
func find(dir string) (*repository, error) {
	top, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("looking for git: %w", err)
	}
	for {
		name := filepath.Join(top, ".git")
		info, err := os.Stat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("looking for git: %w", err)
		default:
			return openRepository(top, name, info.IsDir())
		}
		parent := filepath.Dir(top)
		if parent == top {
			return nil, nil
		}
		top = parent
	}
}

func openRepository(top, name string, isDir bool) (*repository, error) {
	r := &repository{top: top, gitDir: name}
	if !isDir { // a linked work tree or a submodule
		text, err := readLine(name)
		if err != nil {
			return nil, err
		}
		to, ok := strings.CutPrefix(text, "gitdir: ")
		if !ok {
			return nil, badGit(top, errors.New(".git is neither a folder nor a gitdir line"))
		}
		if r.gitDir = to; !filepath.IsAbs(to) {
			r.gitDir = filepath.Join(top, to)
		}
	}
	r.common = r.gitDir
	text, err := readLine(filepath.Join(r.gitDir, "commondir"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case filepath.IsAbs(text):
		r.common = text
	default:
		r.common = filepath.Join(r.gitDir, text)
	}
	if _, err := os.Stat(filepath.Join(r.gitDir, "HEAD")); err != nil {
		return nil, nil // an empty .git is no repository to git either
	}
	return r, nil
}

var (
	objectID = lazyregexp.New(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)
	refForm  = lazyregexp.New(`^refs/[A-Za-z0-9_./@+=,~#%{}-]+$`)
)

// head resolves HEAD to a commit, or "" where there is none yet (gitrepository-layout(5)).
func (r *repository) head() (string, error) {
	text, err := readLine(filepath.Join(r.gitDir, "HEAD"))
	if err != nil {
		return "", err
	}
	for range 5 {
		if objectID().MatchString(text) {
			return text, nil
		}
		ref, ok := strings.CutPrefix(text, "ref: ")
		if !ok || len(ref) > 1000 || !refForm().MatchString(ref) || strings.Contains(ref, "..") {
			return "", badGit(r.top, errors.New("HEAD names no commit"))
		}
		if text, err = r.ref(ref); err != nil || text == "" {
			return "", err
		}
	}
	return "", badGit(r.top, errors.New("HEAD goes round in a circle"))
}

func (r *repository) ref(ref string) (string, error) {
	for _, dir := range []string{r.gitDir, r.common} {
		text, err := readLine(filepath.Join(dir, filepath.FromSlash(ref)))
		if err == nil {
			return text, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	packed, err := readBounded(filepath.Join(r.common, "packed-refs"), bounds.GitOutput)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for line := range strings.SplitSeq(string(packed), "\n") {
		if id, name, ok := strings.Cut(line, " "); ok && name == ref && objectID().MatchString(id) {
			return id, nil
		}
	}
	return "", nil
}

// view is a git folder of our own over a repository: its objects and its index,
// none of its configuration, hooks, attributes or excludes.
type view struct {
	repo *repository
	dir  string
	held *os.File // the folder, so that no other run takes it for a leftover
	git  Git
}

// open makes the view; the caller removes it.
func (r *repository) open(opt Options, head string) (*view, error) {
	held, err := unfinished.Dir(opt.Temp, "git-")
	if err != nil {
		return nil, fmt.Errorf("preparing to ask git: %w", err)
	}
	dir := held.Name()
	v := &view{repo: r, dir: dir, held: held, git: opt.Git}
	config := "[core]\n\trepositoryformatversion = 0\n"
	if len(head) == 64 || head == "" && r.sha256() {
		config = "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n"
	}
	if head == "" {
		head = "ref: refs/heads/unborn"
	}
	for name, text := range map[string]string{"HEAD": head + "\n", "config": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			v.close()
			return nil, fmt.Errorf("preparing to ask git: %w", err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "refs"), 0o700); err != nil {
		v.close()
		return nil, fmt.Errorf("preparing to ask git: %w", err)
	}
	return v, nil
}

func (v *view) close() {
	_ = os.RemoveAll(v.dir)
	v.held.Close()
}

// sha256 finds the object format of a repository without commits by its index, whose
// checksum is of the same algorithm. A repository without either is empty.
func (r *repository) sha256() bool {
	raw, err := readBounded(filepath.Join(r.common, "config"), 1<<20)
	return err == nil && strings.Contains(strings.ToLower(strings.ReplaceAll(string(raw), " ", "")), "objectformat=sha256")
}

// ask runs git over the view with the project's folder as its own.
func (v *view) ask(ctx context.Context, dir string, args ...string) ([]byte, error) {
	env := []string{
		"GIT_DIR=" + v.dir,
		"GIT_WORK_TREE=" + v.repo.top,
		"GIT_OBJECT_DIRECTORY=" + filepath.Join(v.repo.common, "objects"),
		"GIT_INDEX_FILE=" + filepath.Join(v.repo.gitDir, "index"),
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_ATTR_NOSYSTEM=1",
		"GIT_NO_REPLACE_OBJECTS=1",
		"GIT_NO_LAZY_FETCH=1",
		"GIT_ALLOW_PROTOCOL=none",
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_TERMINAL_PROMPT=0",
		"HOME=" + v.dir,
		"XDG_CONFIG_HOME=" + v.dir,
		"LC_ALL=C",
	}
	// Our configuration has none of these; they stand here should git ever read
	// another.
	fixed := []string{
		"-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull, "-c", "core.attributesFile=" + os.DevNull,
		"-c", "core.excludesFile=" + os.DevNull, "-c", "core.quotePath=false", "--no-pager",
	}
	out, err := v.git(ctx, dir, env, append(fixed, args...))
	if err != nil {
		return nil, badGit(v.repo.top, err)
	}
	return out, nil
}

func readLine(name string) (string, error) {
	raw, err := readBounded(name, bounds.Path*2)
	return strings.TrimRight(string(raw), "\r\n "), err
}

func readBounded(name string, limit int64) ([]byte, error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() { // opening a pipe would wait
		return nil, fmt.Errorf("reading git: %s: %w", name, fs.ErrNotExist)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading git: %w", err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading git: %w", err)
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("reading git: %s has more than %d bytes", name, limit)
	}
	return raw, nil
}

func badGit(top string, err error) error {
	return &diag.Problem{
		Code: CodeGit, Pos: diag.Pos{File: ".git"}, What: "the git repository of " + filepath.Base(top) + " can't be read",
		Why:    "which files are the project's, and of which commit, is not known",
		Remedy: "git fsck; a split index is joined by `git update-index --no-split-index`; or build from a folder without .git", Err: err,
	}
}
