package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/nbuild/nbuild/internal/debian"
	"github.com/nbuild/nbuild/internal/debian/debiantest"
	"github.com/nbuild/nbuild/internal/machine"
)

// debianEnv is how scripts hand in another archive of Debian, in JSON.
const debianEnv = "NBUILD_TEST_DEBIAN"

func debianOfTest() (d machine.Debian) {
	if text := os.Getenv(debianEnv); text != "" {
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			panic(err)
		}
	}
	return d
}

// debianArchive serves an archive of Debian with the packages that every base has and some
// that are wrong, with those that steps and compilers find beside it and "headers": "lonely" asks for what is not there, "garbled" is no .deb, and "twin-a"
// and "twin-b" have different files at one path: debian-archive [HOW]. It does one thing
// wrong where HOW says so: its release is "absent", "forged", "expired" or of "another"
// suite, its index is "swapped", or the package netbase is "gone" or "changed".
func debianArchive(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: debian-archive [HOW]")
	}
	how := strings.Join(args, "")
	a := debiantest.New(ts, time.Now())
	for _, name := range slices.Concat(debian.RuntimePackages, debian.StepPackages, debian.Compilers([]string{"headers"})) {
		a.Add(name, "", map[string]string{"usr/share/doc/" + name + "/copyright": name})
	}
	a.Add("lonely", "Depends: nothing-like-it\n", nil)
	a.AddBytes("garbled", "", []byte("this is no .deb"))
	a.Add("twin-a", "", map[string]string{"usr/share/twin": "a"})
	a.Add("twin-b", "", map[string]string{"usr/share/twin": "b"})
	a.Publish(func(text string) string {
		switch how {
		case "expired":
			return strings.Replace(text, "Architectures:", "Valid-Until: "+time.Now().UTC().Add(-time.Minute).Format(time.RFC1123)+"\nArchitectures:", 1)
		case "another":
			return strings.Replace(text, "Suite: stable\nCodename: "+debiantest.Suite, "Suite: testing\nCodename: forky", 1)
		}
		return text
	})
	switch netbase := debiantest.File("netbase"); how {
	case "", "expired", "another":
	case "absent":
		delete(a.Files, debiantest.Release)
	case "forged":
		a.Files[debiantest.Release] = a.Forged()
	case "swapped":
		a.Files[debiantest.Index("amd64")] = a.Files[debiantest.Release]
	case "gone":
		delete(a.Files, netbase)
	case "changed":
		a.Files[netbase] = append(a.Files[netbase][:len(a.Files[netbase])-1], 'x')
	default:
		ts.Fatalf("no archive is %q", how)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := a.Files[strings.TrimPrefix(r.URL.Path, "/debian/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(body)
	}))
	ts.Defer(server.Close)
	text, err := json.Marshal(machine.Debian{Mirrors: []string{server.URL + "/debian"}, Snapshots: server.URL + "/archive", Keys: a.Keys()})
	ts.Check(err)
	ts.Setenv(debianEnv, string(text))
}
