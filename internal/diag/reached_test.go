package diag_test

import (
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/diag/diagtest"
)

// Each operation makes its own problem of a server that is not there. What is left is a
// connection that none of them thought of.
func TestAConnectionThatNoOperationForesawIsTheNetworks(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = net.Dial("tcp", address)
	diagtest.Reaches(t, fmt.Errorf("asking: %w", err), diag.CodeNetwork)
}

// An error that nothing knows is a fault of nbuild, which no input is known to bring about:
// one that did would be mended.
func TestAnErrorThatNothingKnowsIsAFaultOfNbuild(t *testing.T) {
	diagtest.Reaches(t, fmt.Errorf("reading: %w", errors.New("nobody thought of this")), diag.CodeUnexpected)
}
