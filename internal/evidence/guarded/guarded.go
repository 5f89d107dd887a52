// Package guarded reads back, from an image, how its guard is set and which sources
// production may load there.
//
// The image's configuration says whether there is a guard: its command starts node
// through the guard, or it does not. So an image without one costs nothing to ask, and
// an image that says it has one must show it: a list that is missing, or can't be read,
// is a Problem and never "no list".
//
// The list stands in the guard's layer, which nbuild puts over all others, and which
// holds the guard's folder and nothing else. It is not looked for in any other layer,
// nor by an annotation, because what counts is what a container would find at that
// path: a layer above could replace the list, and one that holds more than the folder
// could reach into it through a link of a layer below. An image that is built in
// another way is refused, not guessed at.
//
// Whoever asks gives the image by its digest: configuration, layer and what the layer
// unpacks to are held to their digests, so what is read is what was signed.
//
// The invariant: the answer depends on the image alone, and equal images give equal
// answers.
package guarded

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/builder/guard"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/resolution"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/sbom"
)

// CodeGuard is an image that starts the guard and whose guard or list can't be read.
const CodeGuard diag.Code = "NB0377"

// Of reads the guard of an image. Platform is how the caller calls the image among
// those that it compares; "" where there is one only. Errors of the place where the
// image stands are handed on; what is wrong with the guard itself is CodeGuard.
func Of(ctx context.Context, img v1.Image, platform string) (sbom.Guard, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return sbom.Guard{}, fmt.Errorf("reading the configuration: %w", err)
	}
	out := sbom.Guard{Platform: platform, Workdir: config.Config.WorkingDir}
	command := slices.Concat(config.Config.Entrypoint, config.Config.Cmd)
	if !guard.Starts(command) {
		if slices.ContainsFunc(slices.Concat(command, config.Config.Env), guard.Mentions) {
			return out, untold(img, errors.New("its command or a variable names the guard, and does not start node through it as nbuild writes it"))
		}
		return out, nil
	}
	files, err := folder(ctx, img, config)
	if err != nil {
		return out, err
	}
	if err := fill(&out, command, files); err != nil {
		return out, untold(img, err)
	}
	return out, nil
}

// fill adds to a guard what stands in its folder.
func fill(g *sbom.Guard, command []string, files map[string][]byte) error {
	for _, name := range []string{guard.SettingsName, guard.SourcesName} {
		if files[name] == nil {
			return fmt.Errorf("its layer has no %s", place(name))
		}
	}
	if n := len(files[guard.SettingsName]); n > bounds.GuardSettings {
		return fmt.Errorf("%s has %d bytes, and %d at most are read", place(guard.SettingsName), n, bounds.GuardSettings)
	}
	list, err := sources.Parse(files[guard.SourcesName])
	if err != nil {
		return fmt.Errorf("reading %s: %w", place(guard.SourcesName), err)
	}
	node, err := resolution.ParseVersion(list.Node)
	if err != nil {
		return fmt.Errorf("reading %s: %w", place(guard.SourcesName), err)
	}
	setup, err := guard.ReadSetup(command, files[guard.SettingsName], node.Major, node.Minor)
	if err != nil {
		return fmt.Errorf("reading %s: %w", place(guard.SettingsName), err)
	}
	if doc := files[guard.MeaningsName]; doc != nil {
		if err := guard.CheckMeanings(doc, list); err != nil {
			return fmt.Errorf("reading %s: %w", place(guard.MeaningsName), err)
		}
	}
	g.Mode, g.Eval, g.List = string(setup.Mode), string(setup.Eval), list
	for setting, values := range map[string][]string{
		"guard.children": setup.Children, "guard.environment": setup.Environment, "guard.permission": setup.Permissions(node.Major),
	} { // in any order: they are sorted
		for _, v := range values {
			g.Lets = append(g.Lets, sbom.Setting{Name: setting, Value: v})
		}
	}
	slices.SortFunc(g.Lets, func(a, b sbom.Setting) int { return strings.Compare(a.Name+"\n"+a.Value, b.Name+"\n"+b.Value) })
	for _, name := range slices.Sorted(maps.Keys(files)) {
		// What requests mean follows from the files, whose changes are reported.
		if name != guard.SettingsName && name != guard.SourcesName && name != guard.MeaningsName {
			g.Files = append(g.Files, sbom.Setting{Name: place(name), Value: cas.Sum(files[name]).OCI()})
		}
	}
	return nil
}

// place is where a file of the guard stands in an image.
func place(name string) string { return path.Join(guard.DefaultHome, name) }

func untold(img v1.Image, err error) error {
	name := "the image"
	if digest, digestErr := img.Digest(); digestErr == nil {
		name = "image " + digest.String()
	}
	return &diag.Problem{
		Code: CodeGuard, What: "what " + name + " may load is not known", Err: err,
		Why:    "it starts the guard, and the guard's layer is not as nbuild writes it: which list holds there, nobody could say",
		Remedy: "compare with an image that nbuild built; where this one is said to be one, find out who changed it, and build it again with `nbuild build`",
	}
}
