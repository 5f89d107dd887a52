package guard

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
)

// DefaultHome is the folder in the image that holds the guard, its settings and the
// production source list.
const DefaultHome = "/.nbuild"

// SourcesName is the name of the production source list in the guard's folder. Whoever
// assembles the image puts it there (sources/v1, canonical JSON).
const SourcesName = "sources.json"

// SettingsName is the name of the guard's settings in its folder (nbuild.guard-config/v1).
const SettingsName = "guard.json"

const (
	scriptName     = "guard.cjs"
	settingsSchema = "nbuild.guard-config/v1"
)

// EventSchema names the shape of the events that a guarded process writes to stderr,
// one JSON object a line.
const EventSchema = "nbuild.guard/v1"

// settings is guard.json, which the script reads at its start.
type settings struct {
	Schema      string            `json:"schema"`
	Mode        Mode              `json:"mode"`
	Eval        Mode              `json:"eval"`
	Console     string            `json:"console,omitempty"`
	Children    []string          `json:"children"`
	Flags       []string          `json:"flags"`
	Environment []string          `json:"environment"`
	Imports     []string          `json:"imports,omitzero"`
	Libraries   map[string]Linked `json:"libraries,omitempty"`
}

// EntryPoint installs the guard in front of an image's command. It returns the entry
// point that replaces the command, the variables that the image's environment gains,
// as NAME=value, and the files of the guard by path in the image, without the source
// list. In mode Off the command comes back as it was, with nothing beside it.
//
// The command must start node itself with a file to run; any other is a
// diag.Problem, and so are flags of node that would run code beside that file.
func EntryPoint(cmd []string, mode Mode, o Options) (entrypoint, env []string, files map[string][]byte, err error) {
	if !mode.Known() || !o.Eval.Known() {
		return nil, nil, nil, fmt.Errorf("guard mode %q, eval mode %q: want off, report or enforce", mode, o.Eval)
	}
	if !mode.on() {
		return slices.Clone(cmd), nil, nil, nil
	}
	if err := runsNode(cmd); err != nil {
		return nil, nil, nil, err
	}
	home := o.Home
	if home == "" {
		home = DefaultHome
	}
	s := settings{
		Schema: settingsSchema, Mode: mode, Eval: o.Eval, Console: o.Console,
		Children: sorted(o.Children), Environment: sorted(o.Environment), Libraries: o.Libraries,
	}
	if o.Imports != nil {
		s.Imports = sorted(o.Imports)
	}
	if s.Eval == "" {
		s.Eval = mode
	}
	script := path.Join(home, scriptName)
	s.Flags = flags(script, mode, s.Eval, release{o.Node, o.Minor}, o.Permission)
	doc, err := s.text()
	if err != nil {
		return nil, nil, nil, err
	}
	files = map[string][]byte{
		script:                        Script(),
		path.Join(home, SettingsName): doc,
	}
	return slices.Concat(cmd[:1], s.Flags, cmd[1:]), []string{"NODE_DISABLE_COMPILE_CACHE=1"}, files, nil
}

// text is the one spelling of the settings.
func (s *settings) text() ([]byte, error) {
	doc, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the guard's settings: %w", err)
	}
	return append(doc, '\n'), nil
}

// Takes returns why the guard can't be put in front of a command, a diag.Problem, or nil.
// EntryPoint asks the same.
func Takes(cmd []string) error { return runsNode(cmd) }

// runsNode refuses a command that does not start node with a file.
func runsNode(cmd []string) error {
	if len(cmd) == 0 {
		return &diag.Problem{
			Code: CodeCommand, What: "the image has no command to guard",
			Why:    "the guard is loaded by the node that the command starts",
			Remedy: "set `cmd = [\"node\", \"server.js\"]` in the image block",
		}
	}
	if path.Base(cmd[0]) != "node" {
		return &diag.Problem{
			Code: CodeCommand, What: fmt.Sprintf("the command %q does not start node itself", strings.Join(cmd, " ")),
			Why:    "a shell or a package manager between could start a node without the guard",
			Remedy: "set `cmd = [\"node\", \"FILE\"]` in the image block, with the file that the script starts",
		}
	}
	taken, refused := readFlags(cmd[1:])
	if refused == "" {
		refused = behindProgram(cmd[1:][taken:], slices.Contains(cmd[1:][:taken], "--"))
	}
	if refused != "" {
		return &diag.Problem{
			Code: CodeFlag, What: fmt.Sprintf("the command gives node the flag %s", refused),
			Why:    "only flags that are known to run no code and to weaken nothing are let through beside the guard",
			Remedy: fmt.Sprintf("take %s out of `cmd` in the image block, or set `guard = \"off\"`", refused),
		}
	}
	if program := cmd[1:][taken:]; len(program) > 0 && program[0] != "" && program[0] != "-" && program[0] != "inspect" {
		return nil
	}
	return &diag.Problem{
		Code: CodeCommand, What: fmt.Sprintf("the command %q names no file for node to run", strings.Join(cmd, " ")),
		Why:    "a node without a file runs what it is sent",
		Remedy: "set `cmd = [\"node\", \"server.js\"]` in the image block",
	}
}

func sorted(all []string) []string {
	out := slices.Clone(all)
	slices.Sort(out)
	return slices.Compact(append([]string{}, out...))
}
