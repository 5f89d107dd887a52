package main

import (
	"strings"
	"testing"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
)

// TestAnAnswerIsJudgedAsFarAsItHasCome cuts answers anywhere.
func TestAnAnswerIsJudgedAsFarAsItHasCome(t *testing.T) {
	for name, test := range map[string]struct {
		answer string
		text   string
		status int
		ended  bool
		more   bool
		unmet  string
		final  bool
	}{
		"nothing yet":              {answer: "", more: true},
		"half a head":              {answer: "HTTP/1.1 200 OK\r\nA: b\r\n", more: true},
		"a head is enough":         {answer: "HTTP/1.1 204 No Content\r\n\r\n", final: true},
		"another status":           {answer: "HTTP/1.1 404 Not Found\r\n\r\n", unmet: `8080/x answered "404 Not Found", and 200 to 299 was asked for`, final: true},
		"a status that is asked":   {answer: "HTTP/1.1 404 Not Found\r\n\r\n", status: 404, final: true},
		"a server that starts":     {answer: "HTTP/1.1 503 Unavailable\r\n\r\n", unmet: `8080/x answered "503 Unavailable", and 200 to 299 was asked for`},
		"one that is to fail":      {answer: "HTTP/1.1 503 Unavailable\r\n\r\n", status: 503, final: true},
		"what comes before it":     {answer: "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", final: true},
		"text to come":             {answer: "HTTP/1.1 200 OK\r\n\r\nhal", text: "half", more: true},
		"text that came":           {answer: "HTTP/1.1 200 OK\r\n\r\nhalf", text: "half", final: true},
		"text that never came":     {answer: "HTTP/1.1 200 OK\r\n\r\nhal", text: "half", ended: true, unmet: `8080/x answered 200, and not "half": "hal"`, final: true},
		"all of it":                {answer: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhal", text: "half", unmet: `8080/x answered 200, and not "half": "hal"`, final: true},
		"in pieces":                {answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nha\r\n2;a=b\r\nlf\r\n", text: "half", final: true},
		"in pieces to the end":     {answer: "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n2\r\nha\r\n0\r\n\r\n", text: "half", unmet: `8080/x answered 200, and not "half": "ha"`, final: true},
		"a piece of a piece":       {answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nha", text: "half", more: true},
		"pieces of no size":        {answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhalf", text: "half", unmet: `8080/x answered 200, and not "half": ""`, final: true},
		"no HTTP":                  {answer: "\x15\x03\x01\x00\x02\x02\x0a", unmet: `what it answered is no HTTP: "\x15\x03\x01\x00\x02\x02\n"`, final: true},
		"no status":                {answer: "HTTP/1.1 OK\r\n\r\n", unmet: `what it answered is no HTTP: "HTTP/1.1 OK\r\n\r\n"`, final: true},
		"a status below all":       {answer: "HTTP/1.1 -99 OK\r\n\r\n", unmet: `what it answered is no HTTP: "HTTP/1.1 -99 OK\r\n\r\n"`, final: true},
		"a redirect":               {answer: "HTTP/1.1 301 Moved\r\nLocation: /y\r\n\r\n", unmet: `8080/x answered "301 Moved", and 200 to 299 was asked for; it leads to "/y", and no redirect is followed`, final: true},
		"a head without an end":    {answer: "HTTP/1.1 200 OK\r\n" + strings.Repeat("a: b\r\n", maxHead/5), unmet: "the head of its answer has more than 65536 bytes", final: true},
		"more than is looked at":   {answer: "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("x", maxBody) + "half", text: "half", unmet: `8080/x answered 200, and not "half": "` + strings.Repeat("x", mostQuoted) + `"…`, final: true},
		"words for a terminal":     {answer: "HTTP/1.1 200 OK\r\n\r\n\x1b[2J", text: "half", ended: true, unmet: `8080/x answered 200, and not "half": "\x1b[2J"`, final: true},
		"a head that ends nothing": {answer: strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 100), more: true},
	} {
		t.Run(name, func(t *testing.T) {
			q := &protocol.Question{Port: 8080, Path: "/x", Status: test.status}
			got, more := judge([]byte(test.answer), q, test.text, test.ended)
			if more != test.more || got.unmet != test.unmet || got.final != test.final {
				t.Errorf("more %t, final %t, %q", more, got.final, got.unmet)
			}
		})
	}
}

// FuzzAnAnswerIsJudged holds the judgement of bytes to never panic, and to say of a longer
// answer what it said of its beginning once that was final.
func FuzzAnAnswerIsJudged(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nha\r\n0\r\n\r\n"), "half", 7)
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\nLocation: x\r\n\r\n"), "", 30)
	f.Fuzz(func(t *testing.T, got []byte, text string, cut int) {
		q := &protocol.Question{Port: 8080, Path: "/"}
		whole, _ := judge(got, q, text, true)
		if len(got) == 0 {
			return
		}
		part, more := judge(got[:max(cut, 0)%len(got)], q, text, false)
		if !more && part.final && part.unmet == "" && whole.unmet != "" {
			t.Errorf("%q was enough, and %q is not: %s", got[:max(cut, 0)%len(got)], got, whole.unmet)
		}
	})
}
