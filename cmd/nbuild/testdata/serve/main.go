// Command serve is a server for images of the scripts: it answers, or misbehaves as its
// first argument says.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

func main() {
	how, at := "", os.Getenv("LISTEN")
	if len(os.Args) > 1 {
		how = os.Args[1]
	}
	if at == "" {
		at = ":8080"
	}
	fmt.Println("serving at", at)
	switch how {
	case "": // answers its path
		answer(at, func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "ok", r.URL.Path) })
	case "late": // is not ready for a while
		ready := time.Now().Add(time.Second)
		answer(at, func(w http.ResponseWriter, r *http.Request) {
			if time.Now().Before(ready) {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
	case "chunks": // answers a text in pieces
		answer(at, func(w http.ResponseWriter, r *http.Request) {
			for _, c := range "in pieces" {
				fmt.Fprint(w, string(c))
				w.(http.Flusher).Flush()
			}
		})
	case "missing":
		answer(at, http.NotFound)
	case "redirects":
		answer(at, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest", http.StatusFound)
		})
	case "endless": // never ends its answer
		answer(at, func(w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := fmt.Fprint(w, strings.Repeat("x", 1<<16)); err != nil {
					return
				}
			}
		})
	case "silent", "babbles", "head": // take connections
		l, err := net.Listen("tcp", at)
		check(err)
		for {
			c, err := l.Accept()
			check(err)
			go func() {
				switch how {
				case "babbles":
					fmt.Fprint(c, "SSH-2.0-hello\r\n")
				case "head":
					fmt.Fprint(c, "HTTP/1.1 200 OK\r\n")
					for i := 0; ; i++ {
						if _, err := fmt.Fprintf(c, "x-%d: %s\r\n", i, strings.Repeat("x", 1000)); err != nil {
							return
						}
					}
				}
			}()
		}
	case "daemon": // leaves another process that answers, and ends
		check(exec.Command("/proc/self/exe", "", "86395").Start())
	case "forks": // answers among many others that it started
		for range 50 {
			check(exec.Command("sleep", "86398").Start())
		}
		answer(at, func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "ok") })
	case "kills": // ends what asks it
		_ = exec.Command("sh", "-c", "kill -9 1; kill -TERM 1; kill -INT 1").Run()
		time.Sleep(time.Hour)
	}
}

func answer(at string, how http.HandlerFunc) { check(http.ListenAndServe(at, how)) }

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
