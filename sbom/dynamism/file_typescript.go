package dynamism

import "github.com/nbuild/nbuild/internal/js"

// analyseTypeScript fills the report of a text that has to be made JavaScript first.
func analyseTypeScript(report *FileReport, src []byte, name string, goal js.Goal, at *placer) {
	_, _, _, _ = src, name, goal, at
}
