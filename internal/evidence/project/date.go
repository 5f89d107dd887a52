package project

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/worktree"
)

// The problems of the one date.
const (
	CodeEpoch  diag.Code = "NB0207" // SOURCE_DATE_EPOCH is no date
	CodeNoDate diag.Code = "NB1198" // nothing gives a date
)

// Source is what git says about the project, and the date that follows.
type Source struct {
	Revision worktree.Revision // the zero Revision where there is no git
	Date     time.Time         // in UTC, whole seconds: the date of everything that is made
}

// Source finds the one date of a build: SOURCE_DATE_EPOCH, else when the project's
// commit was made, else the newest time in nbuild.lock. It is never now.
func (p *Project) Source(ctx context.Context, lock *snapshot.Lock) (Source, error) {
	var s Source
	revision, known, err := worktree.Commit(ctx, p.Folder, p.git())
	if err != nil {
		return s, err
	}
	if known {
		s.Revision, s.Date = revision, revision.Time
	}
	if text := p.host.Env("SOURCE_DATE_EPOCH"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seconds <= 0 || seconds > 1<<40 {
			return s, &diag.Problem{
				Code: CodeEpoch, What: fmt.Sprintf("SOURCE_DATE_EPOCH is %q", text),
				Why: "it dates the image, its layers and its BOM", Remedy: "set it to seconds since 1970, as `git log -1 --format=%ct` prints, or unset it",
			}
		}
		s.Date = time.Unix(seconds, 0)
	}
	if s.Date.IsZero() {
		s.Date = newest(lock)
	}
	if s.Date.IsZero() {
		return s, &diag.Problem{
			Code: CodeNoDate, What: "nothing says what date the image should have",
			Why: "now would make every build another one", Remedy: "commit the project to git, or set SOURCE_DATE_EPOCH",
		}
	}
	s.Date = s.Date.UTC().Truncate(time.Second)
	return s, nil
}

// newest returns the latest time that a snapshot names, the zero time where it names
// none.
func newest(lock *snapshot.Lock) time.Time {
	var last time.Time
	for a := range lock.All() {
		for _, key := range []string{"published", "date"} {
			if t, err := time.Parse(time.RFC3339, a.Facts[key]); err == nil && t.After(last) {
				last = t
			}
		}
	}
	return last
}
