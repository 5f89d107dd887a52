package yarn

import (
	"bytes"
	"path"
	"strings"
)

// Settings are what a project's .yarnrc says that a tree depends on.
type Settings struct {
	Mirror        string                 // yarn-offline-mirror: a folder of the project, relative to the lockfile's
	IgnoreEngines bool                   // ignore-engines
	Has           func(name string) bool // whether the project has a file, relative to the lockfile's folder
}

// ReadSettings reads a .yarnrc: a key and a value on a line, with or without "--install."
// before the key. What it does not know, and a line that it can't read, it passes over, as
// yarn does.
func ReadSettings(src []byte) Settings {
	var s Settings
	for raw := range bytes.Lines(src) {
		k, rest, err := token(strings.TrimSpace(string(raw)))
		if err != nil || strings.HasPrefix(k, "#") {
			continue
		}
		text, err := value(strings.TrimRight(rest, " "))
		if err != nil {
			continue
		}
		switch strings.TrimPrefix(strings.TrimPrefix(k, "--"), "install.") {
		case "yarn-offline-mirror":
			if m := path.Clean(text); text != "" && !path.IsAbs(m) && m != ".." && !strings.HasPrefix(m, "../") {
				s.Mirror = m
			}
		case "ignore-engines":
			s.IgnoreEngines = text == "true"
		}
	}
	return s
}
