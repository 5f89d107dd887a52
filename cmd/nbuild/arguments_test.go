package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

func TestAWrongNumberOfArgumentsIsUsage(t *testing.T) {
	for _, line := range []string{"explain", "verify", "diff a", "build --to x y z extra --bogus", "pin surplus", "trust check", "cache prune surplus"} {
		t.Run(line, func(t *testing.T) {
			var stderr bytes.Buffer
			code := run(surroundings{
				args: strings.Fields(line), environ: []string{"HOME=" + t.TempDir()}, dir: t.TempDir(),
				stdin: strings.NewReader(""), stdout: io.Discard, stderr: &stderr, now: time.Now,
			})
			if code != 2 || !strings.Contains(stderr.String(), "--help`") {
				t.Errorf("exit %d, want 2 and where the help is:\n%s", code, stderr.String())
			}
		})
	}
}
