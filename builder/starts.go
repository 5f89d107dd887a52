package builder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/builder/guard"
	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/builder/launch"
	"github.com/nbuild/nbuild/builder/rootfs"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/pipelines"
)

// starting asks whether one image can start. What was found to start once is not looked
// at again: an answer holds for everything that it was made of.
type starting struct {
	b       *build
	block   *pipelines.Image
	start   launch.Start
	under   *under
	members []image.Member
	root    *rootfs.FS // laid out when the first question needs it
}

// starting prepares the questions for an image whose configuration, without the guard, is
// config.
func (b *build) starting(block *pipelines.Image, base *pipelines.Base, platform string, under *under, members []image.Member, config image.Config) (*starting, error) {
	var below v1.Config
	if under.image != nil {
		file, err := under.image.ConfigFile()
		if err != nil {
			return nil, fmt.Errorf("reading the base of image %q: %w", block.Name, err)
		}
		below = file.Config
	}
	whole := config.On(below)
	s := &starting{b: b, block: block, under: under, members: members, start: launch.Start{
		Image: block.Name, Command: append(slices.Clone(whole.Entrypoint), whole.Cmd...), Env: whole.Env, Workdir: whole.WorkingDir, User: whole.User,
		Platform: platform, Base: launch.Base{Name: base.Name, Image: base.Image, Packages: base.Packages, Implied: base.Implied},
		Disk: func(at string) string { return b.onDisk(block, at) },
	}}
	if on(block) { // whose command is node's, whatever the base says
		s.start.Command = append(slices.Clone(block.Entrypoint), block.Cmd...)
	}
	var unknown *diag.Problem
	version, err := b.nodeVersion(block, platform, under.image)
	if err != nil && !errors.As(err, &unknown) {
		return nil, err
	}
	s.start.Node = version
	for _, l := range block.Layers {
		s.start.Layers = append(s.start.Layers, l.Name)
	}
	return s, nil
}

// on reports whether an image has the guard.
func on(block *pipelines.Image) bool {
	mode := guard.Mode(block.Guard)
	return mode != "" && mode != guard.Off
}

// onDisk is the project's file that a layer would put at a path of the image, if it took
// it; "" where there is none.
func (b *build) onDisk(block *pipelines.Image, at string) string {
	for _, l := range block.Layers {
		takes := slices.ContainsFunc(l.From, func(s pipelines.Source) bool {
			return s.Kind == pipelines.FromProject || s.Kind == pipelines.FromFiles
		})
		rel, inside := strings.CutPrefix(path.Clean(at), strings.TrimSuffix(path.Clean(l.To), "/")+"/")
		if !takes || !inside {
			continue
		}
		if info, err := b.Root.Stat(rel); err == nil && info.Mode().IsRegular() {
			return rel
		}
	}
	return ""
}

// command holds the image's command to its files.
func (s *starting) command(ctx context.Context) error {
	return s.once(ctx, "command", "", func(root *rootfs.FS) (problems, warnings diag.Problems, err error) {
		problems, err = launch.Check(root, s.start)
		return problems, nil, err
	})
}

// packages holds the image's packages to what they need: of those that may be loaded,
// which without a guard that enforces is all of them.
func (s *starting) packages(ctx context.Context, placed []launch.Placed, list *sources.List) error {
	p := launch.Packages{Store: s.b.Store, Lock: s.b.Lock, Placed: placed}
	var said strings.Builder
	for _, t := range placed {
		fmt.Fprintf(&said, "%q %q\n", t.At, t.Block.Name)
		for _, u := range t.Block.Unbuilt {
			fmt.Fprintf(&said, "unbuilt %q\n", u.Package)
		}
		for i := range t.Tree.Packages {
			q := &t.Tree.Packages[i]
			fmt.Fprintf(&said, "%q %q %t", q.Path, q.Version, q.Optional)
			if made, ran := t.Built[q.Path]; ran { // its files are in a member's key
				fmt.Fprintf(&said, " %q", made.Left)
			}
			said.WriteByte('\n')
		}
	}
	if list != nil && guard.Mode(s.block.Guard) == guard.Enforce {
		listed := map[string]bool{}
		for _, e := range list.Entries {
			for dir := path.Dir(e.Path); dir != "/"; dir = path.Dir(dir) {
				listed[dir] = true
				if path.Base(path.Dir(dir)) == "node_modules" || path.Base(path.Dir(path.Dir(dir))) == "node_modules" && strings.HasPrefix(path.Base(path.Dir(dir)), "@") {
					break
				}
			}
		}
		p.Loads = func(dir string) bool { return listed[dir] }
		text, err := list.Format()
		if err != nil {
			return err
		}
		fmt.Fprintf(&said, "list %s\n", cas.Sum(text))
	}
	return s.once(ctx, "packages", said.String(), func(root *rootfs.FS) (problems, warnings diag.Problems, err error) {
		return launch.CheckPackages(ctx, root, s.start, p)
	})
}

// passedKind names what the store keeps of an image that was found to start; a change of
// what is asked takes another one.
const passedKind = "launch-passed-2"

// once asks a question, unless it was answered well before; warnings are reported each
// time.
func (s *starting) once(ctx context.Context, question, more string, ask func(*rootfs.FS) (problems, warnings diag.Problems, err error)) error {
	key, err := s.key(question, more)
	if err != nil {
		return err
	}
	var warnings diag.Problems
	if doc, ok := s.b.Store.Result(passedKind, key); ok && json.Unmarshal(doc, &warnings) == nil {
		s.warn(warnings)
		return nil
	}
	if s.root == nil {
		if s.root, err = s.lay(ctx); err != nil {
			return err
		}
	}
	problems, warnings, err := ask(s.root)
	if err != nil {
		return err
	}
	s.warn(warnings)
	if len(problems) > 0 {
		return at(problems.Err(), s.block.At)
	}
	doc, err := json.Marshal(warnings)
	if err != nil {
		return err
	}
	return s.b.Store.PutResult(ctx, passedKind, key, doc)
}

func (s *starting) warn(warnings diag.Problems) {
	for _, w := range warnings {
		s.b.Events.Emit(event.Event{Kind: event.Problem, Phase: "start", Name: s.block.Name, Code: string(w.Code), Text: w.What + ": " + w.Why})
	}
}

// key is the digest of all that an answer is made of.
func (s *starting) key(question, more string) (cas.Digest, error) {
	start := s.start
	start.Disk = nil
	said, err := json.Marshal(struct {
		launch.Start
		Disk int `json:",omitempty"` // in place of the function, which has no form
	}{Start: start})
	if err != nil {
		return cas.Digest{}, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n%s\n", question, said, more)
	if s.under.image != nil {
		digest, err := s.under.image.Digest()
		if err != nil {
			return cas.Digest{}, err
		}
		fmt.Fprintf(&b, "base %s\n", digest)
	}
	for _, m := range slices.Concat(s.under.members, s.members) {
		fmt.Fprintf(&b, "member %s %q\n", m.Key, m.Path)
	}
	return cas.Sum([]byte(b.String())), nil
}

// lay lays out the image's files.
func (s *starting) lay(ctx context.Context) (*rootfs.FS, error) {
	var listing *launch.Listing
	var err error
	if s.under.image != nil {
		listing, err = launch.OfImage(ctx, s.b.Store, s.under.image)
	} else {
		listing, err = launch.OfMembers(ctx, s.b.Store, s.under.members)
	}
	if err != nil {
		return nil, err
	}
	return rootfs.New(ctx, listing.Nodes(), s.members)
}

// meaningless returns the unbuilt blocks that can mean no package of their lockfile, on
// any platform.
func (b *build) meaningless(ctx context.Context) error {
	var problems diag.Problems
	for i := range b.Project.Npm {
		n := &b.Project.Npm[i]
		if len(n.Unbuilt) == 0 {
			continue
		}
		p := launch.Packages{Store: b.Store, Lock: b.Lock}
		for _, platform := range b.Project.Platforms {
			tree, err := b.Available(n.Name, platform) // what only development needs, and nobody can pin, is no reason to stop
			if err != nil {
				return err
			}
			p.Placed = append(p.Placed, launch.Placed{Tree: tree, Block: n})
		}
		found, err := launch.Meaningless(ctx, p)
		if err != nil {
			return err
		}
		problems = append(problems, found...)
	}
	return problems.Err()
}
