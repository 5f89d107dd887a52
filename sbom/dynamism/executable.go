package dynamism

import (
	"path"
	"strings"

	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// scripts are the extensions of programs that are neither JavaScript nor machine
// code, with what runs them.
var scripts = map[string]string{
	".sh": "sh", ".bash": "bash", ".zsh": "zsh", ".fish": "fish", ".ksh": "ksh", ".csh": "csh",
	".bat": "cmd", ".cmd": "cmd", ".ps1": "powershell", ".psm1": "powershell", ".vbs": "wscript", ".wsf": "wscript", ".hta": "mshta",
	".py": "python", ".pyw": "python", ".pyc": "python", ".rb": "ruby", ".pl": "perl", ".php": "php", ".lua": "lua", ".tcl": "tclsh",
	".awk": "awk", ".jar": "java", ".class": "java", ".applescript": "osascript", ".scpt": "osascript",
}

// executable returns the finding that a file is a program and no JavaScript. The
// head is how its text begins, command the name under which it stands in "bin", or
// "". An executable bit alone says nothing: packages set it on their licences.
func executable(name string, head []byte, command string) (source.Finding, bool) {
	f := source.Finding{Kind: source.NonJSExecutable, File: name}
	switch program, line := interpreter(head); {
	case program != "":
		if runtimes[program] {
			return f, false
		}
		f.Line, f.Column, f.Excerpt = 1, 1, cutRunes(line, maxShebang)
	case scripts[strings.ToLower(path.Ext(name))] != "":
		f.Excerpt = "a program for " + scripts[strings.ToLower(path.Ext(name))]
	case command != "":
		f.Excerpt = "the command " + command
	default:
		return f, false
	}
	return f, true
}

// maxShebang is how many characters of a shebang are reported.
const maxShebang = 120

// cutRunes cuts a text to n characters.
func cutRunes(text string, n int) string {
	for i := range text {
		if n--; n < 0 {
			return text[:i] + "…"
		}
	}
	return text
}
