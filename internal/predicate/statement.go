package predicate

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// StatementType is the _type of an in-toto Statement v1.
const StatementType = "https://in-toto.io/Statement/v1"

// statementTypeBefore is the _type of the version before v1, which has the same
// fields. cosign 3 still writes it, so a team's review may come in it.
const statementTypeBefore = "https://in-toto.io/Statement/v0.1"

// PayloadType is the media type of a statement inside a DSSE envelope.
const PayloadType = "application/vnd.in-toto+json"

// Type is a predicate type, a URI.
type Type string

// The predicate types that nbuild writes and judges.
const (
	TypeProvenance Type = "https://slsa.dev/provenance/v1"
	TypeBOM        Type = "https://cyclonedx.org/bom"
	TypeRelease    Type = "https://nbuild.dev/release/v1"
	TypeReview     Type = "https://nbuild.dev/review/v1"
	TypeRebuild    Type = "https://nbuild.dev/rebuild/v1"
	TypeVSA        Type = "https://slsa.dev/verification_summary/v1"
)

// ErrStatement reports a payload that is not a statement this package takes.
var ErrStatement = errors.New("malformed statement")

// ErrPredicate reports a statement whose predicate is not what its type asks for.
var ErrPredicate = errors.New("malformed predicate")

// Subject is what a statement is about. Name is for people only; Digest decides.
type Subject struct {
	Name   string
	Digest cas.Digest // SHA-256 of the image's manifest or index
}

// Statement is an in-toto Statement v1 with one subject.
type Statement struct {
	Subject   Subject
	Type      Type
	Predicate json.RawMessage // canonical JSON, an object
}

// wireStatement is the JSON of a Statement (in-toto Statement v1 §Schema).
type wireStatement struct {
	Type          string          `json:"_type"`
	Subject       []wireSubject   `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

type wireSubject struct {
	Name   string            `json:"name,omitempty"`
	Digest map[string]string `json:"digest"`
}

// NewStatement makes a statement of a predicate, any value that encoding/json can
// write as an object.
func NewStatement(subject Subject, typ Type, p any) (*Statement, error) {
	if subject.Digest.IsZero() {
		return nil, fmt.Errorf("%w: the subject has no digest", ErrStatement)
	}
	raw, err := strictjson.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", typ, err)
	}
	if len(raw) == 0 || raw[0] != '{' {
		return nil, fmt.Errorf("%w: %s is no object", ErrPredicate, typ)
	}
	return &Statement{Subject: subject, Type: typ, Predicate: raw}, nil
}

// Encode writes the statement as canonical JSON, the bytes that are signed.
func (s *Statement) Encode() ([]byte, error) {
	return strictjson.Marshal(wireStatement{
		Type:          StatementType,
		Subject:       []wireSubject{{Name: s.Subject.Name, Digest: map[string]string{"sha256": s.Subject.Digest.String()}}},
		PredicateType: string(s.Type),
		Predicate:     s.Predicate,
	})
}

// Parse reads a signed payload. The text need not be canonical, as others write
// statements too; it must be an in-toto Statement, v1 or v0.1, whose one subject has
// a SHA-256. A statement about two things is refused: what it grants to one of them
// it should not grant to the other. The predicate comes back canonical. One that is so
// already is a part of the payload, so that a large BOM costs no second copy.
func Parse(payload []byte) (*Statement, error) {
	o, err := members(payload)
	if err != nil {
		return nil, err
	}
	typ := text(o["predicateType"])
	if typ == "" {
		return nil, fmt.Errorf("%w: no predicateType", ErrStatement)
	}
	subject, err := parseSubject(o["subject"])
	if err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		if key != "predicate" {
			if err := strictjson.Check(o[key], nil); err != nil {
				return nil, fmt.Errorf("%w: %s: %w", ErrStatement, strconv.Quote(key), err)
			}
		}
	}
	raw := o["predicate"]
	if len(raw) == 0 || raw[0] != '{' {
		return nil, fmt.Errorf("%w: the predicate is no object", ErrStatement)
	}
	if !strictjson.IsCanonical(raw) {
		if raw, err = strictjson.Canonical(raw); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrStatement, err)
		}
	}
	return &Statement{Subject: subject, Type: Type(typ), Predicate: raw}, nil
}

// Head returns what a payload says that it is and whom it is about, without reading
// what it says: for a look at what nobody vouches for yet.
func Head(payload []byte) (Type, Subject, error) {
	o, err := members(payload)
	if err != nil {
		return "", Subject{}, err
	}
	subject, err := parseSubject(o["subject"])
	return Type(text(o["predicateType"])), subject, err
}

// members returns the parts of a statement, as they stand in it.
func members(payload []byte) (map[string][]byte, error) {
	if len(payload) > bounds.Statement {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrStatement, bounds.Statement)
	}
	o, err := strictjson.Members(payload)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	if is := text(o["_type"]); is != StatementType && is != statementTypeBefore {
		return nil, fmt.Errorf("%w: _type is neither %s nor v0.1", ErrStatement, StatementType)
	}
	return o, nil
}

// text returns what a JSON string says, "" where the value is none.
func text(raw []byte) string {
	if len(raw) == 0 || raw[0] != '"' || len(raw) > bounds.Path {
		return ""
	}
	return strictjson.NewReader(raw).Text()
}

func parseSubject(raw []byte) (Subject, error) {
	if len(raw) > bounds.Bundle {
		return Subject{}, fmt.Errorf("%w: its subject is larger than %d bytes", ErrStatement, bounds.Bundle)
	}
	tree, err := strictjson.Parse(raw)
	if err != nil {
		return Subject{}, fmt.Errorf("%w: its subject: %w", ErrStatement, err)
	}
	list, ok := tree.([]any)
	if !ok || len(list) != 1 {
		return Subject{}, fmt.Errorf("%w: it has %d subjects, not one", ErrStatement, len(list))
	}
	o, ok := list[0].(strictjson.Object)
	if !ok {
		return Subject{}, fmt.Errorf("%w: the subject is no object", ErrStatement)
	}
	digests, ok := o["digest"].(strictjson.Object)
	if !ok {
		return Subject{}, fmt.Errorf("%w: the subject has no digest", ErrStatement)
	}
	hex, _ := digests["sha256"].(string)
	digest, err := cas.ParseDigest(hex)
	if err != nil || digest.IsZero() {
		return Subject{}, fmt.Errorf("%w: the subject has no SHA-256", ErrStatement)
	}
	name, ok := o["name"].(string)
	if _, has := o["name"]; has && !ok {
		return Subject{}, fmt.Errorf("%w: the subject's name is no string", ErrStatement)
	}
	return Subject{Name: name, Digest: digest}, nil
}

// open reads the predicate of a type that others define.
func (s *Statement) open(typ Type, v any) error { return s.decode(typ, v, decodeOpen) }

// closed reads the predicate of a type of nbuild's own.
func (s *Statement) closed(typ Type, v any) error { return s.decode(typ, v, decodeClosed) }

func (s *Statement) decode(typ Type, v any, read func([]byte, any) error) error {
	if err := s.of(typ); err != nil {
		return err
	}
	if err := read(s.Predicate, v); err != nil {
		return fmt.Errorf("%w: %w", ErrPredicate, err)
	}
	return nil
}

// of holds a statement to a type, and to the size that one of it may have.
func (s *Statement) of(typ Type) error {
	if s.Type != typ {
		return fmt.Errorf("%w: it is %q, not %q", ErrPredicate, s.Type, typ)
	}
	if limit := bounds.BundleOf(string(typ)); int64(len(s.Predicate)) > limit {
		return fmt.Errorf("%w: larger than %d bytes", ErrPredicate, limit)
	}
	return nil
}
