package js

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

var acorn = flag.String("acorn", "", "folder in which the npm package acorn is installed")

// TestTreeIsAcorns compares each tree below -corpus with acorn's, node by node, for
// the files that acorn accepts, and sees that the others are refused here as well.
func TestTreeIsAcorns(t *testing.T) {
	if *acorn == "" {
		t.Skip("needs -acorn DIR, which CI fills with: npm install --prefix DIR --ignore-scripts acorn@8")
	}
	hashes := startPeer(t, *acorn, "acorn", "hash")
	var whole *peer
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
		answer, refusal := hashes.ask(t, tree.Goal, path)
		if refusal != "" {
			refused++
			if len(tree.Errors) == 0 && len(Resolve(tree).Errors()) == 0 {
				lenient++
				t.Logf("%s: accepted, but acorn says: %s", path, refusal)
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
			whole = startPeer(t, *acorn, "acorn", "whole")
		}
		theirs, _ := whole.ask(t, tree.Goal, path)
		a, b := around(ours, theirs)
		t.Errorf("%s differs:\n ours   …%s\n acorn's …%s", path, a, b)
	}
	t.Logf("%d trees are acorn's, %d files are refused by acorn, %d of these accepted here", same, refused, lenient)
}
