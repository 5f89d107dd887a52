package debian

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// errRefused reports a .deb that is malformed or hostile.
var errRefused = errors.New("refused")

func refused(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errRefused, fmt.Sprintf(format, args...))
}

const (
	arMagic  = "!<arch>\n"
	arHeader = 60
)

// arMember is one file of an ar archive.
type arMember struct {
	name string
	data []byte
}

// readAr reads the common format of ar archives (deb(5)): short names, sizes in
// decimal, members on even offsets. A .deb has three members, so more than a few
// are refused.
func readAr(src []byte) ([]arMember, error) {
	if !strings.HasPrefix(string(src[:min(len(src), len(arMagic))]), arMagic) {
		return nil, refused("it is no ar archive")
	}
	rest := src[len(arMagic):]
	var members []arMember
	for len(rest) > 0 {
		if len(rest) < arHeader || rest[58] != '`' || rest[59] != '\n' {
			return nil, refused("a header of the archive is malformed")
		}
		digits := strings.TrimRight(string(rest[48:58]), " ")
		size, err := strconv.ParseUint(digits, 10, 40)
		name := strings.TrimSuffix(strings.TrimRight(string(rest[:16]), " "), "/")
		rest = rest[arHeader:]
		if err != nil || size > uint64(len(rest)) {
			return nil, refused("%q is cut short", name)
		}
		if len(members) == 16 {
			return nil, refused("more than 16 members")
		}
		members = append(members, arMember{name, rest[:size]})
		rest = rest[size:]
		if size%2 == 1 && len(rest) > 0 {
			if rest[0] != '\n' {
				return nil, refused("a byte of padding is %q", rest[0])
			}
			rest = rest[1:]
		}
	}
	return members, nil
}
