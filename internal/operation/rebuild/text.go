package rebuild

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/bytewise"
	"github.com/nbuild/nbuild/internal/diag"
)

// Text shows the report to a person.
func (r *Report) Text() string {
	var b strings.Builder
	if o := r.Of; o != nil {
		fmt.Fprintf(&b, "image %s\n", o.Ref)
		vouched := "nobody's signature was looked at: name a trust file with --trust"
		if o.Verified {
			vouched = "by members of the trust file"
		}
		fmt.Fprintf(&b, "from commit %s, as its provenance says, %s\n", o.Commit, vouched)
	}
	for _, p := range r.Perturbations {
		fmt.Fprintf(&b, "%-6s  %-16s %s\n", p.How, p.Name, p.Text)
	}
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "step %s (%s): ", diag.Clean(s.Step), s.Platform)
		switch s.Outcome {
		case Equal:
			fmt.Fprintf(&b, "equal, %s\n", diag.Count(s.Outputs, "file"))
		case Follows:
			b.WriteString("its action is another, since a step before it differs or nbuild is another\n")
		case Unseen:
			fmt.Fprintf(&b, "%s; what it made the first time is not here\n", diag.Count(s.Outputs, "file"))
		case Known:
			fmt.Fprintf(&b, "differs, as build.hcl says: %s\n", diag.Clean(s.Reason))
		default:
			b.WriteString("differs\n")
		}
		differences(&b, s.Differences, s.More)
	}
	for _, i := range r.Images {
		if i.Outcome == Equal {
			fmt.Fprintf(&b, "image %s (%s): equal, %s\n", i.Image, i.Platform, i.First)
			continue
		}
		fmt.Fprintf(&b, "image %s (%s): differs, %s and %s\n", i.Image, i.Platform, i.First, i.Again)
		if i.Config != "" {
			fmt.Fprintf(&b, "  configuration: %s\n", diag.Clean(i.Config))
		}
		for _, l := range i.Layers {
			fmt.Fprintf(&b, "  layer %d: %s and %s\n", l.Index, or(l.First, "none"), or(l.Again, "none"))
			differences(&b, l.Differences, l.More)
		}
	}
	if r.Of != nil && r.Of.Attested != nil {
		fmt.Fprintf(&b, "signed and attached: rebuild/v1, statement %s\n", *r.Of.Attested)
	}
	return b.String()
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// differences shows what differs of files.
func differences(b *strings.Builder, all []bytewise.Difference, more bool) {
	for _, d := range all {
		switch {
		case d.Kind == bytewise.Missing:
			fmt.Fprintf(b, "  %s: it was there the first time only\n", diag.Clean(d.Path))
		case d.Kind == bytewise.Added:
			fmt.Fprintf(b, "  %s: it was there the second time only\n", diag.Clean(d.Path))
		case d.Kind == bytewise.Order:
			fmt.Fprintf(b, "  the entries stand in another order\n")
		case d.Region == nil:
			fmt.Fprintf(b, "  %s: %s %s and %s\n", diag.Clean(d.Path), d.Kind, diag.Clean(d.First), diag.Clean(d.Again))
		default:
			r := d.Region
			fmt.Fprintf(b, "  %s: byte %d differs, of %d and %d\n", diag.Clean(d.Path), r.Offset, r.First.Size, r.Again.Size)
			excerpt(b, "first", r.From, r.First)
			excerpt(b, "again", r.From, r.Again)
		}
	}
	if more {
		b.WriteString("  and others\n")
	}
}

// wide is how many bytes stand in a line of an excerpt.
const wide = 16

// excerpt shows bytes as they stand in a file.
func excerpt(b *strings.Builder, name string, from int64, e bytewise.Excerpt) {
	raw, err := hex.DecodeString(e.Hex)
	if err != nil || len(raw) != len(e.Text) {
		return
	}
	for at := 0; at < len(raw); at += wide {
		line, text := raw[at:min(at+wide, len(raw))], e.Text[at:min(at+wide, len(raw))]
		fmt.Fprintf(b, "    %s %8d  %-*s  |%s|\n", name, from+int64(at), 3*wide-1, fmt.Sprintf("% x", line), text)
	}
}
