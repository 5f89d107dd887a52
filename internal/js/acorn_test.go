package js

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

var acorn = flag.String("acorn", "", "folder in which the npm package acorn is installed")

// acornProcess is node with testdata/acorn.txt, which answers a line with a line.
type acornProcess struct {
	in  io.WriteCloser
	out *bufio.Reader
}

func startAcorn(t *testing.T, arguments ...string) *acornProcess {
	t.Helper()
	if *acorn == "" {
		t.Skip("needs -acorn DIR, which CI fills with: npm install --prefix DIR --ignore-scripts acorn@8")
	}
	program, err := os.ReadFile("testdata/acorn.txt")
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(*acorn, "nbuild-acorn.mjs")
	if err := os.WriteFile(script, program, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", append([]string{"--stack-size=60000", script}, arguments...)...)
	cmd.Stderr = os.Stderr
	p := &acornProcess{}
	if p.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReaderSize(out, 1<<20)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.in.Close()
		_ = cmd.Wait()
	})
	return p
}

func (p *acornProcess) ask(t *testing.T, goal Goal, path string) string {
	t.Helper()
	source := "script"
	if goal == Module {
		source = "module"
	}
	if _, err := io.WriteString(p.in, source+" "+path+"\n"); err != nil {
		t.Fatal(err)
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatalf("acorn stopped at %s: %v", path, err)
	}
	return strings.TrimSuffix(line, "\n")
}

// TestTreeIsAcorns compares each tree below -corpus with acorn's, node by node, for
// the files that acorn accepts, and sees that the others are refused here as well.
func TestTreeIsAcorns(t *testing.T) {
	hashes := startAcorn(t)
	var whole *acornProcess
	same, refused, lenient := 0, 0, 0
	root, err := filepath.Abs(*corpus)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range sourcesBelow(t, root) {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(src) || strings.ContainsRune(path, '\n') {
			continue
		}
		tree := Parse(src, goalOf(path))
		answer := hashes.ask(t, tree.Goal, path)
		if message, no := strings.CutPrefix(answer, "refused: "); no {
			refused++
			if len(tree.Errors) == 0 && len(Resolve(tree).Errors()) == 0 {
				lenient++
				t.Logf("%s: accepted, but acorn says: %s", path, message)
			}
			continue
		}
		if len(tree.Errors) > 0 {
			line, column := tree.Position(tree.Errors[0].Start)
			t.Errorf("%s:%d:%d: %s, but acorn accepts it", path, line, column, tree.Errors[0].Message)
			continue
		}
		ours := estree(tree)
		sum := sha256.Sum256([]byte(ours))
		if hex.EncodeToString(sum[:]) == answer {
			same++
			continue
		}
		if whole == nil {
			whole = startAcorn(t, "whole")
		}
		theirs := whole.ask(t, tree.Goal, path)
		i := 0
		for i < min(len(ours), len(theirs)) && ours[i] == theirs[i] {
			i++
		}
		from := max(0, i-150)
		t.Errorf("%s differs:\n ours   …%s\n acorn's …%s", path, ours[from:min(len(ours), i+150)], theirs[from:min(len(theirs), i+150)])
	}
	t.Logf("%d trees are acorn's, %d files are refused by acorn, %d of these accepted here", same, refused, lenient)
}
