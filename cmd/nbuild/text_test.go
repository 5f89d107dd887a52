package main

import (
	"os"

	"github.com/rogpeppe/go-internal/testscript"
)

// appendLine adds a line to a file: append FILE LINE.
func appendLine(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: append FILE LINE")
	}
	at := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(at, []byte(ts.ReadFile(args[0])+args[1]+"\n"), 0o600))
}

// byteOrderMark puts a byte order mark before a text, as some editors do: bom FILE.
func byteOrderMark(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: bom FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte("\xef\xbb\xbf"+ts.ReadFile(args[0])), 0o644))
}
