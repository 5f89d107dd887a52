package production

import (
	"fmt"
	"path"

	"github.com/nbuild/nbuild/builder/launch"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/resolution"
)

// arguments are what the command gives node.
func (l *lister) arguments() launch.Arguments {
	command := l.contents.Command
	return launch.ReadArguments(command[min(1, len(command)):])
}

// conditions are those that the command gives node.
func (l *lister) conditions() []string {
	var all []string
	for _, o := range l.arguments().Options {
		if o.Name == "--conditions" || o.Name == "-C" {
			all = append(all, o.Value)
		}
	}
	return all
}

// resolver resolves as the image's Node does.
func (l *lister) resolver() (*resolution.Resolver, error) {
	node, err := resolution.ParseVersion(l.contents.Node)
	if err != nil {
		return nil, err
	}
	return resolution.New(l.tree, resolution.Target{Node: node, Conditions: l.conditions()}), nil
}

// entry is the file that the command starts, found as Node finds it.
func (l *lister) entry() (string, error) {
	c := l.contents
	file := ""
	if rest := l.arguments().Rest; len(rest) > 0 {
		file = rest[0]
	}
	name := inTree(file)
	if !path.IsAbs(file) {
		name = path.Join(inTree(c.Block.Workdir), file)
	}
	r, err := l.resolver()
	if err != nil {
		return "", err
	}
	found, err := r.Resolve("./"+name, "-", resolution.Require)
	if err != nil || file == "" || found.Path == "" {
		return "", &diag.Problem{
			Code: launch.CodeEntry, Pos: c.Block.At, What: fmt.Sprintf("image %q starts %q, which is not in it", c.Block.Name, "/"+name),
			Why: "what production may load is followed from that file", Err: err,
			Remedy: "correct `cmd` or `workdir` of the image block, or add the file to a layer",
		}
	}
	return found.Path, nil
}

// preloads are the files that the command has node load before its own: by --require as
// a request from the working folder, by --import as an import from there.
func (l *lister) preloads() ([]string, error) {
	var all []string
	r, err := l.resolver()
	if err != nil {
		return nil, err
	}
	for _, o := range l.arguments().Options {
		mode := resolution.Import
		switch o.Name {
		case "--require", "-r":
			mode = resolution.Require
		case "--import":
		default:
			continue
		}
		found, err := r.Resolve(o.Value, path.Join(inTree(l.contents.Block.Workdir), "-"), mode)
		switch {
		case err == nil && found.Builtin != "":
		case err == nil && found.Path != "":
			all = append(all, found.Path)
		default:
			return nil, &diag.Problem{
				Code: launch.CodeEntry, Pos: l.contents.Block.At, What: fmt.Sprintf("image %q gives node %s %s, which is no file in its layers", l.contents.Block.Name, o.Name, o.Value),
				Why: "node loads it before its own file, and the guard holds it to the list", Err: err,
				Remedy: fmt.Sprintf("correct %s in `cmd` of the image block, or add what it names to a layer", o.Name),
			}
		}
	}
	return all, nil
}
