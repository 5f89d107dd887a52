// Package debiantest makes archives of Debian for tests: packages, their index, and a
// release that a key of the test's own signed.
//
// What reads Debian's archive takes nothing that is not signed, so a test needs the whole
// chain: the key, the InRelease file over the index, the index over each .deb. Any link
// of it can be changed afterwards, which is what such tests are about.
//
// The invariant: an archive is right as it is made, for a reader that knows its key.
package debiantest

import (
	"archive/tar"
	"bytes"
	"crypto"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/klauspost/compress/gzip"

	"github.com/nbuild/nbuild/internal/cas"
)

// Failer is a test, or a script of one.
type Failer interface {
	Fatalf(format string, args ...any)
}

var _ Failer = testing.TB(nil)

// Archive is a suite of one release for two architectures. Files are by their path below
// the archive's root, "dists/trixie/InRelease".
type Archive struct {
	Files map[string][]byte

	t        Failer
	now      time.Time
	signer   *openpgp.Entity
	packages strings.Builder
}

// Suite is the suite that an archive has.
const Suite = "trixie"

// New makes an archive without packages, as of a moment.
func New(t Failer, now time.Time) *Archive {
	a := &Archive{Files: map[string][]byte{}, t: t, now: now}
	a.signer = a.key("archive")
	return a
}

// key makes a signing key that is a year old.
func (a *Archive) key(name string) *openpgp.Entity {
	e, err := openpgp.NewEntity(name, "", name+"@example.com", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return a.now.AddDate(-1, 0, 0) },
	})
	a.check(err)
	return e
}

func (a *Archive) check(err error) {
	if err != nil {
		a.t.Fatalf("making an archive of Debian: %v", err)
	}
}

// Keys is the key of the archive, armored.
func (a *Archive) Keys() string {
	var b bytes.Buffer
	w, err := armor.Encode(&b, openpgp.PublicKeyType, nil)
	a.check(err)
	a.check(a.signer.Serialize(w))
	a.check(w.Close())
	return b.String()
}

// Add adds a package of version 1.0-1 with files by path, and with lines of its stanza,
// as "Depends: libc6\n".
func (a *Archive) Add(name, lines string, files map[string]string) {
	a.AddBytes(name, lines, a.deb(name, files))
}

// AddBytes is Add of whatever bytes as the .deb.
func (a *Archive) AddBytes(name, lines string, deb []byte) {
	file := File(name)
	a.Files[file] = deb
	fmt.Fprintf(&a.packages, "Package: %s\nVersion: 1.0-1\nArchitecture: all\nFilename: %s\nSize: %d\nSHA256: %s\n%s\n", name, file, len(deb), cas.Sum(deb), lines)
}

// File is where the archive keeps a package.
func File(name string) string {
	return "pool/main/" + name[:1] + "/" + name + "/" + name + "_1.0-1_all.deb"
}

// Index is where the archive keeps the index of an architecture.
func Index(arch string) string { return "dists/" + Suite + "/main/binary-" + arch + "/Packages.gz" }

// Release is where the archive keeps its release.
const Release = "dists/" + Suite + "/InRelease"

// Publish puts the indexes up and signs a release over them, which the change has gone
// over.
func (a *Archive) Publish(change func(text string) string) {
	var sums strings.Builder
	for _, arch := range []string{"amd64", "arm64"} {
		index := a.gzip([]byte(a.packages.String()))
		a.Files[Index(arch)] = index
		fmt.Fprintf(&sums, " %s %d main/binary-%s/Packages.gz\n", cas.Sum(index), len(index), arch)
	}
	a.Files[Release] = a.signed(a.signer, change(fmt.Sprintf("Origin: Debian\nSuite: stable\nCodename: %s\nVersion: 13.8\nDate: %s\n"+
		"Architectures: all amd64 arm64\nComponents: main\nSHA256:\n%s", Suite, a.now.UTC().Add(-time.Hour).Format(time.RFC1123), sums.String())))
}

// Forged is the release as another key signs it.
func (a *Archive) Forged() []byte {
	text, _, _ := bytes.Cut(a.Files[Release], []byte("\n-----BEGIN PGP SIGNATURE"))
	_, text, _ = bytes.Cut(text, []byte("\n\n"))
	return a.signed(a.key("mallory"), string(text)+"\n")
}

func (a *Archive) signed(by *openpgp.Entity, text string) []byte {
	var b bytes.Buffer
	w, err := clearsign.Encode(&b, by.PrivateKey, &packet.Config{DefaultHash: crypto.SHA256, Time: func() time.Time { return a.now.Add(-time.Hour) }})
	a.check(err)
	_, err = w.Write([]byte(text))
	a.check(err)
	a.check(w.Close())
	return b.Bytes()
}

// deb writes a package (deb(5)): an ar of a version and two tars.
func (a *Archive) deb(name string, files map[string]string) []byte {
	control := "Package: " + name + "\nVersion: 1.0-1\nArchitecture: all\nMaintainer: Example <a@example.com>\nDescription: short\n long\n"
	var b bytes.Buffer
	b.WriteString("!<arch>\n")
	for _, m := range []struct {
		name string
		data []byte
	}{
		{"debian-binary", []byte("2.0\n")},
		{"control.tar.gz", a.gzip(a.tar(map[string]string{"control": control}))},
		{"data.tar.gz", a.gzip(a.tar(files))},
	} {
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", m.name, 0, 0, 0, "100644", len(m.data))
		b.Write(m.data)
		if len(m.data)%2 == 1 {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

func (a *Archive) tar(files map[string]string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		a.check(w.WriteHeader(&tar.Header{Name: "./" + name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(files[name])), Format: tar.FormatGNU}))
		_, err := w.Write([]byte(files[name]))
		a.check(err)
	}
	a.check(w.Close())
	return b.Bytes()
}

func (a *Archive) gzip(data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(data)
	a.check(err)
	a.check(z.Close())
	return b.Bytes()
}
