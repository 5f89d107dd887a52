package attest

import (
	"slices"
	"strconv"
)

// pae is the pre-authentication encoding, the bytes that a signature is over (DSSE
// v1 protocol.md §"Signature Definition"): it binds the payload to its type.
func pae(payloadType string, payload []byte) []byte {
	return slices.Concat(paeHead(payloadType, len(payload)), payload)
}

// paeHead is what pae begins with, for a payload of a size.
func paeHead(payloadType string, size int) []byte {
	return []byte("DSSEv1 " + strconv.Itoa(len(payloadType)) + " " + payloadType + " " + strconv.Itoa(size) + " ")
}
