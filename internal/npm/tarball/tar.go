package tarball

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
)

const block = 512

// The typeflags that mean something here (POSIX pax §"ustar Interchange Format",
// and GNU's long names).
const (
	typeFile       = '0'
	typeOldFile    = 0
	typeHardLink   = '1'
	typeSymlink    = '2'
	typeChar       = '3'
	typeBlock      = '4'
	typeDir        = '5'
	typeFIFO       = '6'
	typeContiguous = '7'
	typeDumpDir    = 'D'
	typeLongLink   = 'K'
	typeLongName   = 'L'
	typeOldLong    = 'N'
	typeSparse     = 'S'
	typePAX        = 'x'
	typeOldPAX     = 'X'
	typeGlobalPAX  = 'g'
)

// maxMeta bounds one extended header, as node-tar does.
const maxMeta = 1 << 20

// header is one member of the archive. Its body is data[start : start+size].
type header struct {
	name  string
	link  string
	kind  byte
	mode  int64
	start int
	size  int
}

// overrides are what extended headers say about the members that follow.
type overrides struct {
	path, link string
	size, mode int64
	hasPath    bool
	hasSize    bool
	hasMode    bool
}

// scanner walks a tar stream. It reads what node-tar reads and, other
// than it, stops at the first header that does not parse: an archive that two
// readers understand differently has no place here.
type scanner struct {
	data stream
	off  int
	next overrides // of the next member only
}

// scan returns the next member that is not metadata, or false at the end.
func (s *scanner) scan() (header, bool, error) {
	nulls := 0
	for {
		raw, err := s.data.bytes(s.off, min(s.off+block, s.data.size))
		if err != nil {
			return header{}, false, err
		}
		if rest := raw; len(rest) < block {
			if len(bytes.TrimLeft(rest, "\x00")) > 0 {
				return header{}, false, malformed("%d bytes at the end are no header", len(rest))
			}
			return header{}, false, nil
		}
		if isNull(raw) {
			s.off += block
			if nulls++; nulls == 2 {
				return header{}, false, nil
			}
			continue
		}
		nulls = 0
		h, err := s.header(raw)
		if err != nil {
			return header{}, false, err
		}
		s.off += block
		if h.size > s.data.size-s.off {
			return header{}, false, malformed("cut short in %q", h.name)
		}
		h.start = s.off
		s.off += min((h.size+block-1)/block*block, s.data.size-s.off)
		done, err := s.meta(h)
		if err != nil {
			return header{}, false, err
		}
		if !done {
			s.next = overrides{}
			return h, true, nil
		}
	}
}

// header decodes one block and applies the extended headers before it.
func (s *scanner) header(raw []byte) (header, error) {
	if !checksum(raw) {
		return header{}, malformed("the checksum of a header is wrong")
	}
	h := header{kind: raw[156], name: field(raw[:100]), link: field(raw[157:257])}
	if string(raw[257:263]) == "ustar\x00" {
		if string(raw[263:265]) != "00" && raw[345] != 0 {
			return header{}, hostile("%q is in a form of ustar that readers take differently", h.name)
		}
		// Old archives by node-tar and star keep times in the prefix's tail.
		prefix := raw[345:500]
		if raw[475] == 0 {
			prefix = raw[345:475]
		}
		if p := field(prefix); p != "" {
			h.name = p + "/" + h.name
		}
	}
	size, ok := number(raw[124:136])
	if !ok || size < 0 {
		return header{}, malformed("the size of %q is no number", h.name)
	}
	mode, ok := number(raw[100:108])
	if !ok {
		mode = 0 // npm takes such a file, with the least mode
	}
	h.mode = mode
	if ordinary(h.kind) {
		if s.next.hasMode {
			h.mode = s.next.mode
		}
		if s.next.hasSize {
			size = s.next.size
		}
		if s.next.hasPath {
			h.name = s.next.path
		}
		if s.next.link != "" {
			h.link = s.next.link
		}
	}
	if (h.kind == typeFile || h.kind == typeOldFile) && strings.HasSuffix(h.name, "/") {
		h.kind = typeDir
	}
	if h.kind == typeDir {
		size = 0 // some writers put the folder's own size there
	}
	if size > bounds.ArchiveFile {
		return header{}, hostile("%q has %d bytes, over the bound of %d", h.name, size, int64(bounds.ArchiveFile))
	}
	h.size = int(size)
	return h, nil
}

// meta takes in a member that describes others, and reports whether h was one.
func (s *scanner) meta(h header) (bool, error) {
	var body []byte
	switch h.kind {
	case typePAX, typeOldPAX, typeGlobalPAX, typeLongName, typeOldLong, typeLongLink:
		if h.size > maxMeta {
			return false, hostile("an extended header of %d bytes, over the bound of %d", h.size, maxMeta)
		}
		var err error
		if body, err = s.data.bytes(h.start, h.start+h.size); err != nil {
			return false, err
		}
	case 'A', 'I', 'M', 'V':
		return true, nil // of other systems: ACLs, inodes, volume labels
	}
	switch h.kind {
	case typePAX, typeOldPAX:
		return true, s.next.pax(body)
	case typeGlobalPAX:
		var g overrides
		if err := g.pax(body); err != nil {
			return false, err
		}
		if g.hasSize || g.hasMode {
			return false, hostile("a global extended header sets a size or a mode")
		}
		return true, nil // a path for all members means nothing, as in node-tar
	case typeLongName, typeOldLong:
		s.next.path, s.next.hasPath = field(body), true
		return true, nil
	case typeLongLink:
		s.next.link = field(body)
		return true, nil
	}
	return false, nil
}

// pax reads the records of an extended header: "LENGTH KEY=VALUE\n" each.
func (o *overrides) pax(body []byte) error {
	for len(body) > 0 {
		digits, _, ok := bytes.Cut(body, []byte(" "))
		n, err := strconv.Atoi(string(digits))
		if !ok || err != nil || n <= len(digits)+1 || n > len(body) || body[n-1] != '\n' {
			return malformed("an extended header is no list of records")
		}
		key, value, ok := strings.Cut(string(body[len(digits)+1:n-1]), "=")
		if !ok {
			return malformed("an extended header has a record without a value")
		}
		body = body[n:]
		if strings.HasPrefix(key, "GNU.sparse.") {
			return hostile("a sparse file")
		}
		switch key {
		case "path", "linkpath":
			if strings.ContainsRune(value, 0) {
				return hostile("a NUL in the path %q", value)
			}
			if key == "path" {
				o.path, o.hasPath = value, true
			} else {
				o.link = value
			}
		case "size":
			if o.size, err = strconv.ParseInt(value, 10, 64); err != nil || o.size < 0 {
				return malformed("an extended header has the size %q", value)
			}
			o.hasSize = true
		case "mode": // of no standard; node-tar reads it, as a decimal number
			if o.mode, err = strconv.ParseInt(value, 10, 32); err != nil || o.mode < 0 {
				return malformed("an extended header has the mode %q", value)
			}
			o.hasMode = true
		}
	}
	return nil
}

// ordinary reports whether extended headers apply to a member of that kind: to
// files, links, folders and devices, never to other metadata.
func ordinary(kind byte) bool {
	return kind == 0 || kind >= '0' && kind <= '7' || kind == typeDumpDir
}

func isNull(raw []byte) bool {
	for _, b := range raw {
		if b != 0 {
			return false
		}
	}
	return true
}

// checksum reports whether the header's sum is right, its own field counted as
// spaces.
func checksum(raw []byte) bool {
	want, ok := number(raw[148:156])
	sum := int64(8 * ' ')
	for _, b := range raw[:148] {
		sum += int64(b)
	}
	for _, b := range raw[156:] {
		sum += int64(b)
	}
	return ok && sum == want
}

// field is a text up to its first NUL, decoded as Node decodes it.
func field(raw []byte) string {
	if i := bytes.IndexByte(raw, 0); i >= 0 {
		raw = raw[:i]
	}
	return decode(raw)
}

// number is an octal text, or GNU's base-256 where the first bit is set.
func number(raw []byte) (int64, bool) {
	if raw[0]&0x80 != 0 {
		if raw[0] != 0x80 {
			return 0, false // negative, or beyond any archive
		}
		var n int64
		for _, b := range raw[1:] {
			if n > 1<<48 {
				return 0, false
			}
			n = n<<8 | int64(b)
		}
		return n, true
	}
	text := strings.TrimSpace(field(raw))
	if text == "" {
		return 0, true
	}
	end := 0
	for end < len(text) && text[end] >= '0' && text[end] <= '7' {
		end++
	}
	n, err := strconv.ParseInt(text[:end], 8, 64)
	return n, err == nil
}
