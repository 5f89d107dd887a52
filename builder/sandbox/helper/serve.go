package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/npm/replica/catalogue"
)

// Bounds of who asks a replica.
const (
	mostAsking  = 512       // connections at one time; more wait until they are accepted
	maxRequest  = 16 << 10  // the head of a request, in bytes
	maxUnwanted = 256 << 20 // of a body that nobody wants, before the connection ends
	unwantedFor = 10 * time.Second
	pieceOfBody = 32 << 10
)

// listenOn listens on an address of the loopback, with a socket that Go's own poller waits on.
func listenOn(address string) (*os.File, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(s), "listener")
	if err = unix.Bind(s, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}); err == nil {
		err = unix.Listen(s, mostAsking)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// serve answers whoever asks, until the process ends.
func (r *replica) serve() {
	raw, err := r.listens.SyscallConn()
	if err != nil {
		return
	}
	asking := make(chan struct{}, mostAsking)
	for {
		asking <- struct{}{}
		var s int
		var failed error
		err := raw.Read(func(fd uintptr) bool {
			s, _, failed = unix.Accept4(int(fd), unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
			return !errors.Is(failed, unix.EAGAIN)
		})
		if err != nil {
			return
		}
		if failed != nil { // one that went before it was accepted, or too many files are open
			<-asking
			time.Sleep(time.Millisecond)
			continue
		}
		go func() {
			defer func() { <-asking }()
			r.converse(os.NewFile(uintptr(s), "connection"))
		}()
	}
}

// converse answers one request after the other.
func (r *replica) converse(c *os.File) {
	defer c.Close()
	in := bufio.NewReaderSize(c, maxRequest)
	for {
		q, err := readAsked(in)
		if errors.Is(err, errRequest) {
			_ = r.reply(c, &asked{closes: true}, catalogue.Malformed())
			dismiss(c, in)
			return
		}
		if err != nil {
			return
		}
		q.Hosts = r.hosts
		if err := r.reply(c, q, r.list.Answer(q.Request)); err != nil {
			return
		}
		if q.closes {
			dismiss(c, in)
			return
		}
	}
}

// dismiss ends a connection so that the answer arrives: what is still being sent is taken
// and dropped, for a while.
func dismiss(c *os.File, in io.Reader) {
	if raw, err := c.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_WR) })
	}
	_ = c.SetReadDeadline(time.Now().Add(unwantedFor))
	_, _ = io.CopyN(io.Discard, in, maxUnwanted)
}

// asked is a request, as far as it counts here.
type asked struct {
	catalogue.Request
	closes bool // the connection ends with the answer
}

var errRequest = errors.New("malformed request")

// readAsked reads the head of a request (RFC 9112). A body is never wanted: a request that has
// one is the last of its connection.
func readAsked(in *bufio.Reader) (*asked, error) {
	left := maxRequest
	line := func() (string, error) {
		raw, err := in.ReadSlice('\n')
		if left -= len(raw); left < 0 || errors.Is(err, bufio.ErrBufferFull) {
			return "", errRequest
		}
		if err != nil {
			return "", err // the connection has ended, or nothing comes any more
		}
		return strings.TrimSuffix(strings.TrimSuffix(string(raw), "\n"), "\r"), nil
	}
	first, err := line()
	if first == "" && err == nil { // which some clients send behind a body
		first, err = line()
	}
	if err != nil {
		return nil, err
	}
	words := strings.Split(first, " ")
	if len(words) != 3 || words[0] == "" || words[1] == "" || words[2] != "HTTP/1.1" && words[2] != "HTTP/1.0" {
		return nil, errRequest
	}
	q := &asked{catalogue.Request{Method: words[0], Target: words[1]}, words[2] == "HTTP/1.0"}
	hosts := 0
	for {
		text, err := line()
		if err != nil {
			return nil, err
		}
		if text == "" {
			break
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return nil, errRequest
		}
		value = strings.Trim(value, " \t")
		switch strings.ToLower(name) {
		case "host":
			q.Host = value
			hosts++
		case "accept":
			q.Accept += value + ","
		case "connection":
			q.closes = q.closes || strings.Contains(strings.ToLower(value), "close")
		case "content-length":
			q.closes = q.closes || value != "0"
		case "transfer-encoding", "expect", "upgrade":
			q.closes = true
		}
	}
	if hosts != 1 && words[2] == "HTTP/1.1" {
		return nil, errRequest
	}
	return q, nil
}

// reasons are what statuses are called, for whoever reads them.
var reasons = map[int]string{200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 421: "Misdirected Request", 500: "Internal Server Error", 501: "Not Implemented"}

// reply sends an answer. An error means that the connection is of no more use.
func (r *replica) reply(c *os.File, q *asked, a catalogue.Answer) error {
	size := int64(len(a.Text))
	var from *os.File
	var at int64
	if a.Entry != nil {
		f, start, end, err := r.content(a.Entry)
		if err != nil {
			return err
		}
		defer end()
		from, at, size = f, start, a.Entry.Size
	}
	head := fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n", a.Status, reasons[a.Status], a.Type, size)
	if a.Allow != "" {
		head = append(head, "Allow: "+a.Allow+"\r\n"...)
	}
	if q.closes {
		head = append(head, "Connection: close\r\n"...)
	}
	head = append(head, "\r\n"...)
	if q.Method == "HEAD" {
		_, err := c.Write(head)
		return err
	}
	if from == nil {
		_, err := c.Write(append(head, a.Text...))
		return err
	}
	if _, err := c.Write(head); err != nil {
		return err
	}
	piece := make([]byte, min(size, pieceOfBody))
	for sent := int64(0); sent < size; {
		want := piece[:min(int64(len(piece)), size-sent)]
		r.reading <- struct{}{}
		n, err := from.ReadAt(want, at+sent)
		<-r.reading
		if n < len(want) {
			return errors.Join(errors.New("a file of the replica is cut at "+strconv.FormatInt(sent, 10)), err)
		}
		if _, err := c.Write(want); err != nil {
			return err
		}
		sent += int64(n)
	}
	return nil
}
