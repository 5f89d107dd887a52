package verify_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/operation/build"
	"github.com/nbuild/nbuild/internal/operation/pin"
	"github.com/nbuild/nbuild/internal/operation/release"
	"github.com/nbuild/nbuild/internal/operation/trust"
	"github.com/nbuild/nbuild/internal/operation/verify"
	"github.com/nbuild/nbuild/internal/rehearsal"
)

// released is a world whose image is released to its registry.
func released(t *testing.T) (*rehearsal.World, trust.Options) {
	t.Helper()
	w := rehearsal.New(t)
	if _, err := pin.Run(t.Context(), w.Host, pin.Options{}); err != nil {
		t.Fatal(err)
	}
	key := w.Key("ci")
	by := w.Trust(key)
	_, err := release.Run(t.Context(), w.Host, release.Options{Key: key, Trust: by, Environment: "production", Password: rehearsal.NoPassword})
	if err != nil {
		t.Fatal(err)
	}
	return w, by
}

func TestVerifyDecides(t *testing.T) {
	w, by := released(t)
	image := w.OCI.Address + "/shop/app"
	digest := w.Resolve("shop/app:stable")
	stranger := w.Trust(w.Key("stranger"))
	w.Write("server.js", "unsigned\n")
	if _, err := build.Run(t.Context(), w.Host, build.Options{To: image + ":unsigned"}); err != nil {
		t.Fatal(err)
	}
	if _, err := build.Run(t.Context(), w.Host, build.Options{To: "oci:" + w.Path("out")}); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, reference string
		trust           trust.Options
		change          func(w *rehearsal.World)
		exit            int
	}{
		{"by its tag", image + ":stable", by, nil, 0},
		{"by its digest", image + "@" + digest, by, nil, 0},
		{"by another team's rules", image + ":stable", stranger, nil, 20},
		{"a trust file that nobody vouches for", image + ":stable", trust.Options{File: by.File}, nil, 22},
		{"nothing signed", image + ":unsigned", by, nil, 21},
		{"a layout with nothing signed", "oci:" + w.Path("out") + ":stable", by, nil, 21},
		{"a tag that is not there", image + ":none", by, nil, 11},
		{"a registry that fails", image + ":stable", by, func(w *rehearsal.World) {
			w.OCI.Change(func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) { rw.WriteHeader(http.StatusForbidden) })
		}, 22},
		{"signatures that can't be listed", image + "@" + digest, by, func(w *rehearsal.World) {
			w.OCI.Change(func(rw http.ResponseWriter, r *http.Request, inside http.Handler) {
				if strings.Contains(r.URL.Path, "/referrers/") {
					rw.WriteHeader(http.StatusForbidden)
					return
				}
				inside.ServeHTTP(rw, r)
			})
		}, 22},
		{"a release that is too old", image + ":stable", by, func(w *rehearsal.World) {
			w.Host.Now = func() time.Time { return rehearsal.Now.AddDate(0, 0, 31) }
		}, 20},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			host := w.Host
			if tt.change != nil {
				tt.change(w)
			}
			v, err := verify.Run(t.Context(), w.Host, verify.Options{Reference: tt.reference, Trust: tt.trust, Environment: "production"})
			w.OCI.Change(nil)
			w.Host = host
			if err == nil {
				err = v.Err()
			}
			if diag.Exit(err) != tt.exit {
				t.Errorf("exit %d, want %d: %v", diag.Exit(err), tt.exit, err)
			}
			for _, p := range diag.All(err) {
				if p.Remedy == "" {
					t.Errorf("%s has no remedy", p.Code)
				}
			}
		})
	}
}

func TestVerifyRefusesWhatItCannotJudge(t *testing.T) {
	w, by := released(t)
	image := w.OCI.Address + "/shop/app:stable"
	w.Write("bad.hcl", "trust {")
	tests := []struct {
		name string
		o    verify.Options
		want diag.Code
	}{
		{"an archive", verify.Options{Reference: "docker-archive:x.tar", Trust: by}, verify.CodeArchive},
		{"no trust file", verify.Options{Reference: image}, trust.CodeNoTrust},
		{"a trust file that is not there", verify.Options{Reference: image, Trust: trust.Options{File: "none.hcl"}}, trust.CodeNoTrust},
		{"a trust file that does not parse", verify.Options{Reference: image, Trust: trust.Options{File: "bad.hcl", Unsigned: true}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := verify.Run(t.Context(), w.Host, tt.o)
			ps := diag.All(err)
			if len(ps) == 0 || tt.want != "" && ps[0].Code != tt.want {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestAReleaseThatWasOvertakenIsNotAcceptedWhereTheNextWasSeen(t *testing.T) {
	w := rehearsal.New(t)
	if _, err := pin.Run(t.Context(), w.Host, pin.Options{}); err != nil {
		t.Fatal(err)
	}
	key := w.Key("ci")
	by := w.Trust(key)
	var images []string
	for _, text := range []string{"1\n", "2\n"} {
		w.Write("server.js", text)
		r, err := release.Run(t.Context(), w.Host, release.Options{Key: key, Trust: by, Environment: "production", Password: rehearsal.NoPassword})
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, r.Images[0].Ref)
	}
	state := t.TempDir()
	for i, step := range []struct {
		image string
		exit  int
	}{{images[0], 0}, {images[1], 0}, {images[1], 0}, {images[0], 20}} {
		v, err := verify.Run(t.Context(), w.Host, verify.Options{Reference: step.image, Trust: by, Environment: "production", StateDir: state})
		if err != nil {
			t.Fatal(err)
		}
		if got := diag.Exit(v.Err()); got != step.exit {
			t.Errorf("step %d: exit %d, want %d: %v", i, got, step.exit, v.Err())
		}
	}
}
