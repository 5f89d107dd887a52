package pipelines

import (
	"slices"
	"strings"
)

// TraceFolder is where the recorder of a step that is traced stands, in its working
// folder, and RecordsFolder what it writes.
const (
	TraceFolder   = ".nbuild-trace"
	RecordsFolder = TraceFolder + "/records"
)

// Recorder records what a step loads: its files are inputs of the step, and what it wrote
// comes out beside the outputs.
type Recorder struct {
	Files   []Input // below TraceFolder
	Environ func(environ []string) []string
}

// Outputs are what is taken out of the sandbox of a step, sorted: its own outputs, and what
// a recorder wrote.
func (s *PlannedStep) Outputs() []string {
	if s.Recorder == nil {
		return s.Step.Outputs
	}
	all := append([]string{RecordsFolder}, s.Step.Outputs...)
	slices.Sort(all)
	return all
}

// Recorded reports whether a path that was taken out of the sandbox of a step is a
// recorder's.
func Recorded(path string) bool { return strings.HasPrefix(path, RecordsFolder+"/") }
