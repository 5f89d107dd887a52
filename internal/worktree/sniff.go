package worktree

import (
	"bytes"
	"fmt"
	"io"

	"github.com/nbuild/nbuild/internal/lazyregexp"
)

// sniffed is how much of a file is looked at: private keys stand at the beginning
// of files, or near it.
const sniffed = 256 << 10

var (
	// A line that begins a PEM key and is followed by its header or its base64.
	// Source code that only mentions the line has a quote after it.
	pemKey = lazyregexp.New(`(?m)^[ \t]*-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[ \t]*\r?\n[ \t]*(?:[A-Za-z0-9+/=]{16,}|[A-Za-z-]+: |\r?\n)`)
	// The same within one JSON or JavaScript string.
	quotedKey = lazyregexp.New(`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----\\r?\\?n[A-Za-z0-9+/=]{16,}`)
	ageKey    = lazyregexp.New(`(?m)^AGE-SECRET-KEY-1[0-9A-Z]{50,}`)
	awsKey    = lazyregexp.New(`(?im)^[ \t]*aws_secret_access_key[ \t]*=[ \t]*[A-Za-z0-9/+]{40}[ \t]*\r?$`)
	puttyKey  = []byte("PuTTY-User-Key-File-")
)

// head reads as much of a file as is looked at.
func (s *scan) head(name string) ([]byte, error) {
	f, err := s.root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading project: %w", err)
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, sniffed))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return head, nil
}

// looksLikeKey says which kind of private key bytes look like, or "".
func looksLikeKey(b []byte) string {
	switch {
	case bytes.Contains(b, []byte("PRIVATE KEY")) && (pemKey().Match(b) || quotedKey().Match(b)):
		return "a private key in PEM"
	case bytes.HasPrefix(b, puttyKey):
		return "a private key of PuTTY"
	case bytes.Contains(b, []byte("AGE-SECRET-KEY-1")) && ageKey().Match(b):
		return "a private key of age"
	case awsKey().Match(b):
		return "a secret key of a cloud account"
	case derKey(b):
		return "a private key in DER"
	}
	return ""
}

// derKey recognises PKCS#8 (RFC 5958), PKCS#1 (RFC 8017) and SEC 1 (RFC 5915): one
// SEQUENCE that is the whole file and begins with the version, 0 or 1.
func derKey(b []byte) bool {
	if len(b) < 32 || len(b) > 16<<10 || b[0] != 0x30 {
		return false
	}
	length, rest := int(b[1]), b[2:]
	switch b[1] {
	case 0x81:
		length, rest = int(b[2]), b[3:]
	case 0x82:
		length, rest = int(b[2])<<8|int(b[3]), b[4:]
	default:
		if b[1] >= 0x80 {
			return false
		}
	}
	if length != len(rest) || len(rest) < 6 || rest[0] != 2 || rest[1] != 1 || rest[2] > 1 {
		return false
	}
	after := rest[3]
	return after == 0x30 && (bytes.Contains(rest[:24], []byte{0x06, 0x09}) || bytes.Contains(rest[:24], []byte{0x06, 0x07}) || bytes.Contains(rest[:24], []byte{0x06, 0x03})) ||
		after == 0x02 && rest[2] == 0 && len(rest) > 256 || // PKCS#1: the modulus
		after == 0x04 && rest[2] == 1 // SEC 1: the private scalar
}
