package guard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Setup is how an image's guard is set, read back from the image.
type Setup struct {
	Mode        Mode // Report or Enforce
	Eval        Mode
	Children    []string // programs that may be started beside Node
	Environment []string // variables that children may be given
	flags       []string
}

// Starts reports whether an image's command starts node under the guard, in the one
// way in which EntryPoint writes it.
func Starts(command []string) bool {
	return len(command) > 3 && path.Base(command[0]) == "node" && command[1] == "--require" && command[2] == script()
}

// Mentions reports whether a word of a command, or a variable, names the guard. Where
// one does and the command does not start the guard in that one way, nbuild did not
// write it.
func Mentions(word string) bool { return strings.Contains(word, script()) }

func script() string { return path.Join(DefaultHome, scriptName) }

// ReadSetup reads the guard's settings, which an image has in SettingsName of the
// guard's folder, and holds them and its command to what EntryPoint writes for a version
// of Node: exactly the flags that the modes call for there, with those of some permission,
// and behind them a command that EntryPoint takes.
func ReadSetup(command []string, doc []byte, major, minor int) (*Setup, error) {
	var s settings
	if err := json.Unmarshal(doc, &s); err != nil {
		return nil, fmt.Errorf("decoding the guard's settings: %w", err)
	}
	// Node takes the last of two fields of one name, and no "MODE" for "mode": only
	// the one spelling means the same to both.
	if spelled, err := s.text(); err != nil || !bytes.Equal(spelled, doc) {
		return nil, errors.New("the guard's settings are not spelled as nbuild spells them")
	}
	switch {
	case s.Schema != settingsSchema:
		return nil, fmt.Errorf("the guard's settings are of %.60q and not of %s", s.Schema, settingsSchema)
	case !s.Mode.on() || s.Eval == "" || !s.Eval.Known():
		return nil, fmt.Errorf("the guard's settings have the mode %.20q and the mode of eval %.20q", s.Mode, s.Eval)
	case !slices.Equal(s.Flags, flags(script(), s.Mode, s.Eval, release{major, minor}, readPermission(s.Flags, major))):
		return nil, fmt.Errorf("the guard's settings have other flags than they call for on Node %d", major)
	case !Starts(command) || len(command) <= len(s.Flags) || !slices.Equal(command[1:1+len(s.Flags)], s.Flags):
		return nil, errors.New("the command gives node other flags than the guard's settings have")
	}
	if err := runsNode(slices.Concat(command[:1], command[1+len(s.Flags):])); err != nil {
		return nil, fmt.Errorf("behind the guard's flags: %w", err)
	}
	return &Setup{Mode: s.Mode, Eval: s.Eval, Children: s.Children, Environment: s.Environment, flags: s.Flags}, nil
}

// Permissions lists what Node's permission model lets pass in a version of Node, as
// the flags spell it: "child-process", "fs-write=/tmp/*". Where the model is off it is
// "*"; what a version does not ask for is let pass by it.
func (s *Setup) Permissions(node int) []string {
	on := false
	var all []string
	for _, f := range s.flags {
		on = on || f == permissionFlag(node)
		if name, ok := strings.CutPrefix(f, "--allow-"); ok && name != "fs-read=*" {
			all = append(all, name)
		}
	}
	if !on {
		return []string{"*"}
	}
	for _, f := range permissions {
		if name := strings.TrimPrefix(f.flag, "--allow-"); node < f.since {
			all = append(all, name)
		}
	}
	return sorted(all)
}
