package predicate

import (
	"encoding/json"
	"fmt"
	"time"
)

// Time is a moment in whole seconds, written as RFC 3339 in UTC.
type Time struct{ time.Time }

// At returns t in the precision that statements have.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Second)} }

// MarshalJSON writes the moment as "2026-11-23T19:20:00Z".
func (t Time) MarshalJSON() ([]byte, error) {
	if y := t.UTC().Year(); y < 1 || y > 9999 {
		return nil, fmt.Errorf("writing a time: year %d", y)
	}
	return json.Marshal(t.UTC().Format(time.RFC3339))
}

// UnmarshalJSON reads what MarshalJSON writes and nothing else.
func (t *Time) UnmarshalJSON(raw []byte) error {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	parsed, err := time.Parse("2006-01-02T15:04:05Z", s)
	if err != nil {
		return fmt.Errorf("reading a time: %q is not RFC 3339 in UTC, in whole seconds", s)
	}
	*t = Time{parsed}
	return nil
}
