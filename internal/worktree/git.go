package worktree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
)

// Git runs git with arguments in a folder, with exactly the environment given, and
// returns what it printed, at most bounds.GitOutput bytes.
type Git func(ctx context.Context, dir string, env, args []string) ([]byte, error)

// Exec returns a Git that runs the program at path, which the caller has looked up.
func Exec(program string) Git {
	return func(ctx context.Context, dir string, env, args []string) ([]byte, error) {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Dir, cmd.Env = dir, env
		var stderr bytes.Buffer
		cmd.Stderr = &limited{w: &stderr, left: 4 << 10}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, fmt.Errorf("running git: %w", err)
		}
		if err := cmd.Start(); err != nil {
			return nil, fmt.Errorf("running git: %w", err)
		}
		text, readErr := io.ReadAll(io.LimitReader(out, bounds.GitOutput+1))
		if len(text) > bounds.GitOutput {
			readErr = fmt.Errorf("it prints more than %d bytes", bounds.GitOutput)
			_ = cmd.Process.Kill()
		}
		if err := cmd.Wait(); err != nil && readErr == nil {
			readErr = err
			if line, _, _ := strings.Cut(stderr.String(), "\n"); line != "" {
				readErr = errors.New(line)
			}
		}
		if readErr != nil {
			return nil, fmt.Errorf("running git %s: %w", args[len(args)-1], readErr)
		}
		return text, nil
	}
}

// limited keeps the beginning of what is written and drops the rest.
type limited struct {
	w    io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	keep := p[:min(len(p), l.left)]
	l.left -= len(keep)
	if _, err := l.w.Write(keep); err != nil {
		return 0, err
	}
	return len(p), nil
}
