package pipelines

import "fmt"

// Sensitive is a text that no printer shows: every verb of fmt and every encoder
// gets "(sensitive)" in its place.
type Sensitive struct{ text string }

const hidden = "(sensitive)"

// NewSensitive wraps a text.
func NewSensitive(text string) Sensitive { return Sensitive{text} }

// Reveal returns the text. Whoever calls it answers for where it goes.
func (s Sensitive) Reveal() string { return s.text }

// String returns a placeholder.
func (Sensitive) String() string { return hidden }

// Format writes a placeholder, whatever the verb.
func (Sensitive) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// MarshalJSON writes a placeholder.
func (Sensitive) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// MarshalText writes a placeholder.
func (Sensitive) MarshalText() ([]byte, error) { return []byte(hidden), nil }
