package attest

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
)

// verdictJSON is nbuild.verdict/v1.
type verdictJSON struct {
	Schema      string   `json:"schema"`
	Subject     string   `json:"subject"`
	Environment string   `json:"environment"`
	Decision    Decision `json:"decision"`
	Code        string   `json:"code"`
	Checks      []Check  `json:"checks"`
}

// WriteJSON writes the verdict as nbuild.verdict/v1, one object on one line.
func (v *Verdict) WriteJSON(w io.Writer) error {
	out := verdictJSON{"nbuild.verdict/v1", v.subject.String(), v.environment, v.Decision(), string(v.Code()), v.Checks()}
	if out.Checks == nil {
		out.Checks = []Check{}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

// WriteText writes the verdict for people: the decision, every check, and for a
// denial the command that mends it on the last line.
func (v *Verdict) WriteText(w io.Writer) error {
	var b strings.Builder
	words := map[Decision]string{Accept: "accepted", Reject: "rejected", Undecided: "undecided, which is a rejection"}
	outcome := words[v.Decision()]
	if v.Unsigned() {
		outcome = "rejected: nothing is signed for it"
	}
	if code := v.Code(); code != "" {
		outcome += " [" + string(code) + "]"
	}
	fmt.Fprintf(&b, "%s\n  for %s: %s\n", diag.Clean(v.subject.String()), diag.Clean(v.environment), outcome)
	width := 0
	for _, c := range v.checks {
		width = max(width, len(c.ID))
	}
	below := strings.Repeat(" ", width+13)
	for _, c := range v.checks {
		fmt.Fprintf(&b, "  %-7s  %-*s  %s\n", c.Result, width, c.ID, diag.Lines(c.Have, below))
		if c.Result != Pass {
			fmt.Fprintf(&b, "  %7s  %*s  needs: %s\n", "", width, "", diag.Lines(c.Need, below+"  "))
			fmt.Fprintf(&b, "  %7s  %*s  fix: %s\n", "", width, "", diag.Lines(c.Remedy, below+"  "))
		}
	}
	if remedy := v.Remedy(); remedy != "" {
		fmt.Fprintf(&b, "fix: %s\n", diag.Lines(remedy, "  "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
