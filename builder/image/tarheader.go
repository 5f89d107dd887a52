package image

import (
	"fmt"
	"strconv"
	"strings"
)

const block = 512

// The kinds of entry a layer has (POSIX.1-2017, pax, "ustar Interchange Format",
// typeflag).
const (
	typeFile byte = '0'
	typeLink byte = '2'
	typeDir  byte = '5'
	typePAX  byte = 'x'
)

const (
	nameSize   = 100       // bytes of the name field
	prefixSize = 155       // bytes of the prefix field
	maxOctal   = 1<<33 - 1 // the largest size that 11 octal digits hold
)

// header is one tar entry. The name of a directory ends with a slash.
type header struct {
	name string
	link string
	kind byte
	mode int64
	size int64
}

// appendHeader appends the entry's header, after a PAX header where USTAR has no
// room for it.
func appendHeader(b []byte, h header, mtime int64) []byte {
	prefix, name, ok := splitName(h.name)
	var records string
	if !ok {
		records += record("path", h.name)
		prefix, name = "", cut(h.name)
	}
	link := h.link
	if len(link) > nameSize || !ascii(link) {
		records += record("linkpath", link)
		link = cut(link)
	}
	size := h.size
	if size > maxOctal {
		records += record("size", strconv.FormatInt(size, 10))
		size = 0
	}
	if records != "" {
		b = appendUSTAR(b, "", "pax", "", typePAX, 0o644, int64(len(records)), mtime)
		b = append(b, records...)
		b = pad(b, int64(len(records)))
	}
	return appendUSTAR(b, prefix, name, link, h.kind, h.mode, size, mtime)
}

// appendUSTAR appends one header block. Its fields fit.
func appendUSTAR(b []byte, prefix, name, link string, kind byte, mode, size, mtime int64) []byte {
	start := len(b)
	b = append(b, zeros[:block]...)
	h := b[start:]
	copy(h, name)
	octal(h[100:108], mode)
	octal(h[108:116], 0) // uid
	octal(h[116:124], 0) // gid
	octal(h[124:136], size)
	octal(h[136:148], mtime)
	h[156] = kind
	copy(h[157:257], link)
	copy(h[257:], "ustar\x0000")
	octal(h[329:337], 0) // devmajor
	octal(h[337:345], 0) // devminor
	copy(h[345:500], prefix)
	sum := int64(8 * ' ') // the checksum counts its own field as spaces
	for _, c := range h {
		sum += int64(c)
	}
	octal(h[148:155], sum)
	h[155] = ' '
	return b
}

// octal fills a field with zero-padded digits and a final NUL.
func octal(field []byte, n int64) {
	for i := len(field) - 2; i >= 0; i-- {
		field[i] = '0' + byte(n&7)
		n >>= 3
	}
	field[len(field)-1] = 0
}

// splitName parts a name at a slash, so that both parts fit their fields. It takes
// the last slash that serves, as GNU tar does.
func splitName(name string) (prefix, rest string, ok bool) {
	if !ascii(name) {
		return "", "", false
	}
	if len(name) <= nameSize {
		return "", name, true
	}
	end := min(len(name)-1, prefixSize+1) // a directory's own slash parts nothing
	i := strings.LastIndexByte(name[:end], '/')
	if i <= 0 || len(name)-i-1 > nameSize {
		return "", "", false
	}
	return name[:i], name[i+1:], true
}

// record writes one PAX record; its length counts its own digits.
func record(key, value string) string {
	n := len(key) + len(value) + 3
	size := n + len(strconv.Itoa(n))
	if size = n + len(strconv.Itoa(size)); size != n+len(strconv.Itoa(size)) {
		size++
	}
	return fmt.Sprintf("%d %s=%s\n", size, key, value)
}

// cut gives a reader without PAX something to show: what is ASCII, as far as it
// fits.
func cut(s string) string {
	var b strings.Builder
	for i := 0; i < len(s) && b.Len() < nameSize; i++ {
		if s[i] < 0x80 {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

var zeros [2 * block]byte

// pad appends the zeros that fill up the last block of size bytes.
func pad(b []byte, size int64) []byte { return append(b, zeros[:padding(size)]...) }

func padding(size int64) int64 { return -size & (block - 1) }
