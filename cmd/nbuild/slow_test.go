package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// slowly answers a byte at a time ("drip"), never ("silent"), or without an end
// ("endless").
func slowly(how string, w http.ResponseWriter, r *http.Request) {
	if how == "silent" {
		<-r.Context().Done()
		return
	}
	chunk := "x"
	if how == "endless" {
		chunk = strings.Repeat(" ", 1<<20)
	}
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, chunk); err != nil {
			return
		}
		if how == "drip" {
			w.(http.Flusher).Flush()
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// slowNPM names a registry in .npmrc that serves slowly: tarballs, or where it is
// endless package documents, whose tarballs are those of $NPM: slow-npm drip|silent|endless.
func slowNPM(ts *testscript.TestScript, neg bool, args []string) {
	behind := ts.Getenv("NPM")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tarball := strings.Contains(r.URL.Path, "/-/"); tarball == (args[0] == "endless") {
			resp, err := http.Get(behind + r.URL.Path)
			if err != nil {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			defer resp.Body.Close()
			_, _ = io.Copy(w, resp.Body)
			return
		}
		slowly(args[0], w, r)
	}))
	ts.Defer(server.CloseClientConnections)
	ts.Check(os.WriteFile(ts.MkAbs(".npmrc"), []byte("registry="+server.URL+"/\n"), 0o600))
}

// slowFiles serves whatever it is asked for slowly and names itself in $SLOW, as host and
// port: slow-files drip|silent.
func slowFiles(ts *testscript.TestScript, neg bool, args []string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			return
		}
		slowly(args[0], w, r)
	}))
	ts.Defer(server.CloseClientConnections)
	ts.Setenv("SLOW", strings.TrimPrefix(server.URL, "http://"))
}
