package sources

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
)

// The spelling of a list. The order of the fields is that of these types.
type (
	listText struct {
		Schema     string          `json:"schema"`
		Node       string          `json:"node"`
		Entries    []entryText     `json:"entries"`
		Evaluators []evaluatorText `json:"evaluators"`
		Generated  []generatedText `json:"generated"`

		Instrumenters []instrumenterText `json:"instrumenters"`
	}
	entryText struct {
		Path    string     `json:"path"`
		SHA256  cas.Digest `json:"sha256"`
		Format  Format     `json:"format"`
		Package string     `json:"package,omitempty"`
		Reasons []Reason   `json:"reasons"`
	}
	evaluatorText struct {
		Path   string     `json:"path"`
		SHA256 cas.Digest `json:"sha256"`
		Reason string     `json:"reason"`
	}
	instrumenterText struct {
		Path   string     `json:"path"`
		SHA256 cas.Digest `json:"sha256"`
		Reason string     `json:"reason"`
	}
	generatedText struct {
		SHA256 cas.Digest `json:"sha256"`
		Reason string     `json:"reason"`
	}
)

// Format writes a list as sources/v1: an element a line, no other space. Errors hold
// ErrMalformed.
func (l *List) Format() ([]byte, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	out := l.write()
	if len(out) > bounds.Sources {
		return nil, malformed("more than %d bytes", bounds.Sources)
	}
	return out, nil
}

func (l *List) write() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"schema":%s,"node":%s`, text(Schema), text(l.Node))
	open := func(name string, n int) {
		fmt.Fprintf(&b, ",\n%s:[", text(name))
		if n == 0 {
			b.WriteByte(']')
		}
	}
	element := func(i, n int, v any) {
		b.WriteByte('\n')
		b.Write(text(v))
		if i < n-1 {
			b.WriteByte(',')
		} else {
			b.WriteString("\n]")
		}
	}
	open("entries", len(l.Entries))
	for i, e := range l.Entries {
		element(i, len(l.Entries), entryText(e))
	}
	open("evaluators", len(l.Evaluators))
	for i, e := range l.Evaluators {
		element(i, len(l.Evaluators), evaluatorText(e))
	}
	open("generated", len(l.Generated))
	for i, g := range l.Generated {
		element(i, len(l.Generated), generatedText(g))
	}
	if len(l.Instrumenters) > 0 {
		open("instrumenters", len(l.Instrumenters))
		for i, e := range l.Instrumenters {
			element(i, len(l.Instrumenters), instrumenterText(e))
		}
	}
	b.WriteString("}\n")
	return b.Bytes()
}

// text is a value in JSON, with <, > and & as they are. None of the values can fail.
func text(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Digest returns the SHA-256 of what Format writes.
func (l *List) Digest() (cas.Digest, error) {
	out, err := l.Format()
	if err != nil {
		return cas.Digest{}, err
	}
	return cas.Sum(out), nil
}

// Parse reads a list. It takes what Format writes and nothing else; errors hold
// ErrMalformed.
func Parse(src []byte) (*List, error) {
	if len(src) > bounds.Sources {
		return nil, malformed("more than %d bytes", bounds.Sources)
	}
	var t listText
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&t); err != nil {
		return nil, malformed("%v", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, malformed("text behind its end")
	}
	if t.Schema != Schema {
		return nil, malformed("its schema is %.60q", t.Schema)
	}
	l := &List{Node: t.Node}
	for _, e := range t.Entries {
		l.Entries = append(l.Entries, Entry(e))
	}
	for _, e := range t.Evaluators {
		l.Evaluators = append(l.Evaluators, Evaluator(e))
	}
	for _, e := range t.Instrumenters {
		l.Instrumenters = append(l.Instrumenters, Instrumenter(e))
	}
	for _, g := range t.Generated {
		l.Generated = append(l.Generated, Generated(g))
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	if !bytes.Equal(l.write(), src) {
		return nil, malformed("it is not spelled as nbuild spells it")
	}
	return l, nil
}
