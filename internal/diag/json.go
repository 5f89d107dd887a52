package diag

import (
	"encoding/json"
	"io"
)

// problemJSON is an entry of nbuild.problems/v2 (docs/decisions/shapes.md).
type problemJSON struct {
	Code   Code   `json:"code"`
	Exit   int    `json:"exit"`
	What   string `json:"what"`
	Why    string `json:"why"`
	Cause  string `json:"cause,omitempty"`
	Remedy string `json:"remedy"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// MarshalJSON writes the problem as an entry of nbuild.problems/v2.
func (p *Problem) MarshalJSON() ([]byte, error) {
	out := problemJSON{
		Code: p.Code, Exit: p.Code.Exit(), What: p.What, Why: p.Why, Remedy: p.Remedy,
		File: p.Pos.File, Line: p.Pos.Line, Column: p.Pos.Column,
	}
	if p.Err != nil {
		out.Cause = p.Err.Error()
	}
	return json.Marshal(out)
}

// WriteJSON writes err as one object, nbuild.problems/v2, whether it is one problem or
// several: the list of [Shown]. The process ends with the exit code of the first.
func WriteJSON(w io.Writer, err error) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(struct {
		Schema   string   `json:"schema"`
		Problems Problems `json:"problems"`
	}{"nbuild.problems/v2", Shown(err)})
}
