package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"

	"github.com/nbuild/nbuild/internal/diag"
)

// codesEnv says to the scripts' nbuild where it notes the codes that it printed, a folder a
// code. What was noted was seen by whoever reads the output: no script can claim a code
// by naming it.
const codesEnv = "NBUILD_TEST_CODES"

// listener keeps what is printed, to look for codes in it.
type listener struct {
	mu   sync.Mutex
	text []byte
}

// maxHeard bounds what is kept of one run: messages are short, and a BOM has no codes.
const maxHeard = 1 << 20

func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p[:min(len(p), maxHeard-min(len(l.text), maxHeard))]...)
	return len(p), nil
}

// printedCode is a code as messages and verdicts have it, in text and in JSON. Neither what a file of
// the project says nor a page has it at the margin: see [diag.Lines].
var printedCode = regexp.MustCompile(`(?m)^error\[(NB\d{4})\]: |^  for \S+: .* \[(NB\d{4})\]$|"code":"(NB\d{4})"`)

func (l *listener) codes() []diag.Code {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []diag.Code
	for _, m := range printedCode.FindAllSubmatch(l.text, -1) {
		all = append(all, diag.Code(string(bytes.Join(m[1:], nil))))
	}
	return all
}

// noting has a run of the command note the codes that it prints in a folder. The end is to
// be called when the run has ended. A page that is explained is no message, and stands on
// stdout.
func noting(s *surroundings, dir string) (end func()) {
	if dir == "" {
		return func() {}
	}
	heard := &listener{}
	s.stderr = io.MultiWriter(s.stderr, heard)
	if !slices.Contains(s.args, "explain") {
		s.stdout = io.MultiWriter(s.stdout, heard)
	}
	return func() {
		for _, c := range heard.codes() {
			// A folder, which is made without opening anything: a script may have taken all
			// files from the command.
			if err := os.Mkdir(filepath.Join(dir, string(c)), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
				panic(err)
			}
		}
	}
}
