// Package rehearsal is a small world to try operations in: a registry of npm
// packages that are made up, a registry of images with a base for two platforms, a
// project that stands on both, a key and a trust file. It is for tests.
//
// Everything is served on the loopback and gone when the test ends. Nothing of the
// machine comes in but its disk: no PATH, no home, no clock, no proxy. So what an
// operation does in a [World] it does because of the World, and a test can say why each
// byte is there.
//
// The invariant: two Worlds that were set up alike give images of equal digests.
package rehearsal

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/machine"
)

// World is one such world.
type World struct {
	T    testing.TB
	Host machine.Host
	NPM  *Gate // npm's registry
	OCI  *Gate // the registry of images

	packages *packages
}

// Now is what the clock of every World shows: it stands still until a test moves
// Host.Now.
var Now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// New makes a world with a project in it: two packages, one of them for
// development, a file, and an image of two platforms.
func New(t testing.TB) *World {
	t.Helper()
	w := Empty(t)
	w.Lockfile(
		w.Publish(Package{Name: "left", Version: "1.0.0", Needs: []string{"right"}, Files: map[string]string{"index.js": "require('right')\n"}}),
		w.Publish(Package{Name: "right", Version: "2.0.0", License: "MIT", Files: map[string]string{"index.js": "module.exports = 1\n"}}),
		w.Publish(Package{Name: "tester", Version: "3.0.0", Dev: true, Files: map[string]string{"index.js": "test\n"}}),
	)
	w.Write("build.hcl", w.BuildFile(""))
	w.Write("server.js", "require('left')\n")
	return w
}

// Empty makes a world whose project has no file but .npmrc.
func Empty(t testing.TB) *World {
	t.Helper()
	w := &World{T: t, packages: &packages{tarballs: map[string][]byte{}, published: map[string][]string{}}}
	w.NPM = serve(t, w.packages)
	w.OCI = serve(t, imageRegistry())
	w.Host = machine.Host{
		Dir: t.TempDir(), File: "build.hcl", StoreDir: filepath.Join(t.TempDir(), "store"),
		Environ: []string{"SOURCE_DATE_EPOCH=1763900000"}, Events: event.Discard, Version: "0.0.0",
		Now: func() time.Time { return Now },
	}
	w.PushBase("base")
	w.Write(".npmrc", "registry=http://"+w.NPM.Address+"/\n")
	return w
}

// BuildFile is a build.hcl with one image on the world's base; more goes at its end.
func (w *World) BuildFile(more string) string {
	return fmt.Sprintf(`nbuild = "1"

project "shop" {
  platforms = ["linux/amd64", "linux/arm64"]
}

base "plain" {
  image = "%s/base:1"
}

image "shop" {
  base       = base.plain
  repository = "%s/shop/app"
  tags       = ["stable"]
  cmd        = ["node", "server.js"]
}
`, w.OCI.Address, w.OCI.Address) + more
}

// Path is where a file of the project stands.
func (w *World) Path(name string) string { return filepath.Join(w.Host.Dir, filepath.FromSlash(name)) }

// Write writes a file of the project.
func (w *World) Write(name, text string) {
	w.T.Helper()
	if err := os.MkdirAll(filepath.Dir(w.Path(name)), 0o755); err != nil {
		w.T.Fatal(err)
	}
	if err := os.WriteFile(w.Path(name), []byte(text), 0o644); err != nil {
		w.T.Fatal(err)
	}
}

// Read reads a file of the project.
func (w *World) Read(name string) string {
	w.T.Helper()
	b, err := os.ReadFile(w.Path(name))
	if err != nil {
		w.T.Fatal(err)
	}
	return string(b)
}

// Store opens the world's store.
func (w *World) Store() *cas.Store {
	w.T.Helper()
	s, err := w.Host.Store()
	if err != nil {
		w.T.Fatal(err)
	}
	return s
}

// ForgetStore gives the host an empty store, as another machine has.
func (w *World) ForgetStore() {
	w.T.Helper()
	w.Host.StoreDir = filepath.Join(w.T.TempDir(), "store")
}

// Move copies the project's files to another folder and goes on there.
func (w *World) Move() {
	w.T.Helper()
	to := filepath.Join(w.T.TempDir(), "somewhere", "else")
	if err := os.CopyFS(to, os.DirFS(w.Host.Dir)); err != nil {
		w.T.Fatal(err)
	}
	w.Host.Dir = to
}

// Damage overwrites every blob of the store that holds the digest's bytes, with as
// many others: what a failing disk does.
func (w *World) Damage(digests ...cas.Digest) {
	w.T.Helper()
	for _, d := range digests {
		name := filepath.Join(w.Host.StoreDir, "blobs", d.String()[:2], d.String())
		info, err := os.Stat(name)
		if err == nil {
			err = os.Chmod(name, 0o600)
		}
		if err == nil {
			err = os.WriteFile(name, []byte(strings.Repeat("x", int(info.Size()))), 0o600)
		}
		if err != nil {
			w.T.Fatal(err)
		}
	}
}

// Gate is a server that a test can change the answers of.
type Gate struct {
	Address string // host:port

	mu     sync.Mutex
	inside http.Handler
	change func(http.ResponseWriter, *http.Request, http.Handler)
	asked  []string
}

func serve(t testing.TB, h http.Handler) *Gate {
	g := &Gate{inside: h}
	s := httptest.NewServer(g)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	g.Address = "127.0.0.1:" + port
	return g
}

// ServeHTTP answers, and remembers what it was asked.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.asked = append(g.asked, r.Method+" "+r.URL.Path)
	change := g.change
	g.mu.Unlock()
	if change != nil {
		change(w, r, g.inside)
		return
	}
	g.inside.ServeHTTP(w, r)
}

// Change has answers given by another handler, which is handed the true one; nil
// puts things right again.
func (g *Gate) Change(answer func(w http.ResponseWriter, r *http.Request, inside http.Handler)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.change = answer
}

// Asked lists the requests so far, as METHOD PATH, and forgets them.
func (g *Gate) Asked() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	asked := slices.Clone(g.asked)
	g.asked = nil
	return asked
}
