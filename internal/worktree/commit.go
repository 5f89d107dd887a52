package worktree

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Tracked lists the files of the project that git tracks, relative to dir, sorted.
// ok is false where there is no git or no repository: then every file counts.
// Submodules are not among them, as they are other repositories.
func Tracked(ctx context.Context, dir string, opt Options) (names []string, ok bool, err error) {
	v, _, err := look(dir, opt)
	if v == nil || err != nil {
		return nil, false, err
	}
	defer v.close()
	if _, err := os.Stat(filepath.Join(v.repo.gitDir, "index")); errors.Is(err, fs.ErrNotExist) {
		return nil, true, nil
	}
	out, err := v.ask(ctx, dir, "ls-files", "--stage", "-z")
	if err != nil {
		return nil, false, err
	}
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		meta, name, found := strings.Cut(entry, "\t")
		if !found || strings.HasPrefix(meta, "160000 ") {
			continue
		}
		if n := len(names); n == 0 || names[n-1] != name { // a conflict lists a name up to three times
			names = append(names, name)
		}
	}
	return names, true, nil
}

// Revision is what git says about the project's source. ID is the commit's object id,
// Time when it was committed, in UTC. Dirty says that a tracked file of the project
// differs from the commit.
type Revision struct {
	ID    string
	Time  time.Time
	Dirty bool
}

// Commit returns the revision of the project in dir. ok is false where there is no
// git, no repository or no commit yet.
func Commit(ctx context.Context, dir string, opt Options) (rev Revision, ok bool, err error) {
	v, head, err := look(dir, opt)
	if v == nil || err != nil {
		return Revision{}, false, err
	}
	defer v.close()
	if head == "" {
		return Revision{}, false, nil
	}
	raw, err := v.ask(ctx, dir, "cat-file", "commit", head)
	if err != nil {
		return Revision{}, false, err
	}
	if rev.Time, err = committed(string(raw)); err != nil {
		return Revision{}, false, badGit(v.repo.top, err)
	}
	// Submodules are not entered: git would run in them, with their configuration.
	status, err := v.ask(ctx, dir, "status", "--porcelain=v1", "-z", "--untracked-files=no", "--ignore-submodules=all", "--no-renames", "--", ".")
	if err != nil {
		return Revision{}, false, err
	}
	rev.ID, rev.Dirty = head, len(status) > 0
	return rev, true, nil
}

// look opens a view of the repository that dir is in, or none.
func look(dir string, opt Options) (v *view, head string, err error) {
	if opt.Git == nil {
		return nil, "", nil
	}
	repo, err := find(dir)
	if repo == nil || err != nil {
		return nil, "", err
	}
	if head, err = repo.head(); err != nil {
		return nil, "", err
	}
	v, err = repo.open(opt, head)
	return v, head, err
}

// committed reads the committer's time of a commit object (git-commit-tree(1)).
func committed(raw string) (time.Time, error) {
	headers, _, _ := strings.Cut(raw, "\n\n")
	for line := range strings.SplitSeq(headers, "\n") {
		if !strings.HasPrefix(line, "committer ") {
			continue
		}
		fields := strings.Fields(line[strings.LastIndex(line, ">")+1:])
		if len(fields) != 2 {
			break
		}
		seconds, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil || seconds < 0 || seconds > 1<<38 {
			break
		}
		return time.Unix(seconds, 0).UTC(), nil
	}
	return time.Time{}, errors.New("the commit has no committer's time")
}
