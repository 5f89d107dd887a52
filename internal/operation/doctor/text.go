package doctor

import (
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
)

// Text is a line a finding, and one for its remedy.
func (r *Report) Text() string {
	var b strings.Builder
	for _, f := range r.Findings {
		state := string(f.State)
		if f.State == OK {
			state = "OK"
		}
		fmt.Fprintf(&b, "%-8s %s: %s\n", state, diag.Clean(f.Name), diag.Clean(f.Says))
		if f.Remedy != "" {
			fmt.Fprintf(&b, "         fix: %s\n", diag.Clean(f.Remedy))
		}
	}
	return b.String()
}
