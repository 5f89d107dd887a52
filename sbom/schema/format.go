package schema

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// formatOf returns what holds a string to a format, nil for one that is not held.
func formatOf(name string) (func(string) error, error) {
	switch name {
	case "date":
		return date, nil
	case "date-time":
		return dateTime, nil
	case "uri":
		return func(s string) error {
			u, err := address(s)
			if err == nil && !u.IsAbs() {
				err = errors.New("it names no scheme")
			}
			return err
		}, nil
	case "iri-reference":
		return func(s string) error {
			if strings.Contains(s, `\`) {
				return errors.New(`it has a \`)
			}
			_, err := address(s)
			return err
		}, nil
	case "idn-email":
		return nil, nil
	}
	return nil, fmt.Errorf("the format %q is not known", name)
}

func date(s string) error {
	_, err := time.Parse(time.DateOnly, s)
	return err
}

var errTime = errors.New("it is not of the form 2006-01-02T15:04:05Z")

// dateTime holds a string to RFC 3339, section 5.6: with t and z in either case, and
// with a leap second at the end of a day of UTC.
func dateTime(s string) error {
	if len(s) < len("2006-01-02T15:04:05Z") || s[10] != 'T' && s[10] != 't' {
		return errTime
	}
	if err := date(s[:10]); err != nil {
		return err
	}
	clock, rest := s[11:19], s[19:]
	if clock[2] != ':' || clock[5] != ':' {
		return errTime
	}
	hour, minute, second := two(clock[:2], 23), two(clock[3:5], 59), two(clock[6:], 60)
	if min(hour, minute, second) < 0 {
		return errTime
	}
	if fraction, ok := strings.CutPrefix(rest, "."); ok {
		rest = strings.TrimLeft(fraction, "0123456789")
		if rest == fraction {
			return errTime
		}
	}
	minutes := 60*hour + minute
	if rest != "Z" && rest != "z" {
		if len(rest) != len("+01:00") || rest[0] != '+' && rest[0] != '-' || rest[3] != ':' {
			return errTime
		}
		h, m := two(rest[1:3], 23), two(rest[4:], 59)
		if min(h, m) < 0 {
			return errTime
		}
		if rest[0] == '+' {
			minutes -= 60*h + m
		} else {
			minutes += 60*h + m
		}
	}
	const day = 24 * 60
	if second == 60 && (minutes+day)%day != day-1 {
		return errors.New("a second 60 at a time that has none")
	}
	return nil
}

// two reads two digits up to a limit, -1 for what is no such number.
func two(s string, limit int) int {
	if s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
		return -1
	}
	if n, _ := strconv.Atoi(s); n <= limit {
		return n
	}
	return -1
}

// address parses a URL, of which the standard library takes hosts that are no address.
func address(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, err
	}
	if host := u.Hostname(); strings.Contains(host, ":") {
		ip, err := netip.ParseAddr(host)
		if err != nil || ip.Zone() != "" || !strings.Contains(u.Host, "[") || !strings.Contains(u.Host, "]") {
			return nil, fmt.Errorf("%q is no host", u.Host)
		}
	}
	return u, nil
}
