package guard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nbuild/nbuild/internal/sources"
)

// MeaningsName is the name of the file in the guard's folder that says what requests
// mean.
const MeaningsName = "meanings.json"

const meaningsSchema = "nbuild.meanings/v1"

// Meanings is what require answers, as it was worked out when the list was made: by
// the first folder that Node looks in, then by request, the path of a file. The guard
// answers from it, so that nothing that was added to the image's file system changes
// what a name means, and Node need not look for what is known.
type Meanings map[string]map[string]string

// meanings is meanings.json, which the script reads at its start: the version of Node
// that it is true for, and places in the entries of the source list.
type meanings struct {
	Schema string                    `json:"schema"`
	Node   string                    `json:"node"`
	Names  map[string]map[string]int `json:"names"`
}

// Format writes what requests mean by places in a sorted list, in the one spelling. A
// request for what is not on the list is left out.
func (m Meanings) Format(l *sources.List) ([]byte, error) {
	at := make(map[string]int, len(l.Entries))
	for i := range l.Entries {
		at[l.Entries[i].Path] = i
	}
	doc := meanings{Schema: meaningsSchema, Node: l.Node, Names: map[string]map[string]int{}}
	for dir, requests := range m { // json sorts keys
		for request, file := range requests {
			i, ok := at[file]
			if !ok {
				continue
			}
			if doc.Names[dir] == nil {
				doc.Names[dir] = map[string]int{}
			}
			doc.Names[dir][request] = i
		}
	}
	return doc.text()
}

// text is the one spelling.
func (m *meanings) text() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(m); err != nil {
		return nil, fmt.Errorf("writing what requests mean: %w", err)
	}
	return out.Bytes(), nil
}

// CheckMeanings holds a file of what requests mean to a list: it is in the one
// spelling, for the same Node, and names entries.
func CheckMeanings(src []byte, l *sources.List) error {
	var m meanings
	if err := json.Unmarshal(src, &m); err != nil {
		return fmt.Errorf("decoding what requests mean: %w", err)
	}
	if spelled, err := m.text(); err != nil || !bytes.Equal(spelled, src) || m.Names == nil {
		return errors.New("what requests mean is not spelled as nbuild spells it")
	}
	if m.Schema != meaningsSchema || m.Node != l.Node {
		return fmt.Errorf("what requests mean is of %.60q for Node %.20q, and the list is for Node %s", m.Schema, m.Node, l.Node)
	}
	for dir, requests := range m.Names { // in any order: the first that is wrong will do
		if len(requests) == 0 {
			return fmt.Errorf("nothing is said of %.80q", dir)
		}
		for request, i := range requests {
			if i < 0 || i >= len(l.Entries) {
				return fmt.Errorf("%.80q in %.80q means entry %d of %d", request, dir, i, len(l.Entries))
			}
		}
	}
	return nil
}
