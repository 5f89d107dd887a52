package image

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/samename"
)

// share is what one member writes into a layer: its files, less those that an
// earlier member wrote, and the directories that it is the first to need.
type share struct {
	member Member
	dirs   []directory     // in path order
	merged map[string]bool // full paths that an earlier member writes
	size   int64           // bytes of the tar entries, PAX headers aside
}

type directory struct {
	path string
	mode int64
}

// claim is who writes a path and what.
type claim struct {
	file     File
	by       int  // the share
	explicit bool // of a directory: its mode was asked for
	below    bool // a lower layer has it
}

// planner lays the members' files over each other and finds what can't be.
type planner struct {
	shares   []share
	claims   map[string]claim
	folded   map[string]string // lower case to the first spelling
	anchors  []Anchor
	problems diag.Problems
	warnings diag.Problems
}

// plan asks every member for its files, opens none but those that two members
// bring without saying their digest, and returns each one's share.
func plan(ctx context.Context, members []Member, below []Anchor) (*planner, error) {
	p := &planner{
		shares: make([]share, len(members)),
		claims: map[string]claim{},
		folded: map[string]string{},
	}
	for _, a := range below {
		p.claims[a.Path] = claim{file: File{Dir: a.Link == "", Link: a.Link, Mode: a.Mode}, below: true, explicit: true}
	}
	for i, m := range members {
		p.shares[i].member = m
		if err := p.add(ctx, i); err != nil {
			return nil, fmt.Errorf("listing %s: %w", m.Name, err)
		}
	}
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	for i := range p.shares {
		slices.SortFunc(p.shares[i].dirs, func(a, b directory) int { return strings.Compare(a.path, b.path) })
	}
	slices.SortFunc(p.anchors, func(a, b Anchor) int { return strings.Compare(a.Path, b.Path) })
	return p, nil
}

// errEnough ends the listing where more problems would help nobody.
var errEnough = errors.New("too many problems")

func (p *planner) add(ctx context.Context, i int) error {
	m := p.shares[i].member
	previous, first := "", true
	parent, refusedParent := "", ""
	err := m.Files(ctx, func(f File) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !first && f.Path <= previous {
			return fmt.Errorf("%q after %q is out of order", f.Path, previous)
		}
		previous, first = f.Path, false
		f = f.normal()
		full := join(m.Path, f.Path)
		if why := f.check(full); why != "" {
			return p.problem(refused(m, full, why))
		}
		if dir := path.Dir(full); dir != parent {
			if dir == refusedParent {
				return nil // said once
			}
			if !p.parents(i, full, dir) {
				refusedParent = dir
				return p.enough()
			}
			parent = dir
		}
		return p.claim(ctx, i, full, f)
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// parents claims the directories above full, and reports whether it may be there.
func (p *planner) parents(i int, full, dir string) bool {
	for ; dir != "."; dir = path.Dir(dir) {
		c, taken := p.claims[dir]
		switch {
		case taken && c.file.Dir:
			return true
		case taken:
			p.problems = append(p.problems, p.shapeProblem(i, full, dir, c))
			return false
		}
		p.fold(i, dir)
		p.directory(i, dir, 0o755, false)
	}
	return true
}

func (p *planner) directory(i int, dir string, mode int64, explicit bool) {
	p.claims[dir] = claim{file: File{Dir: true, Mode: mode}, by: i, explicit: explicit}
	p.shares[i].dirs = append(p.shares[i].dirs, directory{dir, mode})
	p.shares[i].size += block
	if mode != 0o755 {
		p.anchors = append(p.anchors, Anchor{Path: dir, Mode: mode})
	}
}

// claim takes the path for member i, merges it, or records why it can't be.
func (p *planner) claim(ctx context.Context, i int, full string, f File) error {
	c, taken := p.claims[full]
	if !taken {
		p.fold(i, full)
		if f.Dir {
			p.directory(i, full, f.Mode, true)
			return nil
		}
		f.Path, f.Open, f.Data = "", nil, nil // what it was of is not needed again
		p.claims[full] = claim{file: f, by: i}
		p.shares[i].size += block + f.Size + padding(f.Size)
		if f.Link != "" && !p.shares[i].member.Last {
			p.anchors = append(p.anchors, Anchor{Path: full, Link: f.Link})
		}
		return nil
	}
	if c.file.Dir != f.Dir {
		return p.problem(p.shapeProblem(i, full, full, c))
	}
	if f.Dir {
		return p.sameDirectory(i, full, f, c)
	}
	same := c.file.Link == f.Link && c.file.Mode == f.Mode && c.file.Size == f.Size
	if same && f.Link == "" {
		a, err := p.digest(ctx, c.by, full, c.file)
		if err != nil {
			return err
		}
		b, err := p.digest(ctx, i, full, f)
		if err != nil {
			return err
		}
		same = a == b
	}
	if !same {
		return p.problem(p.conflict(i, full, c))
	}
	if p.shares[i].merged == nil {
		p.shares[i].merged = map[string]bool{}
	}
	p.shares[i].merged[full] = true
	return nil
}

// sameDirectory joins two claims of one directory: a mode that was asked for wins
// over one that was not.
func (p *planner) sameDirectory(i int, full string, f File, c claim) error {
	switch {
	case c.file.Mode == f.Mode:
		return nil
	case c.explicit:
		return p.problem(p.conflict(i, full, c))
	}
	dirs := p.shares[c.by].dirs
	at := slices.IndexFunc(dirs, func(d directory) bool { return d.path == full })
	dirs[at].mode = f.Mode
	c.file.Mode, c.explicit = f.Mode, true
	p.claims[full] = c
	p.anchors = append(p.anchors, Anchor{Path: full, Mode: f.Mode})
	return nil
}

// digest returns the SHA-256 of a file's content, from the file where its member does
// not say.
func (p *planner) digest(ctx context.Context, i int, full string, f File) (cas.Digest, error) {
	if !f.SHA256.IsZero() {
		return f.SHA256, nil
	}
	m := p.shares[i].member
	var sum cas.Digest
	err := m.Files(ctx, func(f File) error {
		if join(m.Path, f.Path) != full {
			return nil
		}
		r, err := f.content()
		if err != nil {
			return err
		}
		defer r.Close()
		h := sha256.New()
		if _, err := io.Copy(h, io.LimitReader(r, bounds.FetchFile)); err != nil {
			return err
		}
		sum = cas.Digest(h.Sum(nil))
		return nil
	})
	if err != nil {
		return sum, fmt.Errorf("comparing %q: %w", full, err)
	}
	return sum, nil
}

// fold warns of two paths that are one where case or the form of accents does not
// count: a reader on another system takes them for one.
func (p *planner) fold(i int, full string) {
	fold := samename.Key(full)
	other, ok := p.folded[fold]
	if !ok {
		p.folded[fold] = full
		return
	}
	if len(p.warnings) < bounds.Problems {
		p.warnings = append(p.warnings, &diag.Problem{
			Code:   CodeCase,
			What:   fmt.Sprintf("%q and %q are one path on other systems", other, full),
			Why:    fmt.Sprintf("%s and %s bring them; where neither case nor the form of accents counts, one replaces the other", p.owner(p.claims[other]), p.shares[i].member.Name),
			Remedy: "rename one of them, or unpack the image only where both count, as on Linux",
		})
	}
}

func (p *planner) owner(c claim) string {
	if c.below {
		return "a lower layer"
	}
	return p.shares[c.by].member.Name
}

// conflict is the problem of two different files at one path.
func (p *planner) conflict(i int, full string, c claim) *diag.Problem {
	m := p.shares[i].member
	return &diag.Problem{
		Code:   CodeConflict,
		What:   fmt.Sprintf("%s and %s bring different files to %q", p.owner(c), m.Name, full),
		Why:    "which one an image would have must not depend on their order",
		Remedy: fmt.Sprintf("leave %q out of %s, or give it another place with `to`", full, m.Owner),
	}
}

// shapeProblem is the problem of a path that is a file or link to one owner and a
// directory to another. At is that path; full, what stands at or below it.
func (p *planner) shapeProblem(i int, full, at string, c claim) *diag.Problem {
	m := p.shares[i].member
	kind := "a file"
	switch {
	case c.file.Dir:
		kind = "a directory"
	case c.file.Link != "":
		kind = fmt.Sprintf("a link to %q", c.file.Link)
	}
	remedy := fmt.Sprintf("leave %q out of %s, or give it another place with `to`", full, m.Owner)
	if target := c.file.Link; target != "" && at != full {
		if target[0] != '/' {
			target = path.Join(path.Dir(at), target)
		}
		remedy = fmt.Sprintf("name the place that the link leads to: %q", path.Join("/", target, full[len(at):]))
	}
	return &diag.Problem{
		Code:   CodeShape,
		What:   fmt.Sprintf("%s can't put %q into the image: %q is %s of %s", m.Name, full, at, kind, p.owner(c)),
		Why:    "a path is one thing; through a link, a file would land where no one looks for it",
		Remedy: remedy,
	}
}

// problem records a problem and goes on, unless there are enough of them.
func (p *planner) problem(problem *diag.Problem) error {
	p.problems = append(p.problems, problem)
	return p.enough()
}

func (p *planner) enough() error {
	if len(p.problems) >= bounds.Problems {
		return errEnough
	}
	return nil
}

// join is path.Join of two clean paths, either of which may be "".
func join(dir, name string) string {
	switch {
	case dir == "":
		return name
	case name == "":
		return dir
	}
	return dir + "/" + name
}
