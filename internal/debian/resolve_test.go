package debian

import (
	"bytes"
	"crypto"
	_ "crypto/sha1"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/snapshot"
)

var wanted = Request{Platforms: []string{"linux/amd64"}, Packages: []string{"demo"}}

func code(err error) diag.Code {
	if ps := diag.All(err); len(ps) > 0 {
		return ps[0].Code
	}
	return ""
}

func TestResolvePinsTheClosureAsSigned(t *testing.T) {
	w := newWorld(t)
	r, err := w.archive.Resolve(t.Context(), w.store, wanted)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := snapshot.New(append(r.Indexes, r.Debs...)); err != nil {
		t.Errorf("the lines are not those of nbuild.lock: %v", err)
	}
	want := map[string]string{"linux/amd64 demo": "wanted", "linux/amd64 libdemo": "demo needs libdemo (>= 1.0)"}
	if diff := cmp.Diff(want, r.Why); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	line := r.Indexes[0]
	if _, ok := w.store.Stat(line.SHA256); !ok || line.Facts["signer"] != fingerprint(w.signer) || line.Facts["date"] != "2026-11-21T09:15:44Z" {
		t.Errorf("index line: %+v", line)
	}
	demo := r.Debs[0]
	if demo.SHA256 != cas.Sum(w.demo) || demo.Facts["source"] != "demo-src=1.0" || demo.Facts["file"] != "pool/main/d/demo/demo_1.0-1_amd64.deb" {
		t.Errorf("demo: %+v", demo)
	}
	pinned, err := w.archive.Pin(t.Context(), w.store, demo)
	if err != nil {
		t.Fatal(err)
	}
	sum, _ := pinned.Index()
	doc, err := w.store.Read(t.Context(), sum, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	index, err := snapshot.DecodeIndex(doc)
	if err != nil || len(index.Entries) != 1 || index.Entries[0].Path != "usr/bin/demo" || index.Package.Description != "short" {
		t.Errorf("index %+v: %v", index, err)
	}
}

func TestResolveRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(*testing.T, *world)
		req    Request
		want   diag.Code
	}{
		"an unsigned release": {func(t *testing.T, w *world) { w.files[suitePath+"InRelease"] = []byte(w.text()) }, wanted, CodeSignature},
		"another's signature": {func(t *testing.T, w *world) {
			w.files[suitePath+"InRelease"] = sign(t, key(t, "mallory"), w.text(), crypto.SHA256)
		}, wanted, CodeSignature},
		"text changed after signing": {func(t *testing.T, w *world) {
			w.files[suitePath+"InRelease"] = bytes.Replace(w.files[suitePath+"InRelease"], []byte("13.8"), []byte("13.9"), 1)
		}, wanted, CodeSignature},
		"text before the signed message": {func(t *testing.T, w *world) {
			w.files[suitePath+"InRelease"] = append([]byte("Origin: Debian\n\n"), w.files[suitePath+"InRelease"]...)
		}, wanted, CodeSignature},
		"text after the signature": {func(t *testing.T, w *world) {
			w.files[suitePath+"InRelease"] = append(w.files[suitePath+"InRelease"], "\nSHA256:\n"...)
		}, wanted, CodeSignature},
		"a release to come": {func(t *testing.T, w *world) { w.release(t, replace("21 Nov", "29 Nov")) }, wanted, CodeStale},
		"an expired release": {func(t *testing.T, w *world) {
			w.release(t, replace("Architectures", "Valid-Until: Sun, 22 Nov 2026 00:00:00 UTC\nArchitectures"))
		}, wanted, CodeStale},
		"one older than the pin": {func(*testing.T, *world) {}, Request{Platforms: wanted.Platforms, Packages: wanted.Packages, NotBefore: now.Add(-time.Hour)}, CodeStale},
		"another suite": {func(t *testing.T, w *world) {
			w.release(t, replace("Suite: stable\nCodename: trixie", "Suite: testing\nCodename: forky"))
		}, wanted, CodeSuite},
		"no such architecture":   {func(*testing.T, *world) {}, Request{Platforms: []string{"linux/arm64"}, Packages: wanted.Packages}, CodeSuite},
		"a suite that is a path": {func(*testing.T, *world) {}, Request{Suites: []string{"../x"}, Platforms: wanted.Platforms}, CodeSuite},
		"another distribution":   {func(t *testing.T, w *world) { w.release(t, replace("Origin: Debian", "Origin: Other")) }, wanted, CodeNoArchive},
		"no archive":             {func(t *testing.T, w *world) { delete(w.files, suitePath+"InRelease") }, wanted, CodeNoArchive},
		"a swapped index": {func(t *testing.T, w *world) {
			w.files[suitePath+"main/binary-amd64/Packages.gz"] = pack(t, "Package: x\n")
		}, wanted, CodeIndex},
		"an index of a lying size": {func(t *testing.T, w *world) {
			w.files[suitePath+"main/binary-amd64/Packages.gz"] = append(w.files[suitePath+"main/binary-amd64/Packages.gz"], 0)
		}, wanted, CodeIndex},
		"an index that is none": {func(t *testing.T, w *world) { w.publish(t, "no field\n") }, wanted, CodeIndex},
		"a file out of the pool": {func(t *testing.T, w *world) {
			w.publish(t, strings.Replace(stanza("demo", w.demo, ""), "pool/main", "pool/../..", 1))
		}, wanted, CodeIndex},
		"an unknown package":       {func(*testing.T, *world) {}, Request{Platforms: wanted.Platforms, Packages: []string{"demmo"}}, CodeUnknown},
		"a dependency that is not": {func(t *testing.T, w *world) { w.publish(t, stanza("demo", w.demo, "Depends: nothing\n")) }, wanted, CodeDepends},
		"a version that is not": {func(t *testing.T, w *world) {
			w.publish(t, stanza("demo", w.demo, "Depends: lib\n")+stanza("lib2", w.demo, "Provides: other\n"))
		}, wanted, CodeDepends},
		"packages that conflict": {func(t *testing.T, w *world) {
			w.publish(t, stanza("demo", w.demo, "Depends: libx\nConflicts: libx (<< 2)\n")+stanza("libx", w.demo, ""))
		}, wanted, CodeDepends},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			test.change(t, w)
			_, err := w.archive.Resolve(t.Context(), w.store, test.req)
			if got := code(err); got != test.want {
				t.Errorf("code %q, want %q: %v", got, test.want, err)
			}
			for _, p := range diag.All(err) {
				if p.Remedy == "" || p.Code.Exit() != 11 {
					t.Errorf("%s: remedy %q, exit %d", p.Code, p.Remedy, p.Code.Exit())
				}
			}
		})
	}
}

func TestResolvePassesOverWhoIsNotDebian(t *testing.T) {
	w := newWorld(t)
	other := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Write(sign(t, w.signer, strings.Replace(w.text(), "Origin: Debian", "Origin: Other", 1), crypto.SHA256))
	}))
	t.Cleanup(other.Close)
	w.archive.Mirrors = append([]string{other.URL}, w.archive.Mirrors...)
	if _, err := w.archive.Resolve(t.Context(), w.store, wanted); err != nil {
		t.Error(err)
	}
}

func TestResolveTurnsToTheSnapshotsLast(t *testing.T) {
	w := newWorld(t)
	for name, body := range w.files {
		if rest, ok := strings.CutPrefix(name, "/debian/"); ok {
			w.files["/archive/debian/20261123T120000Z/"+rest] = body
			delete(w.files, name)
		}
	}
	if _, err := w.archive.Resolve(t.Context(), w.store, wanted); err != nil {
		t.Error(err)
	}
}

func TestFetchHoldsEverySourceToThePin(t *testing.T) {
	const pool = "pool/main/d/demo/demo_1.0-1_amd64.deb"
	const dated = "/archive/debian/20261122T091544Z/"
	tests := map[string]struct {
		change func(*world)
		want   diag.Code
	}{
		"from the mirror":           {func(*world) {}, ""},
		"the mirror dropped it":     {func(w *world) { w.files[dated+pool] = w.demo; delete(w.files, "/debian/"+pool) }, ""},
		"the mirror lies":           {func(w *world) { w.files[dated+pool] = w.demo; w.files["/debian/"+pool] = []byte("x") }, ""},
		"nobody has it":             {func(w *world) { delete(w.files, "/debian/"+pool) }, CodeGone},
		"all lie":                   {func(w *world) { w.files["/debian/"+pool] = bytes.ToUpper(w.demo) }, CodeBytes},
		"it is longer than pinned":  {func(w *world) { w.files["/debian/"+pool] = append(bytes.Clone(w.demo), 1) }, CodeBytes},
		"it is shorter than pinned": {func(w *world) { w.files["/debian/"+pool] = w.demo[:len(w.demo)-1] }, CodeBytes},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r, err := w.archive.Resolve(t.Context(), w.store, wanted)
			if err != nil {
				t.Fatal(err)
			}
			test.change(w)
			err = w.archive.Fetch(t.Context(), w.store, r.Debs[0])
			if got := code(err); got != test.want {
				t.Errorf("code %q, want %q: %v", got, test.want, err)
			}
			if _, kept := w.store.Stat(r.Debs[0].SHA256); kept != (test.want == "") {
				t.Errorf("kept: %t", kept)
			}
			if test.want == CodeGone && !strings.Contains(diag.All(err)[0].Remedy, "nbuild pin --update") {
				t.Errorf("remedy: %s", diag.All(err)[0].Remedy)
			}
		})
	}
}

func TestLoadHoldsAPackageToItsPin(t *testing.T) {
	w := newWorld(t)
	sum, err := w.store.PutBytes(t.Context(), w.demo)
	if err != nil {
		t.Fatal(err)
	}
	pin := snapshot.Artefact{Kind: snapshot.KindDeb, Name: "demo", Version: "1.0-1", Platform: "linux/amd64", SHA256: sum, Size: int64(len(w.demo))}
	if _, err := Load(t.Context(), w.store, pin); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*snapshot.Artefact){
		"name":     func(a *snapshot.Artefact) { a.Name = "other" },
		"version":  func(a *snapshot.Artefact) { a.Version = "2" },
		"platform": func(a *snapshot.Artefact) { a.Platform = "linux/arm64" },
	} {
		other := pin
		change(&other)
		if _, err := Load(t.Context(), w.store, other); code(err) != CodeBytes {
			t.Errorf("%s: %v", name, err)
		}
	}
	pin.SHA256 = cas.Sum(nil)
	if _, err := Load(t.Context(), w.store, pin); !errors.Is(err, cas.ErrNotFound) {
		t.Errorf("absent: %v", err)
	}
}

func TestWeakOrUntimelySignaturesDoNotCount(t *testing.T) {
	signer := key(t, "archive")
	ring := keyring(t, signer)
	const text = "Origin: Debian\nDate: Sat, 21 Nov 2026 09:15:44 UTC\n"
	if _, err := openRelease(sign(t, signer, text, crypto.SHA256), ring, now); err != nil {
		t.Fatal(err)
	}
	for hash, want := range map[crypto.Hash]error{crypto.SHA1: errSignature, crypto.SHA224: errSignature, crypto.SHA256: nil} {
		sig := &packet.Signature{
			Version: 4, SigType: packet.SigTypeBinary, PubKeyAlgo: signer.PrivateKey.PubKeyAlgo, Hash: hash,
			CreationTime: now.Add(-time.Hour), IssuerKeyId: &signer.PrivateKey.KeyId,
		}
		h := hash.New()
		h.Write([]byte(text))
		unsalted := false
		if err := sig.Sign(h, signer.PrivateKey, &packet.Config{NonDeterministicSignaturesViaNotation: &unsalted}); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := sig.Serialize(&b); err != nil {
			t.Fatal(err)
		}
		if _, err := ring.verify([]byte(text), b.Bytes(), now); !errors.Is(err, want) {
			t.Errorf("%v: %v", hash, err)
		}
	}
	if _, err := openRelease(sign(t, signer, text, crypto.SHA256), ring, now.AddDate(-2, 0, 0)); !errors.Is(err, errSignature) {
		t.Errorf("before the key was made: %v", err)
	}
}

func TestArchiveKeysAreThoseOfTheTable(t *testing.T) {
	ring, err := ArchiveKeyring()
	if err != nil {
		t.Fatal(err)
	}
	files, err := keyFiles.ReadDir("keys")
	if err != nil {
		t.Fatal(err)
	}
	if len(ring.keys) != len(archiveKeys) || len(files) != len(archiveKeys) {
		t.Errorf("%d keys, %d files, %d in the table", len(ring.keys), len(files), len(archiveKeys))
	}
}

func FuzzInRelease(f *testing.F) {
	signer := key(f, "archive")
	ring := keyring(f, signer)
	good := sign(f, signer, "Origin: Debian\nDate: Sat, 21 Nov 2026 09:15:44 UTC\nSHA256:\n "+strings.Repeat("a", 64)+" 1 main/x\n", crypto.SHA256)
	f.Add(good)
	f.Add([]byte("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nx\n-----BEGIN PGP SIGNATURE-----\n\n=aaaa\n-----END PGP SIGNATURE-----\n"))
	want, err := openRelease(good, ring, now)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		// Whatever is accepted says what was signed, nothing else.
		got, err := openRelease(src, ring, now)
		if err != nil {
			return
		}
		if diff := cmp.Diff(want.files, got.files, cmp.AllowUnexported(listed{})); diff != "" || !got.date.Equal(want.date) {
			t.Errorf("accepted other text (-want +got):\n%s", diff)
		}
	})
}
