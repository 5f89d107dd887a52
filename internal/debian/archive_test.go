package debian

import (
	"archive/tar"
	"bytes"
	"crypto"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/klauspost/compress/gzip"

	"github.com/nbuild/nbuild/internal/cas"
)

// now is the clock of every test.
var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// key makes a signing key that is a year old.
func key(t testing.TB, name string) *openpgp.Entity {
	t.Helper()
	e, err := openpgp.NewEntity(name, "", name+"@example.com", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return now.AddDate(-1, 0, 0) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func keyring(t testing.TB, e *openpgp.Entity) *Keyring {
	t.Helper()
	var b bytes.Buffer
	w, err := armor.Encode(&b, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Serialize(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	ring, err := ParseKeyring(b.String())
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func sign(t testing.TB, e *openpgp.Entity, text string, hash crypto.Hash) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := clearsign.Encode(&b, e.PrivateKey, &packet.Config{DefaultHash: hash, Time: func() time.Time { return now.Add(-time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// entry is a member of a tar of a .deb.
type entry struct {
	name string
	kind byte
	mode int64
	body string // or the target of a link
}

func tarball(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: e.kind, Mode: e.mode, Format: tar.FormatGNU}
		switch e.kind {
		case tar.TypeReg:
			h.Size = int64(len(e.body))
		case tar.TypeSymlink, tar.TypeLink:
			h.Linkname = e.body
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if e.kind == tar.TypeReg {
			if _, err := w.Write([]byte(e.body)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func arFile(members ...arMember) []byte {
	var b bytes.Buffer
	b.WriteString(arMagic)
	for _, m := range members {
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", m.name, 0, 0, 0, "100644", len(m.data))
		b.Write(m.data)
		if len(m.data)%2 == 1 {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

func makeDeb(t testing.TB, control string, entries ...entry) []byte {
	t.Helper()
	return arFile(
		arMember{"debian-binary", []byte("2.0\n")},
		arMember{"control.tar.gz", tarball(t, entry{"./control", tar.TypeReg, 0o644, control})},
		arMember{"data.tar.gz", tarball(t, entries...)},
	)
}

func simpleDeb(t testing.TB, name string, entries ...entry) []byte {
	return makeDeb(t, "Package: "+name+"\nVersion: 1.0-1\nArchitecture: amd64\nMaintainer: Example <a@example.com>\nDescription: short\n long\n", entries...)
}

// shelf is an archive under test: files by path, and what was asked of it.
type shelf struct {
	mu    sync.Mutex
	files map[string][]byte
	asked []string
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.URL.Path)
	body, ok := s.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Write(body)
}

// world is a signed archive with one package, demo, that needs libdemo.
type world struct {
	*shelf
	archive *Archive
	signer  *openpgp.Entity
	store   *cas.Store
	url     string
	demo    []byte
}

const suitePath = "/debian/dists/trixie/"

func newWorld(t *testing.T) *world {
	t.Helper()
	store, err := cas.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{shelf: &shelf{files: map[string][]byte{}}, signer: key(t, "archive"), store: store}
	srv := httptest.NewServer(w.shelf)
	t.Cleanup(srv.Close)
	w.url = srv.URL
	w.archive = &Archive{
		Client: srv.Client(), Now: now, Mirrors: []string{srv.URL + "/debian"},
		Snapshots: srv.URL + "/archive", Keyring: keyring(t, w.signer),
	}
	w.demo = simpleDeb(t, "demo", entry{"./usr/bin/demo", tar.TypeReg, 0o755, "demo"})
	lib := simpleDeb(t, "libdemo", entry{"./usr/lib/libdemo.so.1", tar.TypeReg, 0o644, "lib"})
	w.files["/debian/pool/main/d/demo/demo_1.0-1_amd64.deb"] = w.demo
	w.files["/debian/pool/main/d/demo/libdemo_1.0-1_amd64.deb"] = lib
	w.publish(t, stanza("demo", w.demo, "Depends: libdemo (>= 1.0)\nSource: demo-src (1.0)\n")+stanza("libdemo", lib, ""))
	return w
}

func stanza(name string, deb []byte, more string) string {
	return fmt.Sprintf("Package: %s\nVersion: 1.0-1\nArchitecture: amd64\nFilename: pool/main/d/demo/%s_1.0-1_amd64.deb\nSize: %d\nSHA256: %s\n%s\n",
		name, name, len(deb), cas.Sum(deb), more)
}

func pack(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// publish puts an index up and signs a release over it.
func (w *world) publish(t *testing.T, packages string) {
	t.Helper()
	index := pack(t, packages)
	w.files[suitePath+"main/binary-amd64/Packages.gz"] = index
	w.release(t, func(s string) string { return s })
}

func (w *world) text() string {
	index := w.files[suitePath+"main/binary-amd64/Packages.gz"]
	return fmt.Sprintf("Origin: Debian\nSuite: stable\nCodename: trixie\nVersion: 13.8\nDate: Sat, 21 Nov 2026 09:15:44 UTC\n"+
		"Architectures: all amd64\nComponents: main\nSHA256:\n %s %d main/binary-amd64/Packages.gz\n", cas.Sum(index), len(index))
}

// release signs the release again, changed.
func (w *world) release(t *testing.T, change func(string) string) {
	t.Helper()
	w.files[suitePath+"InRelease"] = sign(t, w.signer, change(w.text()), crypto.SHA256)
}

func replace(old, new string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, new, 1) }
}
