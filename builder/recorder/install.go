package recorder

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

var (
	//go:embed js/recorder.cjs
	script []byte
	//go:embed js/hooks.mjs
	hooks []byte
)

// records is the folder, below the one that Install was given, that processes write
// to.
const records = "records"

// Install writes the recorder into a folder of the caller's, which no other user may
// write to, and returns the environment that a command has to run with: the given
// one, with the recorder in front of what NODE_OPTIONS has.
func Install(dir string, environ []string) ([]string, error) {
	if err := os.Mkdir(filepath.Join(dir, records), 0o700); err != nil {
		return nil, fmt.Errorf("installing the recorder: %w", err)
	}
	for name, content := range Files() {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return nil, fmt.Errorf("installing the recorder: %w", err)
		}
	}
	return Environ(dir, environ), nil
}

// Files are the recorder's, by their names in the folder that it is installed in.
func Files() map[string][]byte {
	return map[string][]byte{"recorder.cjs": script, "hooks.mjs": hooks}
}

// Records is the folder, below the one that the recorder is installed in, that processes
// write to, and that has to be there.
const Records = records

// Environ is what a command has to run with that is recorded by the recorder in a folder:
// an environment, with the recorder in front of what NODE_OPTIONS has.
func Environ(dir string, environ []string) []string {
	options := "--require=" + quoted(filepath.Join(dir, "recorder.cjs"))
	env := make([]string, 0, len(environ)+2)
	for _, kv := range environ {
		switch name, value, _ := strings.Cut(kv, "="); name {
		case "NODE_OPTIONS":
			if value != "" {
				options += " " + value
			}
		case "NBUILD_RECORD", "NBUILD_RECORD_FROM":
		default:
			env = append(env, kv)
		}
	}
	return append(env, "NODE_OPTIONS="+options, "NBUILD_RECORD="+filepath.Join(dir, records))
}

// ReadInstalled reads what was written since Install was given the folder.
func ReadInstalled(dir string) (*Record, error) { return Read(filepath.Join(dir, records)) }

// quoted writes a path as NODE_OPTIONS wants it (Node's documentation, "Command-line
// API", section "NODE_OPTIONS=options...").
func quoted(p string) string {
	if !strings.ContainsAny(p, " \t\n\"\\") {
		return p
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p) + `"`
}
