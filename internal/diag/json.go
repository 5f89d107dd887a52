package diag

import (
	"encoding/json"
	"io"
)

// problemJSON is nbuild.problem/v1 (cli contract, "Shapes that others read").
type problemJSON struct {
	Schema string `json:"schema"`
	Code   Code   `json:"code"`
	What   string `json:"what"`
	Why    string `json:"why"`
	Cause  string `json:"cause,omitempty"`
	Remedy string `json:"remedy"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// MarshalJSON writes the problem as nbuild.problem/v1.
func (p *Problem) MarshalJSON() ([]byte, error) {
	out := problemJSON{
		Schema: "nbuild.problem/v1", Code: p.Code, What: p.What, Why: p.Why, Remedy: p.Remedy,
		File: p.Pos.File, Line: p.Pos.Line, Column: p.Pos.Column,
	}
	if p.Err != nil {
		out.Cause = p.Err.Error()
	}
	return json.Marshal(out)
}

// WriteJSON writes err as one object: nbuild.problem/v1 where it is one problem,
// nbuild.problems/v1 where it is several. An error that holds no Problem becomes
// one with the code given for what is unexpected.
func WriteJSON(w io.Writer, err error, unexpected Code) error {
	ps := All(err)
	if len(ps) == 0 {
		ps = Problems{Unexpected(err, unexpected)}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if len(ps) == 1 {
		return enc.Encode(ps[0])
	}
	return enc.Encode(struct {
		Schema   string   `json:"schema"`
		Problems Problems `json:"problems"`
	}{"nbuild.problems/v1", ps})
}

// Unexpected makes a Problem of an error that no one foresaw.
func Unexpected(err error, code Code) *Problem {
	return &Problem{
		Code: code, What: err.Error(),
		Why:    "this is a fault of the machine (disk, memory, permissions) or of nbuild itself",
		Remedy: "run it again with -v; if it stays, report it with what -v prints",
	}
}
