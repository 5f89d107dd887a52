package builder

import (
	"context"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/builder/guard"
	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/resolution"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/pipelines"
)

// Contents is what the production source list of an image is made of: the members
// of its own layers, in the order in which they lie over each other, and the command
// that starts it.
type Contents struct {
	Block    *pipelines.Image
	Platform string
	Node     string   // the version of the image's Node
	Command  []string // what starts the application, without the guard
	Members  []image.Member
}

// Loads is what an image may load, and what the inventory finds in it that Node's
// permission model can hold.
type Loads struct {
	List *sources.List
	Uses guard.Permission // Write is not asked
	// Imports are those listed files that have an import() in them, by path.
	Imports []string
	// Libraries are what listed addons link to, by path.
	Libraries map[string]guard.Linked
	// Meanings is what require answers in the listed files.
	Meanings guard.Meanings
}

// guarded is what the guard adds to an image.
type guarded struct {
	list       *sources.List
	member     image.Member
	entrypoint []string
	cmd        []string
	env        map[string]string
}

// guard lists what the image may load and installs the guard in front of its
// command. The entry point is node with the guard's flags and the command its
// arguments, so that whoever gives the container other arguments still starts a
// guarded node.
func (b *build) guard(ctx context.Context, block *pipelines.Image, platform string, under v1.Image, members []image.Member) (*guarded, error) {
	version, err := b.nodeVersion(block, platform, under)
	if err != nil {
		return nil, err
	}
	node, err := resolution.ParseVersion(version)
	if err != nil {
		return nil, err
	}
	command := append(append([]string{}, block.Entrypoint...), block.Cmd...)
	if b.Sources == nil {
		return nil, fmt.Errorf("image %q asks for the guard and nothing lists its sources", block.Name)
	}
	if err := guard.Takes(command); err != nil { // before what it may load is followed from a file that it does not name
		return nil, at(err, block.At)
	}
	loads, err := b.Sources(ctx, Contents{Block: block, Platform: platform, Node: version, Command: command, Members: members})
	if err != nil {
		return nil, err
	}
	list := loads.List
	whole, env, files, err := guard.EntryPoint(command, guard.Mode(block.Guard), guardOptions(block.Guarding, node, loads))
	if err != nil {
		return nil, at(err, block.At)
	}
	text, err := list.Format()
	if err != nil {
		return nil, fmt.Errorf("writing the source list of image %q: %w", block.Name, err)
	}
	files[guard.DefaultHome+"/"+guard.SourcesName] = text
	if guard.Mode(block.Guard) == guard.Enforce && loads.Meanings != nil {
		meanings, err := loads.Meanings.Format(list)
		if err != nil {
			return nil, fmt.Errorf("writing what requests mean in image %q: %w", block.Name, err)
		}
		files[guard.DefaultHome+"/"+guard.MeaningsName] = meanings
	}
	var held []image.File // image.Files sorts them
	for path, content := range files {
		held = append(held, image.File{Path: strings.TrimPrefix(path, "/"), Data: content})
	}
	variables := map[string]string{}
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		variables[name] = value
	}
	split := len(whole) - len(command) + 1 // behind the guard's flags
	return &guarded{
		list: list, member: image.Files(held, "", "the guard", "guard"),
		entrypoint: whole[:split], cmd: whole[split:], env: variables,
	}, nil
}

// guardOptions spells an image's guarding block for the guard.
func guardOptions(g pipelines.Guarding, node resolution.Version, loads *Loads) guard.Options {
	o := guard.Options{
		Eval: guard.Mode(g.Eval), Children: g.Children, Environment: g.Environment, Console: g.Console, Node: node.Major, Minor: node.Minor, Imports: loads.Imports, Libraries: loads.Libraries,
	}
	if g.Permission {
		uses := loads.Uses
		// Node 20 imports through a thread of the guard's.
		uses.Workers = uses.Workers || node.Major == 20 && (len(loads.Imports) > 0 || slices.ContainsFunc(loads.List.Entries, isModule))
		uses.Write = g.Write
		if len(uses.Write) == 0 {
			uses.Write = []string{"*"}
		}
		o.Permission = &uses
	}
	return o
}

func isModule(e sources.Entry) bool { return e.Format == sources.Module }

// nodeVersion is the version of the Node that an image starts: that of nbuild.lock,
// or what an image of a registry says about itself as Node's own images do.
func (b *build) nodeVersion(block *pipelines.Image, platform string, under v1.Image) (string, error) {
	if under == nil {
		if node, ok := b.node(platform); ok {
			return node.Version, nil
		}
	} else {
		config, err := under.ConfigFile()
		if err != nil {
			return "", fmt.Errorf("reading the base of image %q: %w", block.Name, err)
		}
		for _, v := range config.Config.Env {
			if version, ok := strings.CutPrefix(v, "NODE_VERSION="); ok && version != "" {
				return strings.TrimPrefix(version, "v"), nil
			}
		}
	}
	return "", &diag.Problem{
		Code: CodeNodeUnknown, Pos: block.At, What: fmt.Sprintf("which Node image %q starts is not known", block.Name),
		Why:    "the guard's list is made for one version of Node, and the base does not say NODE_VERSION as Node's own images do",
		Remedy: "use a base with `node = \"22\"`, or one that sets NODE_VERSION",
	}
}

// at gives a problem without a place the place of its block.
func at(err error, pos diag.Pos) error {
	for _, p := range diag.All(err) {
		if p.Pos == (diag.Pos{}) {
			p.Pos = pos
		}
	}
	return err
}

// ContentsOf lists what an image is made of before the guard, without making its layers.
// Node is "" where its base does not say.
func ContentsOf(ctx context.Context, in Input, block *pipelines.Image, platform string) (*Contents, error) {
	if in.Events == nil {
		in.Events = event.Discard
	}
	b := &build{Input: in}
	base, ok := b.Project.Base(block.Base)
	if !ok {
		return nil, fmt.Errorf("image %q stands on base %q, which the project does not have", block.Name, block.Base)
	}
	var under v1.Image
	if base.Image != "" {
		var err error
		if under, err = b.pulled(ctx, base, platform); err != nil {
			return nil, err
		}
	}
	version, err := b.nodeVersion(block, platform, under)
	if err != nil && len(diag.All(err)) == 0 {
		return nil, err
	}
	c := &Contents{Block: block, Platform: platform, Node: version, Command: slices.Concat(block.Entrypoint, block.Cmd)}
	for i := range block.Layers {
		members, err := b.members(ctx, &block.Layers[i], b.Project.Machine(block.Base, platform, b.Lock))
		if err != nil {
			return nil, err
		}
		c.Members = append(c.Members, members...)
	}
	return c, nil
}
