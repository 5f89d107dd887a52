package doctor

import (
	"errors"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/operation/keys"
)

// errAsked is what is answered who asks for the password of a key: nobody is asked here.
var errAsked = errors.New("a password is asked for")

// key looks at a private key as a release would read it.
func (r *Report) key(host machine.Host, file string) {
	heard := &reported{}
	host.Events = heard
	asked := false
	_, err := keys.Load(host, file, func() ([]byte, error) {
		asked = true
		return nil, errAsked
	})
	switch {
	case asked:
		r.add("key", OK, diag.Clean(file)+" is a private key with a password", "")
	case err != nil:
		r.missing("key", err)
	case heard.said:
		r.add("key", Weak, diag.Clean(file)+" is a private key without a password, and others on this machine can read it", "run `chmod 600 "+diag.Word(file)+"`")
	default:
		r.add("key", OK, diag.Clean(file)+" is a private key without a password, which only its owner can read", "")
	}
}

// reported notes that something was.
type reported struct{ said bool }

// Emit implements event.Sink.
func (r *reported) Emit(event.Event) { r.said = true }
