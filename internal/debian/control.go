package debian

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
)

// errControl reports text that is not a control file.
var errControl = errors.New("malformed control file")

// paragraph is one block of fields of a control file (deb822(5), Debian Policy
// §5.1), in their order.
type paragraph []field

// field is a name and its value. The lines of a value are joined by line feeds;
// those after the first keep their indentation.
type field struct{ name, value string }

// get returns the value of a field, "" where it is absent. Names are compared
// without regard to case.
func (p paragraph) get(name string) string {
	for _, f := range p {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

// paragraphs reads a control file, a paragraph at a time. After an error there is
// no more.
func paragraphs(r io.Reader) iter.Seq2[paragraph, error] {
	return func(yield func(paragraph, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(make([]byte, 0, 64<<10), bounds.DebParagraph)
		var p paragraph
		size := 0
		for lines.Scan() {
			line := bytes.TrimSuffix(lines.Bytes(), []byte("\r"))
			if len(bytes.TrimSpace(line)) == 0 {
				if p != nil && !yield(p, nil) {
					return
				}
				p, size = nil, 0
				continue
			}
			var err error
			if size += len(line); size > bounds.DebParagraph {
				err = fmt.Errorf("%w: a paragraph over the bound of %d bytes", errControl, bounds.DebParagraph)
			} else {
				p, err = p.add(line)
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(nil, fmt.Errorf("%w: %w", errControl, err))
			return
		}
		if p != nil {
			yield(p, nil)
		}
	}
}

// add takes one line in: a field, or more of the last one.
func (p paragraph) add(line []byte) (paragraph, error) {
	if bytes.IndexByte(line, 0) >= 0 {
		return nil, fmt.Errorf("%w: a NUL in it", errControl)
	}
	if line[0] == ' ' || line[0] == '\t' {
		if len(p) == 0 {
			return nil, fmt.Errorf("%w: it begins in the midst of a field", errControl)
		}
		last := &p[len(p)-1]
		last.value += "\n" + string(bytes.TrimRight(line, " \t"))
		return p, nil
	}
	name, value, ok := strings.Cut(string(line), ":")
	if !ok || !fieldName(name) {
		return nil, fmt.Errorf("%w: %.60q is no field", errControl, line)
	}
	for _, f := range p {
		if strings.EqualFold(f.name, name) {
			return nil, fmt.Errorf("%w: the field %s stands twice", errControl, f.name)
		}
	}
	return append(p, field{name, strings.TrimSpace(value)}), nil
}

func fieldName(name string) bool {
	if name == "" || name[0] == '#' || name[0] == '-' {
		return false
	}
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' {
			return false
		}
	}
	return true
}

// one reads a control file that must have one paragraph.
func one(src []byte) (paragraph, error) {
	var only paragraph
	for p, err := range paragraphs(bytes.NewReader(src)) {
		if err != nil {
			return nil, err
		}
		if only != nil {
			return nil, fmt.Errorf("%w: a second paragraph", errControl)
		}
		only = p
	}
	if only == nil {
		return nil, fmt.Errorf("%w: it is empty", errControl)
	}
	return only, nil
}
