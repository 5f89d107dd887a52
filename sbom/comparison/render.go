package comparison

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
)

// DiffSchema names the JSON form of a Diff.
const DiffSchema = "nbuild.diff/v1"

// JSON returns the diff as one object, ended by a line break (cli contract,
// "nbuild diff --json"). Equal diffs give equal bytes.
func (d Diff) JSON() ([]byte, error) {
	changes := d.Changes
	if changes == nil {
		changes = []Change{}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(struct {
		Schema  string   `json:"schema"`
		Changes []Change `json:"changes"`
	}{DiffSchema, changes}); err != nil {
		return nil, fmt.Errorf("encoding diff: %w", err)
	}
	return b.Bytes(), nil
}

// Text renders the diff for people: a summary of at most twelve lines, then a line a
// change under a heading a severity, with the reason why a package is there. No
// changes say so.
func (d Diff) Text() string {
	if len(d.Changes) == 0 {
		return "no changes\n"
	}
	var b strings.Builder
	for _, line := range d.summary() {
		b.WriteString(line + "\n")
	}
	severity := Severity("")
	for _, c := range d.Changes {
		if c.Severity != severity {
			severity = c.Severity
			fmt.Fprintf(&b, "\n%s\n", severity)
		}
		fmt.Fprintf(&b, "  %-22s %s", c.Class, diag.Clean(c.Purl))
		if c.Path != "" {
			if c.Purl != "" {
				b.WriteString("  ")
			}
			b.WriteString(diag.Clean(c.Path))
		}
		b.WriteByte('\n')
		if text := c.fromTo(); text != "" {
			fmt.Fprintf(&b, "    %s\n", strings.ReplaceAll(text, "\n", "\n      "))
		}
		for _, why := range c.Why {
			fmt.Fprintf(&b, "    by %s\n", diag.Clean(why))
		}
	}
	return b.String()
}

// textLimit is how much of a value Text shows; JSON shows all.
const textLimit = 200

func (c Change) fromTo() string {
	short := func(s string) string {
		if len(s) > textLimit {
			s = strings.ToValidUTF8(s[:textLimit], "") + "…"
		}
		lines := strings.Split(s, "\n")
		for i := range lines {
			lines[i] = diag.Clean(lines[i])
		}
		return strings.Join(lines, "\n")
	}
	switch {
	case c.From != nil && c.To != nil:
		return short(*c.From) + " -> " + short(*c.To)
	case c.To != nil && c.Class != NewPackage && c.Class != NewVersion && c.Class != NewCopy:
		return "+ " + short(*c.To)
	case c.From != nil && slices.Contains(guardClasses, c.Class):
		return "- " + short(*c.From)
	}
	return ""
}

// Summary is the change in one line.
func (c Change) Summary() string {
	what := c.Purl
	if what == "" {
		what = c.Path
	} else if c.Path != "" {
		what += " at " + c.Path
	}
	text := string(c.Class) + ": " + what
	if detail, _, _ := strings.Cut(c.fromTo(), "\n"); detail != "" {
		text += " (" + detail + ")"
	}
	return text
}
