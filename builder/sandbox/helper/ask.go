package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
)

// Bounds of an answer: how much of its head and its body is read, and how long one
// question may take.
const (
	maxHead    = 64 << 10
	maxBody    = 1 << 20
	maxAnswer  = 8 << 20 // with what stands between its pieces, and before it
	maxAsking  = 5 * time.Second
	mostQuoted = 200 // of what it said, in a message
)

// reply is what came of one question.
type reply struct {
	url    string
	status int
	final  bool   // it is what it is, and is not asked for again
	unmet  string // in what it is not what was asked for; "" where it is
	local  bool   // somebody listens, and only where nobody outside of the container asks
}

// ask asks once: by HTTP/1.1 over a socket of its own, as RFC 9112 has it. A client of a
// library would follow redirects, and brings more code than the rest of this program.
func ask(q *protocol.Question, text string, deadline time.Time) reply {
	if end := time.Now().Add(maxAsking); end.Before(deadline) {
		deadline = end
	}
	hosts := []string{outside}
	if q.Local {
		hosts = []string{"127.0.0.1", "::1"}
	}
	for _, host := range hosts {
		at := netip.AddrPortFrom(netip.MustParseAddr(host), q.Port)
		s, err := connect(at, deadline)
		if err != nil {
			continue
		}
		defer unix.Close(s)
		a := converse(s, q, text, deadline)
		a.url = at.String() + q.Path
		return a
	}
	if !q.Local {
		for _, host := range []string{"127.0.0.1", "::1"} {
			if s, err := connect(netip.AddrPortFrom(netip.MustParseAddr(host), q.Port), deadline); err == nil {
				unix.Close(s)
				return reply{local: true, unmet: fmt.Sprintf("it listened on port %d of localhost alone", q.Port)}
			}
		}
	}
	return reply{}
}

// connect opens a connection that nothing waits on for longer than until a deadline.
func connect(to netip.AddrPort, deadline time.Time) (int, error) {
	family, address := unix.AF_INET, unix.Sockaddr(&unix.SockaddrInet4{Port: int(to.Port()), Addr: to4(to.Addr())})
	if to.Addr().Is6() {
		family, address = unix.AF_INET6, &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
	}
	s, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	if err = within(s, unix.SO_SNDTIMEO, deadline); err == nil {
		err = unix.Connect(s, address)
	}
	if err != nil {
		unix.Close(s)
		return 0, err
	}
	return s, nil
}

func to4(a netip.Addr) (four [4]byte) {
	if a.Is4() {
		four = a.As4()
	}
	return four
}

// within bounds the next wait on a socket.
func within(s, what int, deadline time.Time) error {
	left := time.Until(deadline)
	if left <= 0 {
		return unix.EAGAIN
	}
	tv := unix.NsecToTimeval(max(left, time.Millisecond).Nanoseconds())
	return unix.SetsockoptTimeval(s, unix.SOL_SOCKET, what, &tv)
}

// converse sends the question and reads as much of the answer as it takes to judge it.
func converse(s int, q *protocol.Question, text string, deadline time.Time) reply {
	request := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: localhost:%d\r\nUser-Agent: nbuild-check\r\nAccept: */*\r\nConnection: close\r\n\r\n", q.Path, q.Port)
	for rest := []byte(request); len(rest) > 0; {
		n, err := unix.SendmsgN(s, rest, nil, nil, unix.MSG_NOSIGNAL)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return reply{unmet: "it took a connection and no question: " + err.Error()}
		}
		rest = rest[n:]
	}
	var got []byte
	buf := make([]byte, 64<<10)
	for {
		a, more := judge(got, q, text, false)
		if !more {
			return a
		}
		if err := within(s, unix.SO_RCVTIMEO, deadline); err != nil {
			return late(got, q, text, "it answered no further within "+maxAsking.String())
		}
		n, err := unix.Read(s, buf)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			return late(got, q, text, "it answered no further within "+maxAsking.String())
		case err != nil:
			return late(got, q, text, "it broke its answer off: "+err.Error())
		case n == 0:
			return late(got, q, text, "it broke its answer off")
		}
		if got = append(got, buf[:n]...); len(got) > maxAnswer {
			return late(got, q, text, "its answer has no end")
		}
	}
}

// late judges an answer that goes no further.
func late(got []byte, q *protocol.Question, text, why string) reply {
	if len(got) == 0 {
		why = "it took a question and gave no answer"
	}
	a, more := judge(got, q, text, true)
	if more {
		return reply{unmet: why}
	}
	return a
}

// judge says what an answer is worth, as far as it has come; more asks for more of it.
func judge(got []byte, q *protocol.Question, text string, ended bool) (a reply, more bool) {
	var words []string
	var fields string
	var body []byte
	status := 100
	for status < 200 { // what comes before the answer
		if len(got) >= len("HTTP/1.") && !bytes.HasPrefix(got, []byte("HTTP/1.")) {
			return noHTTP(got), false
		}
		head, rest, whole := bytes.Cut(got, []byte("\r\n\r\n"))
		switch {
		case len(head) > maxHead:
			return reply{final: true, unmet: fmt.Sprintf("the head of its answer has more than %d bytes", maxHead)}, false
		case !whole:
			return reply{}, true
		}
		var line string
		var err error
		line, fields, _ = strings.Cut(string(head), "\r\n")
		words = strings.SplitN(line, " ", 3)
		if len(words) < 2 || len(words[1]) != 3 {
			return noHTTP(got), false
		}
		if status, err = strconv.Atoi(words[1]); err != nil || status < 100 {
			return noHTTP(got), false
		}
		got, body = rest, rest
	}
	a = reply{status: status, final: status < 500}
	wanted := "200 to 299"
	fits := status >= 200 && status <= 299
	if q.Status != 0 {
		wanted, fits = strconv.Itoa(q.Status), status == q.Status
	}
	if !fits {
		a.unmet = fmt.Sprintf("%d%s answered %s, and %s was asked for", q.Port, q.Path, quoted([]byte(strings.Join(words[1:], " "))), wanted)
		if to := field(fields, "location"); to != "" && status >= 300 && status < 400 {
			a.unmet += fmt.Sprintf("; it leads to %s, and no redirect is followed", quoted([]byte(to)))
		}
		return a, false
	}
	a.final = true
	if text == "" {
		return a, false
	}
	said, complete := bodyOf(fields, body)
	if bytes.Contains(said[:min(len(said), maxBody)], []byte(text)) {
		return a, false
	}
	if !complete && !ended && len(said) < maxBody {
		return reply{}, true
	}
	a.unmet = fmt.Sprintf("%d%s answered %d, and not %q: %s", q.Port, q.Path, status, text, quoted(said))
	return a, false
}

func noHTTP(got []byte) reply {
	return reply{final: true, unmet: "what it answered is no HTTP: " + quoted(got)}
}

// quoted shows the beginning of what it said.
func quoted(b []byte) string {
	if len(b) > mostQuoted {
		return strconv.QuoteToASCII(string(b[:mostQuoted])) + "…"
	}
	return strconv.QuoteToASCII(string(b))
}

// field is the value of a header field, by its name in small letters.
func field(fields, name string) string {
	for line := range strings.SplitSeq(fields, "\r\n") {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.ToLower(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// bodyOf is the body as far as it has come, out of its chunks, and whether that is all.
func bodyOf(fields string, raw []byte) (body []byte, complete bool) {
	if !strings.HasSuffix(strings.ToLower(field(fields, "transfer-encoding")), "chunked") {
		n, err := strconv.ParseInt(field(fields, "content-length"), 10, 64)
		return raw, err == nil && n >= 0 && int64(len(raw)) >= n
	}
	for len(body) < maxBody {
		line, rest, ok := bytes.Cut(raw, []byte("\r\n"))
		if !ok {
			return body, false
		}
		size, _, _ := strings.Cut(string(line), ";")
		n, err := strconv.ParseUint(strings.TrimSpace(size), 16, 32)
		if err != nil || n == 0 {
			return body, true // its end, or nothing that can be read on
		}
		if uint64(len(rest)) < n {
			return append(body, rest...), false
		}
		body = append(body, rest[:n]...)
		raw = bytes.TrimPrefix(rest[n:], []byte("\r\n"))
	}
	return body, true
}
