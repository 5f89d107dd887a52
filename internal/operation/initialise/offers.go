package initialise

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/internal/utf8bom"
	"github.com/nbuild/nbuild/pipelines"
)

// offer is a package of production whose install scripts nobody allowed yet. Its block
// stands in the file as a comment: to allow a script is for people to decide.
type offer struct {
	name, version string
	run           []pipelines.Lifecycle // nil where the package is not at hand
}

// another joins another version of the package, or the same at another place: a block of
// its name means all of them.
func (o *offer) another(version string, run []pipelines.Lifecycle) {
	if version == o.version {
		return
	}
	o.version += ", " + version
	if !slices.Equal(o.run, run) {
		o.run = nil
	}
}

// installed reads what an install runs of a package from its copy in node_modules, where
// that is the version that the lockfile has.
func installed(folder fs.FS, p *locked.Package) []pipelines.Lifecycle {
	src := contents(folder, path.Join(p.Path, "package.json"), bounds.PackageJSON)
	if src == nil {
		return nil
	}
	var says snapshot.PackageFacts
	r := strictjson.NewReader(utf8bom.Trim(src))
	r.Object(func(key string, _ int) {
		switch key {
		case "version":
			says.Version = r.AsText()
		case "scripts":
			says.Scripts = r.AsTexts()
		default:
			r.Skip()
		}
	})
	if r.End(); r.Failed() || says.Version != p.Version {
		return nil
	}
	_, err := fs.Stat(folder, path.Join(p.Path, "binding.gyp"))
	says.Gyp = err == nil
	return pipelines.LifecycleOf(&says)
}

// write writes the block of an offer, each line a comment. Whoever takes the number signs
// away has a file that is valid; where the scripts are not known the block allows all that
// the package has.
func (o offer) write(say func(string, ...any)) {
	events, texts := slices.Clone(pipelines.LifecycleEvents), []string{}
	if o.run != nil {
		events = nil
		for _, l := range o.run {
			events = append(events, l.Event)
			texts = append(texts, l.Event+": "+strings.Join(strings.Fields(l.Text), " "))
		}
	}
	what, compiles := pipelines.Downloads(o.name, o.run)
	say("\n")
	for _, line := range wrapped(o.says(texts, what)) {
		say("# %s\n", line)
	}
	if !compiles {
		say("# unbuilt %s {\n#   reason = \"the program that its script brings is a fetch, or production does without it\"\n# }\n", quote(o.name))
		return
	}
	reason := "production loads what its install script makes"
	if len(texts) > 0 {
		reason = shortened("production loads what it makes by " + strings.Join(texts, "; "))
	}
	say("# script %s {\n#   allow  = %s\n#   reason = %s\n# }\n", quote(o.name), list(events), quote(comment(reason)))
}

// says is the line above the block.
func (o offer) says(texts []string, what string) string {
	ran := "has an install script"
	if len(texts) > 0 {
		ran = "runs " + strings.Join(texts, "; ")
	}
	s := fmt.Sprintf("%s@%s %s", o.name, o.version, shortened(ran))
	if what != "" {
		s += "; " + what
	}
	return s + "."
}

// wrapped divides a text into lines for a comment.
func wrapped(s string) []string {
	const width = 86
	lines := []string{""}
	for word := range strings.FieldsSeq(comment(s)) {
		if last := lines[len(lines)-1]; last != "" && len(last)+1+len(word) > width {
			lines = append(lines, "")
		}
		last := &lines[len(lines)-1]
		*last = strings.TrimPrefix(*last+" "+word, " ")
	}
	return lines
}
