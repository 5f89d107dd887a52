package rebuild

import (
	"encoding/json"
	"io"
	"sync"

	"github.com/nbuild/nbuild/internal/event"
)

// speaker writes answers, each a line, from many goroutines.
type speaker struct {
	mu  sync.Mutex
	enc *json.Encoder
}

func newSpeaker(w io.Writer) *speaker { return &speaker{enc: json.NewEncoder(w)} }

func (s *speaker) encode(a answer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.enc.Encode(a)
}

// Emit tells what goes on. What commands print was told the first time, and what a person
// has to know as well.
func (s *speaker) Emit(e event.Event) {
	if e.Kind == event.StepLog || e.Kind == event.Problem {
		return
	}
	_ = s.encode(answer{Event: &e}) // whoever does not listen ends this process otherwise
}
