package machine

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

// Program returns the absolute path of an executable in the host's PATH. Elements
// of PATH that are relative, in the project's folder or in a node_modules don't
// count: npm puts the commands of packages in front of the PATH of its scripts, and
// a package that brings a "git" would run.
func (h Host) Program(name string) (string, error) {
	for _, dir := range filepath.SplitList(h.Env("PATH")) {
		if !filepath.IsAbs(dir) || h.ofPackages(dir) {
			continue
		}
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("finding %s: %w", name, fs.ErrNotExist)
}

// ofPackages reports whether a folder of programs is the project's or a package's,
// by its name or by where links lead.
func (h Host) ofPackages(dir string) bool {
	project := resolved(h.Dir)
	for _, d := range []string{filepath.Clean(dir), resolved(dir)} {
		if strings.Contains(d+"/", "/node_modules/") || h.Dir != "" && (d == project || strings.HasPrefix(d, project+"/")) {
			return true
		}
	}
	return false
}

// resolved follows the links of a path, as far as it is there.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return filepath.Clean(path)
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
