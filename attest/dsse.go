package attest

import (
	"bytes"
	"strconv"
)

// pae is the pre-authentication encoding, the bytes that a signature is over (DSSE
// v1 protocol.md §"Signature Definition"): it binds the payload to its type.
func pae(payloadType string, payload []byte) []byte {
	var b bytes.Buffer
	b.Grow(len(payload) + len(payloadType) + 32)
	b.WriteString("DSSEv1 " + strconv.Itoa(len(payloadType)) + " " + payloadType + " " + strconv.Itoa(len(payload)) + " ")
	b.Write(payload)
	return b.Bytes()
}
