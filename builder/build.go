package builder

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/builder/launch"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/internal/worktree"
	"github.com/nbuild/nbuild/pipelines"
)

// Input is everything that a build reads.
type Input struct {
	Project *pipelines.Project
	Lock    *snapshot.Lock
	Store   *cas.Store
	Root    *os.Root          // the project's folder
	Files   []worktree.File   // the project's default files
	Steps   execution.Results // what the steps that layers take have made

	// Tree plans the tree of an npm block for a machine: all of it, or only what
	// production needs.
	Tree func(name string, on pipelines.Machine, all bool) (*locked.Tree, error)
	// Available plans all of that tree but what can't be had, to say what a block can
	// mean. Nothing is laid out from it.
	Available func(name, platform string) (*locked.Tree, error)

	// Sources lists what an image may load. It is asked for images that have the
	// guard.
	Sources func(ctx context.Context, c Contents) (*Loads, error)

	Date    time.Time // the one date of everything that is made
	Codec   image.Codec
	Workers int // 0 means GOMAXPROCS
	Lease   *cas.Lease
	Events  event.Sink
}

// Image is an image of the project, for each of its platforms.
type Image struct {
	Block     *pipelines.Image
	Platforms []*image.Image  // in the order of Block.Platforms
	Sources   []*sources.List // of each platform; nil in an image without the guard
	Index     v1.ImageIndex   // of them all; nil where there is one platform only
	Digest    v1.Hash         // of the index, or of the one image
}

// build is one run.
type build struct {
	Input
	entries []snapshot.Entry // of the default files, once they are asked for
	hashed  bool
	placed  []launch.Placed // the trees that the layers of an image had so far
}

// Images builds every image of the project, in source order.
func Images(ctx context.Context, in Input) ([]Image, error) {
	if err := Refuse(in.Project); err != nil {
		return nil, err
	}
	if in.Events == nil {
		in.Events = event.Discard
	}
	b := &build{Input: in}
	var all []Image
	for i := range in.Project.Images {
		img, err := b.image(ctx, &in.Project.Images[i])
		if err != nil {
			return nil, err
		}
		all = append(all, *img)
	}
	return all, b.meaningless(ctx)
}

func (b *build) image(ctx context.Context, block *pipelines.Image) (*Image, error) {
	out := &Image{Block: block}
	for _, platform := range block.Platforms {
		img, list, err := b.platform(ctx, block, platform)
		if err != nil {
			return nil, err
		}
		out.Platforms = append(out.Platforms, img)
		out.Sources = append(out.Sources, list)
	}
	if len(out.Platforms) == 0 {
		return nil, fmt.Errorf("image %q has no platform", block.Name)
	}
	var err error
	if len(out.Platforms) == 1 {
		out.Digest, err = out.Platforms[0].Digest()
		return out, err
	}
	if out.Index, err = image.Index(out.Platforms, nil); err != nil {
		return nil, err
	}
	out.Digest, err = out.Index.Digest()
	return out, err
}

// platform builds an image for one platform, and reports what it may load where it has
// the guard.
func (b *build) platform(ctx context.Context, block *pipelines.Image, platform string) (*image.Image, *sources.List, error) {
	base, ok := b.Project.Base(block.Base)
	if !ok {
		return nil, nil, fmt.Errorf("image %q stands on base %q, which the project does not have", block.Name, block.Base)
	}
	under, err := b.base(ctx, base, platform)
	if err != nil {
		return nil, nil, err
	}
	layers := slices.Clone(under.layers)
	b.placed = nil
	var below []image.Anchor
	for _, l := range layers {
		below = append(below, l.Anchors()...)
	}
	add := func(name string, members []image.Member) error {
		made, err := b.layer(ctx, name, members, below)
		if err != nil {
			return err
		}
		layers = append(layers, made)
		below = append(below, made.Anchors()...)
		return nil
	}
	var all []image.Member
	for i := range block.Layers {
		l := &block.Layers[i]
		members, err := b.members(ctx, l, b.Project.Machine(block.Base, platform, b.Lock))
		if err != nil {
			return nil, nil, err
		}
		if err := add(l.Name, members); err != nil {
			return nil, nil, err
		}
		all = append(all, members...)
	}
	config := image.Config{
		User: block.User, Workdir: block.Workdir, Entrypoint: block.Entrypoint, Cmd: block.Cmd,
		Env: environment(block, under.image == nil), Labels: block.Labels, Expose: block.Expose, StopSignal: block.StopSignal,
	}
	starts, err := b.starting(block, base, platform, under, all, config)
	if err != nil {
		return nil, nil, err
	}
	if err := starts.command(ctx); err != nil {
		return nil, nil, err
	}
	var list *sources.List
	if on(block) {
		g, err := b.guard(ctx, block, platform, under.image, all)
		if err != nil {
			return nil, nil, err
		}
		if err := add("guard", []image.Member{g.member}); err != nil {
			return nil, nil, err
		}
		list, config.Entrypoint, config.Cmd = g.list, g.entrypoint, g.cmd
		maps.Copy(config.Env, g.env)
	}
	if err := starts.packages(ctx, b.placed, list); err != nil {
		return nil, nil, err
	}
	system, architecture, _ := strings.Cut(platform, "/")
	img, err := image.Assemble(image.Spec{
		Base: under.image, Layers: layers, Date: b.Date, Platform: v1.Platform{OS: system, Architecture: architecture}, Config: config,
	})
	return img, list, err
}

// searchPath is where programs are looked for in an image that stands on no other.
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// environment is the image's variables; one on a base of our own finds node.
func environment(block *pipelines.Image, own bool) map[string]string {
	env := map[string]string{}
	if own {
		env["PATH"] = searchPath
		env["SSL_CERT_FILE"] = "/etc/ssl/certs/ca-certificates.crt"
	}
	for k, v := range block.Env {
		env[k] = v
	}
	return env
}

// layer assembles one layer and reports it.
func (b *build) layer(ctx context.Context, name string, members []image.Member, below []image.Anchor) (*image.Layer, error) {
	l, err := image.NewLayer(ctx, b.Store, b.Date, members, image.Options{
		Name: name, Codec: b.Codec, Workers: b.Workers, Below: below, Lease: b.Lease,
	})
	if err != nil {
		return nil, err
	}
	for _, w := range l.Warnings() {
		b.Events.Emit(event.Event{Kind: event.Problem, Phase: "layer", Name: name, Code: string(w.Code), Text: w.Error()})
	}
	size, err := l.Size()
	if err != nil {
		return nil, err
	}
	b.Events.Emit(event.Event{Kind: event.StepEnd, Phase: "layer", Name: name, Bytes: size})
	return l, nil
}

// projectEntries describes the project's default files, read once.
func (b *build) projectEntries(ctx context.Context) ([]snapshot.Entry, error) {
	if !b.hashed {
		entries, err := Entries(ctx, b.Root, b.Files)
		if err != nil {
			return nil, err
		}
		b.entries, b.hashed = entries, true
	}
	return b.entries, nil
}
