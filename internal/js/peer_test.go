package js

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// peer is node with a parser that others wrote and testdata/estree.txt, which answers
// a line with a line.
type peer struct {
	name string
	in   io.WriteCloser
	out  *bufio.Reader
}

// startPeer starts the parser of testdata/NAME.txt, which is installed in a folder.
// Its form is what it answers: "hash" or "whole" for the ESTree, or "verdict" for
// nothing but whether there is one.
func startPeer(t *testing.T, folder, name, form string) *peer {
	t.Helper()
	for _, program := range []string{"estree", name} {
		text, err := os.ReadFile("testdata/" + program + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "nbuild-"+program+".mjs"), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("node", "--stack-size=60000", filepath.Join(folder, "nbuild-"+name+".mjs"), form)
	cmd.Stderr = os.Stderr
	p := &peer{name: name}
	var err error
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

var goalNames = map[Goal]string{Script: "script", Module: "module", CommonJS: "commonjs"}

// ask returns what the parser makes of a file, or why it refuses it.
func (p *peer) ask(t *testing.T, goal Goal, path string) (answer, refusal string) {
	t.Helper()
	return p.askAs(t, goalNames[goal], path)
}

// askAs is ask with the goal's own word, among which "strict" is a script that is
// strict throughout.
func (p *peer) askAs(t *testing.T, goal, path string) (answer, refusal string) {
	t.Helper()
	if _, err := io.WriteString(p.in, goal+" "+path+"\n"); err != nil {
		t.Fatal(err)
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatalf("%s stopped at %s: %v", p.name, path, err)
	}
	answer = strings.TrimSuffix(line, "\n")
	if message, no := strings.CutPrefix(answer, "refused: "); no {
		return "", message
	}
	return answer, ""
}

// around returns what stands around the first difference of two texts.
func around(a, b string) (string, string) {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	from := max(0, i-150)
	return a[from:min(len(a), i+150)], b[from:min(len(b), i+150)]
}
