package operation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Env returns the last value of an environment variable, "" where it is not set.
func (h Host) Env(name string) string {
	value := ""
	for _, kv := range h.Environ {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			value = v
		}
	}
	return value
}

// Program returns the absolute path of an executable in the host's PATH. Relative
// elements of PATH don't count: they would name a file of the project.
func (h Host) Program(name string) (string, error) {
	for _, dir := range filepath.SplitList(h.Env("PATH")) {
		if !filepath.IsAbs(dir) {
			continue
		}
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("finding %s: %w", name, fs.ErrNotExist)
}

// programTimeout bounds a program that is asked something.
const programTimeout = time.Minute

// Output runs a program of the host's PATH with no input, in dir, and returns what
// it prints on stdout. Its environment is the host's and the given additions.
func (h Host) Output(ctx context.Context, dir string, extra []string, name string, args ...string) ([]byte, error) {
	path, err := h.Program(name)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, programTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = dir
	cmd.Env = append(append([]string{}, h.Environ...), extra...)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil, fmt.Errorf("running %s: exit code %d", name, exit.ExitCode())
		}
		return nil, fmt.Errorf("running %s: %w", name, err)
	}
	return out, nil
}
