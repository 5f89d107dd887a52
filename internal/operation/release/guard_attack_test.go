package release_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/nbuild/nbuild/builder/guard"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/operation/release"
	"github.com/nbuild/nbuild/internal/rehearsal"
)

// guarded writes a build file whose image has a guard and whose gate denies classes.
func (s *shop) guarded(mode, more string, deny ...string) {
	s.t.Helper()
	s.build(`tags  = ["stable"]
  guard = "`+mode+`"`, more+fmt.Sprintf("\nrelease \"r\" {\n  baseline = \"%s:stable\"\n  deny     = [\"%s\"]\n}\n", s.repository, strings.Join(deny, `", "`)))
}

// detail is what the gate of changes said about the one image of a release.
func detail(t *testing.T, r *release.Report) string {
	t.Helper()
	for _, g := range r.Images[0].Gates {
		if g.ID == "diff" {
			return g.Outcome + ": " + g.Detail
		}
	}
	t.Fatal("no gate of changes")
	return ""
}

func TestAReleaseIsHeldToWhatTheBaselineMayLoad(t *testing.T) {
	tests := []struct {
		name   string
		change func(s *shop)
		exit   int
		says   string
	}{
		{"nothing changed", func(s *shop) { s.guarded("enforce", "", "own-source-changed", "new-own-source", "guard-removed") }, 0, "pass: 0 changes"},
		{"a file changed", func(s *shop) {
			s.write("server.js", "2\n")
			s.guarded("enforce", "", "own-source-changed")
		}, 30, "own-source-changed: /app/server.js"},
		{"a file changed, and another class is denied", func(s *shop) {
			s.write("server.js", "2\n")
			s.guarded("enforce", "", "source-changed", "new-own-source")
		}, 0, "warn: 1 changes"},
		{"a file more", func(s *shop) {
			s.write("server.js", "require('./more')\n")
			s.write("more.js", "1\n")
			s.guarded("enforce", "", "new-own-source")
		}, 30, "new-own-source: /app/more.js"},
		{"an evaluator", func(s *shop) {
			s.write("server.js", "eval('1')\n")
			s.guarded("enforce", "dynamism {\n  evaluator \"project\" {\n    reason = \"a console\"\n  }\n}\n", "new-evaluator")
		}, 30, "new-evaluator: /app/server.js"},
		{"the guard reports only", func(s *shop) { s.guarded("report", "", "guard-weakened") }, 30, "guard-weakened: guard.mode"},
		{"the guard is gone", func(s *shop) { s.guarded("off", "", "guard-removed") }, 30, "guard-removed: guard.mode"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t)
			s.guarded("enforce", "", "upgrade")
			_, err := s.release(nil)
			s.must(err)
			before := s.at("stable")
			test.change(s)
			r, err := s.release(nil)
			if test.exit != 0 {
				s.refused(err, test.exit, before)
				if err == nil || !strings.Contains(err.Error(), test.says) {
					t.Errorf("want %q: %v", test.says, err)
				}
				return
			}
			s.must(err)
			if said := detail(t, r); !strings.Contains(said, test.says) {
				t.Errorf("the gate says %q", said)
			}
		})
	}
}

// An image of the days before the guard has no list, so moving the baseline there
// blinds every gate of lists: the signed gate says so.
func TestABaselineWithoutAGuardIsToldInTheSignedGate(t *testing.T) {
	s := newShop(t)
	s.guarded("off", "", "upgrade")
	_, err := s.release(nil)
	s.must(err)
	s.guarded("enforce", "", "source-changed")
	r, err := s.release(nil)
	s.must(err)
	if said := detail(t, r); !strings.HasPrefix(said, "warn: ") || !strings.Contains(said, "starts no guard, so that no source lists were compared") {
		t.Errorf("the gate says %q", said)
	}
	s.write("server.js", "2\n")
	r, err = s.release(nil)
	s.must(err)
	if said := detail(t, r); strings.Contains(said, "no guard") {
		t.Errorf("the next gate says %q", said)
	}
}

// hides answers for the guard's layer of the baseline: whoever keeps the registry can.
func (s *shop) hides(answer func(w http.ResponseWriter)) {
	s.t.Helper()
	at, err := s.place().Resolve(context.Background(), "stable")
	s.must(err)
	img, err := oci.Image(context.Background(), s.place(), at.Digest)
	s.must(err)
	m, err := img.Manifest()
	s.must(err)
	last := m.Layers[len(m.Layers)-1].Digest.String()
	s.on(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/blobs/"+last) {
			return false
		}
		answer(w)
		return true
	})
}

func TestABaselineWhoseListCantBeReadClosesAGateThatAsks(t *testing.T) {
	answers := map[string]func(w http.ResponseWriter){
		"gone":       func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) },
		"denied":     func(w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) },
		"other text": func(w http.ResponseWriter) { _, _ = w.Write([]byte("another layer")) },
		"nothing":    func(http.ResponseWriter) {},
	}
	s := newShop(t)
	s.guarded("enforce", "", "upgrade")
	_, err := s.release(nil)
	s.must(err)
	before := s.at("stable")
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			s.t = t
			s.write("server.js", "2\n")
			s.guarded("enforce", "", "new-source")
			s.hides(answer)
			_, err := s.release(nil)
			s.refused(err, 22, before)
			if ps := diag.All(err); len(ps) != 1 || ps[0].Code != release.CodeGuard || ps[0].Remedy == "" {
				t.Errorf("got %v", err)
			}
		})
	}
	s.t = t
	s.write("server.js", "2\n")
	s.guarded("enforce", "", "upgrade")
	s.hides(answers["gone"])
	r, err := s.release(nil)
	s.on(nil)
	s.must(err)
	if said := detail(t, r); !strings.HasPrefix(said, "warn: ") || !strings.Contains(said, "can't be read and were not compared") {
		t.Errorf("a gate that does not ask says %q", said)
	}
}

// Who can push an image and knows someone to sign its BOM still shows no list that
// means two things.
func TestABaselineWithAListOfItsOwnMakingIsNoBaselineOfLists(t *testing.T) {
	push := func(s *shop, platform string, with func(v1.Image) v1.Image) {
		s.t.Helper()
		system, arch, _ := strings.Cut(platform, "/")
		img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: system, Architecture: arch})
		s.must(err)
		d, err := s.place().PushImage(context.Background(), with(img))
		s.must(err)
		s.must(s.place().Tag(context.Background(), d.Digest, "stable"))
		s.attach("team", d.Digest)
	}
	list := rehearsal.Listed("server.js 1")
	for name, attack := range map[string]func(s *shop){
		"its layer holds more": func(s *shop) {
			push(s, "linux/amd64", func(i v1.Image) v1.Image {
				return rehearsal.Guarded(s.t, i, list, guard.Enforce, map[string]string{"app/server.js": "1"})
			})
		},
		"it is for another platform": func(s *shop) {
			push(s, "linux/arm64", func(i v1.Image) v1.Image { return rehearsal.Guarded(s.t, i, list, guard.Enforce, nil) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			attack(s)
			before := s.at("stable")
			s.guarded("enforce", "", "guard-removed")
			_, err := s.release(nil)
			s.refused(err, 22, before)
			if ps := diag.All(err); len(ps) != 1 || ps[0].Code != release.CodeGuard {
				t.Errorf("got %v", err)
			}
		})
	}
}
