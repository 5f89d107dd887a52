package upstream_test

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/npm/registry"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/upstream"
)

// weak is the SHA-1 of a tarball as a lockfile writes it and as a registry does.
func weak(tarball []byte) (integrity, shasum string) {
	sum := sha1.Sum(tarball)
	return "sha1-" + base64.StdEncoding.EncodeToString(sum[:]), hex.EncodeToString(sum[:])
}

// say has the registry's document of a package say this of version 1.0.0.
func (f *fake) say(name, dist string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.docs == nil {
		f.docs = map[string]string{}
	}
	f.docs["/"+name] = fmt.Sprintf(`{"name":%q,"time":{"1.0.0":"2026-01-02T03:04:05.000Z"},"versions":{"1.0.0":{"dist":%s}}}`, name, dist)
}

func TestALockfileThatNamesNoStrongDigestIsPinnedByWhatIsLeft(t *testing.T) {
	f := newFake(t)
	strong := f.publish(t, "a", "1.0.0").Integrity
	other := f.publish(t, "b", "1.0.0").Integrity
	old, shasum := weak(f.tarballs[path("a", "1.0.0")])
	otherOld, otherShasum := weak(f.tarballs[path("b", "1.0.0")])
	registrys := fmt.Sprintf(`{"integrity":%q,"shasum":%q}`, strong, shasum)
	tests := []struct {
		name, own, elsewhere, second string // second: the integrity of another entry, "-" for none
		dist                         string
		basis                        snapshot.Basis
		integrity                    string
		code                         diag.Code
	}{
		{"the lockfile", strong, "", "-", registrys, snapshot.BasisLockfile, strong, ""},
		{"the lockfile, which the registry is not asked about", strong, "", "-", fmt.Sprintf(`{"integrity":%q}`, other), snapshot.BasisLockfile, strong, ""},
		{"the lockfile, with a SHA-1 beside it", old + " " + strong, "", "-", `{}`, snapshot.BasisLockfile, strong, ""},
		{"the lockfile, with a wrong SHA-1 beside it", otherOld + " " + strong, "", "-", `{}`, "", "", registry.CodeLying},
		{"another place of the lockfile", "", strong, "-", `{}`, snapshot.BasisTwin, strong, ""},
		{"another place, beside a SHA-1", old, strong + " " + old, "-", `{}`, snapshot.BasisTwin, strong + " " + old, ""},
		{"another place that names other bytes than the SHA-1", otherOld, strong, "-", `{}`, "", "", registry.CodeLying},
		{"another entry", old, "", strong, `{}`, snapshot.BasisTwin, strong + " " + old, ""},
		{"another entry of other bytes", strong, "", other, `{}`, "", "", upstream.CodeIntegrity},
		{"another entry of another SHA-1", old, "", otherOld, registrys, "", "", upstream.CodeIntegrity},
		{"the registry", "", "", "-", registrys, snapshot.BasisRegistry, strong, ""},
		{"the registry, beside a SHA-1", old, "", "-", registrys, snapshot.BasisRegistry, strong + " " + old, ""},
		{"the registry, which has another SHA-1", old, "", "-", fmt.Sprintf(`{"integrity":%q,"shasum":%q}`, strong, otherShasum), "", "", upstream.CodeIntegrity},
		{"the registry, whose SHA-512 is of other bytes", old, "", "-", fmt.Sprintf(`{"integrity":%q}`, other), "", "", registry.CodeLying},
		{"the registry, which names other bytes than it serves", "", "", "-", fmt.Sprintf(`{"integrity":%q}`, other), "", "", registry.CodeLying},
		{"the registry's old SHA-1", "", "", "-", fmt.Sprintf(`{"shasum":%q}`, shasum), snapshot.BasisSHA1, strong + " " + old, ""},
		{"the registry's old SHA-1 of other bytes", "", "", "-", fmt.Sprintf(`{"shasum":%q}`, otherShasum), "", "", registry.CodeLying},
		{"a SHA-1 and nothing else", old, "", "-", `{}`, snapshot.BasisSHA1, strong + " " + old, ""},
		{"a SHA-1 of other bytes", otherOld, "", "-", `{}`, "", "", registry.CodeLying},
		{"nobody", "", "", "-", `{}`, snapshot.BasisFirst, strong, ""},
		{"nobody that can be read", "", "", "-", `{"integrity":"sha512-cut","shasum":"cut"}`, snapshot.BasisFirst, strong, ""},
		{"a registry that contradicts itself", "", "", "-", fmt.Sprintf(`{"integrity":%q,"shasum":%q}`, otherOld, shasum), "", "", registry.CodePackument},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f.say("a", tt.dist)
			p := upstream.Package{Name: "a", Version: "1.0.0", Integrity: tt.own, Elsewhere: tt.elsewhere, Pos: diag.Pos{File: "package-lock.json", Line: 7}}
			packages := []upstream.Package{p}
			if tt.second != "-" {
				p.Integrity, p.Elsewhere = tt.second, ""
				packages = append(packages, p)
			}
			o := upstream.PinOptions{Store: open(t), Client: f.client(t)}
			got, err := upstream.PinNPM(t.Context(), packages, o)
			if tt.code != "" {
				if diff := cmp.Diff([]diag.Code{tt.code}, codes(err)); diff != "" {
					t.Error(diff)
				}
				return
			}
			if err != nil {
				t.Fatal(diag.All(err), err)
			}
			if got[0].Basis() != tt.basis || got[0].Integrity != tt.integrity {
				t.Errorf("named by %s: %s", got[0].Basis(), got[0].Integrity)
			}
			lock, err := snapshot.New(got)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(lock.Format()), " integrity=lockfile") {
				t.Error("the usual case is written down")
			}
			if err := upstream.Check(lock, packages, "nbuild.lock"); err != nil {
				t.Errorf("what was pinned is not what is wanted: %v", err)
			}
			o.Previous = lock
			if again, err := upstream.PinNPM(t.Context(), packages, o); err != nil || cmp.Diff(got, again) != "" {
				t.Errorf("a second run gives another line: %v\n%s", err, cmp.Diff(got, again))
			}
			if err := upstream.Bring(t.Context(), lock, upstream.BringOptions{Store: open(t), Client: f.client(t)}); err != nil {
				t.Error(err)
			}
		})
	}
}

// What came first is held by nbuild.lock from then on.
func TestWhatCameFirstIsHeld(t *testing.T) {
	f := newFake(t)
	f.publish(t, "a", "1.0.0")
	f.say("a", `{}`)
	p := upstream.Package{Name: "a", Version: "1.0.0"}
	o := upstream.PinOptions{Store: open(t), Client: f.client(t)}
	first, err := upstream.PinNPM(t.Context(), []upstream.Package{p}, o)
	if err != nil {
		t.Fatal(err)
	}
	f.publish(t, "a", "1.0.0", "other.js")
	if o.Previous, err = snapshot.New(first); err != nil {
		t.Fatal(err)
	}
	err = upstream.Bring(t.Context(), o.Previous, upstream.BringOptions{Store: open(t), Client: f.client(t)})
	if diff := cmp.Diff([]diag.Code{registry.CodeLying}, codes(err)); diff != "" {
		t.Error(diff)
	}
	again, err := upstream.PinNPM(t.Context(), []upstream.Package{p}, o)
	if err != nil || cmp.Diff(first, again) != "" {
		t.Errorf("pinning again gives other bytes: %v", err)
	}
	// Another project that trusts the same store gets what its own registry serves.
	o.Previous = nil
	fresh, err := upstream.PinNPM(t.Context(), []upstream.Package{p}, o)
	if err != nil || fresh[0].SHA256 == first[0].SHA256 {
		t.Errorf("bytes that nobody named were taken from another run: %v", err)
	}
}

// The line follows what the lockfile comes to say.
func TestALineFollowsTheLockfile(t *testing.T) {
	f := newFake(t)
	strong := f.publish(t, "a", "1.0.0").Integrity
	other := f.publish(t, "b", "1.0.0").Integrity
	old, _ := weak(f.tarballs[path("a", "1.0.0")])
	f.say("a", fmt.Sprintf(`{"integrity":%q}`, strong))
	tests := []struct {
		name, before, after string
		basis               snapshot.Basis
		integrity           string
		check               diag.Code // what nbuild.lock as it was says about the new lockfile
		code                diag.Code
	}{
		{"a digest comes", "", strong, snapshot.BasisLockfile, strong, upstream.CodeUnpinned, ""},
		{"a strong one comes beside the SHA-1", old, strong + " " + old, snapshot.BasisLockfile, strong, upstream.CodeUnpinned, ""},
		{"a SHA-1 comes", "", old, snapshot.BasisRegistry, strong + " " + old, upstream.CodeUnpinned, ""},
		{"the digest goes", strong, "", snapshot.BasisLockfile, strong, "", ""},
		{"the digest becomes a SHA-1", strong, old, snapshot.BasisRegistry, strong + " " + old, upstream.CodeUnpinned, ""},
		{"another digest comes", "", other, "", "", upstream.CodeIntegrity, registry.CodeLying},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := upstream.PinOptions{Store: open(t), Client: f.client(t)}
			p := upstream.Package{Name: "a", Version: "1.0.0", Integrity: tt.before}
			first, err := upstream.PinNPM(t.Context(), []upstream.Package{p}, o)
			if err != nil {
				t.Fatal(err)
			}
			if o.Previous, err = snapshot.New(first); err != nil {
				t.Fatal(err)
			}
			p.Integrity = tt.after
			var want []diag.Code
			if tt.check != "" {
				want = []diag.Code{tt.check}
			}
			if diff := cmp.Diff(want, codes(upstream.Check(o.Previous, []upstream.Package{p}, "nbuild.lock"))); diff != "" {
				t.Error(diff)
			}
			got, err := upstream.PinNPM(t.Context(), []upstream.Package{p}, o)
			if tt.code != "" {
				if diff := cmp.Diff([]diag.Code{tt.code}, codes(err)); diff != "" {
					t.Error(diff)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got[0].Basis() != tt.basis || got[0].Integrity != tt.integrity || got[0].SHA256 != first[0].SHA256 {
				t.Errorf("named by %s: %s", got[0].Basis(), got[0].Integrity)
			}
		})
	}
}
