package replica

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// asks asks a handler for a path, with headers NAME: VALUE.
func asks(h http.Handler, method, target string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, "/", nil)
	r.RequestURI, r.Host = target, "127.0.0.1:4873"
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestDocumentsAreSentAsTheClientTakesThem(t *testing.T) {
	s := full(t)
	var logged []Request
	h := &Handler{Documents: s.write(), Store: s.store, Hosts: []string{"127.0.0.1:4873"}, Log: func(r Request) { logged = append(logged, r) }}
	plain := asks(h, "GET", "/left")
	text, _ := io.ReadAll(plain.Body)
	for encoding, packed := range map[string]bool{"gzip": true, "br, gzip;q=0.5": true, "*": true, "gzip;q=0": false, "gzip; q=0.0, br": false, "identity": false, "": false} {
		r := asks(h, "GET", "/left", "Accept-Encoding: "+encoding)
		if got := r.Header.Get("Content-Encoding") == "gzip"; got != packed {
			t.Errorf("%q: packed is %t", encoding, got)
		}
		if !packed {
			continue
		}
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if unpacked, err := io.ReadAll(z); err != nil || string(unpacked) != string(text) {
			t.Errorf("%v\n%s", err, unpacked)
		}
		if tag := r.Header.Get("ETag"); tag == plain.Header.Get("ETag") {
			t.Errorf("one tag is of two texts: %s", tag)
		}
	}
	for value, status := range map[string]int{plain.Header.Get("ETag"): 304, "W/" + plain.Header.Get("ETag"): 304, `"x", ` + plain.Header.Get("ETag"): 304, "*": 304, `"x"`: 200} {
		if r := asks(h, "GET", "/left", "If-None-Match: "+value); r.StatusCode != status {
			t.Errorf("%s: %d", value, r.StatusCode)
		}
	}
	if r := asks(h, "GET", "/left/-/left-1.0.0.tgz", "Range: bytes=1-2"); r.StatusCode != 206 || r.ContentLength != 2 {
		t.Errorf("%+v", r)
	}
	if r := asks(h, "HEAD", "/left/-/left-1.0.0.tgz"); r.StatusCode != 200 || r.ContentLength != int64(len(s.bytes["left@1.0.0"])) {
		t.Errorf("%+v", r)
	}
	if err := s.store.Remove(t.Context(), s.all[0].SHA256); err != nil {
		t.Fatal(err)
	}
	if r := asks(h, "GET", "/left/-/left-1.0.0.tgz"); r.StatusCode != 500 {
		t.Errorf("a tarball that is gone: %+v", r)
	}
	if last := logged[len(logged)-1]; last.Path != "/left/-/left-1.0.0.tgz" || last.Status != 500 || last.Bytes == 0 {
		t.Errorf("%+v", last)
	}
}

func TestOnlyWhoShowsATokenIsLetIn(t *testing.T) {
	s := full(t)
	var last Request
	h := &Handler{
		Documents: s.write(), Store: s.store, Log: func(r Request) { last = r },
		Tokens: []Token{NewToken("shop", "secret-of-the-shop"), NewToken("bank", "secret-of-the-bank")},
	}
	for authorization, project := range map[string]string{
		"Bearer secret-of-the-shop": "shop", "bearer secret-of-the-bank": "bank", "Bearer secret-of-the-ban": "", "Bearer": "", "": "", "Basic c2VjcmV0": "", "secret-of-the-shop": "",
	} {
		for _, target := range []string{"/left", "/left/-/left-1.0.0.tgz", "/-/ping", "/nothing"} {
			r := asks(h, "GET", target, "Authorization: "+authorization)
			if (r.StatusCode != http.StatusUnauthorized) != (project != "") || last.Project != project || strings.Contains(last.Path+last.Agent, "secret") {
				t.Errorf("%q %s: %d %+v", authorization, target, r.StatusCode, last)
			}
		}
	}
}
