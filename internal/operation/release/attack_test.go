package release_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/attest"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/evidence/images"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/operation/keys"
	"github.com/nbuild/nbuild/internal/operation/pin"
	"github.com/nbuild/nbuild/internal/operation/release"
	"github.com/nbuild/nbuild/internal/operation/trust"
	"github.com/nbuild/nbuild/internal/operation/verify"
	"github.com/nbuild/nbuild/internal/predicate"
	"github.com/nbuild/nbuild/internal/rehearsal"
	"github.com/nbuild/nbuild/sbom"
)

var epoch = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// shop is a project with nothing but a file, a registry on the loopback that the
// attacker may interfere with, the team's key and a stranger's.
type shop struct {
	t          *testing.T
	dir        string // the project; the trust file and the keys lie elsewhere
	ops        string
	host       machine.Host
	repository string
	mu         sync.Mutex
	intercept  func(w http.ResponseWriter, r *http.Request) bool // true: answered
}

// pairs are the two keys, made once: encrypting one is slow on purpose.
var pairs = sync.OnceValue(func() map[string]*attest.KeyPair {
	out := map[string]*attest.KeyPair{}
	for _, name := range []string{"team", "stranger"} {
		pair, err := attest.GenerateKey(func() ([]byte, error) { return nil, nil }, attest.KeyOptions{Algorithm: attest.Ed25519, EmptyPassword: true})
		if err != nil {
			panic(err)
		}
		out[name] = pair
	}
	return out
})

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t, dir: t.TempDir(), ops: t.TempDir()}
	inner := registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		intercept := s.intercept
		s.mu.Unlock()
		if intercept == nil || !intercept(w, r) {
			inner.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	s.repository = strings.TrimPrefix(server.URL, "http://") + "/shop/app"
	s.host = machine.Host{
		Dir: s.dir, File: "build.hcl", StoreDir: filepath.Join(t.TempDir(), "store"), Version: "test",
		Environ: []string{"SOURCE_DATE_EPOCH=1750000000"}, Now: func() time.Time { return epoch }, Events: event.Discard,
	}
	base, err := mutate.Append(empty.Image, mutate.Addendum{Layer: rehearsal.BaseLayer(t, "base", "amd64")})
	s.must(err)
	config, err := base.ConfigFile()
	s.must(err)
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Config.Env = "linux", "amd64", []string{"PATH=/usr/bin", "NODE_VERSION=22.20.0"}
	base, err = mutate.ConfigFile(base, config)
	s.must(err)
	layout, err := oci.OpenLayout(filepath.Join(s.ops, "base"))
	s.must(err)
	desc, err := layout.PushImage(context.Background(), base)
	s.must(err)
	s.must(layout.Tag(context.Background(), desc.Digest, "v1"))
	s.write("server.js", "1\n")
	s.build(`tags = ["stable"]`, fmt.Sprintf(`release "r" {
  baseline = "%s:stable"
  deny     = ["removed-package"]
}`, s.repository))
	for _, name := range []string{"team", "stranger"} {
		pair := pairs()[name]
		s.must(os.WriteFile(filepath.Join(s.ops, name+".key"), pair.Private, 0o600))
		s.must(os.WriteFile(filepath.Join(s.ops, name+".pub"), pair.Public, 0o644))
	}
	s.trust(1)
	_, err = pin.Run(context.Background(), s.host, pin.Options{})
	s.must(err)
	return s
}

func (s *shop) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) write(name, text string) {
	s.t.Helper()
	s.must(os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644))
}

// build writes the build file, with more lines in the image block and more blocks.
func (s *shop) build(image, more string) {
	s.t.Helper()
	s.write("build.hcl", fmt.Sprintf(`nbuild = "1"
project "app" { platforms = ["linux/amd64"] }
base "os" { image = "oci:%s:v1" }
image "app" {
  base       = base.os
  repository = "%s"
  cmd        = ["node", "server.js"]
  %s
}
%s
`, filepath.Join(s.ops, "base"), s.repository, image, more))
}

// trust writes the trust file, which knows the team's key.
func (s *shop) trust(minimum int) {
	s.t.Helper()
	public, err := os.ReadFile(filepath.Join(s.ops, "team.pub"))
	s.must(err)
	pem := strings.ReplaceAll(string(public), "\n", `\n`)
	s.must(os.WriteFile(filepath.Join(s.ops, "trust.hcl"), []byte(fmt.Sprintf(`trust "t" {
  version = 1
  expires = "2036-01-01T00:00:00Z"
  root {
    threshold = 1
    key "root" { pem = "%s" }
  }
  team "team" {
    member "ci" {
      builders = ["%s"]
      key { pem = "%s" }
    }
  }
  environment "production" {
    images          = ["%s"]
    minimum_release = { "%s" = %d }
    require "provenance" {
      team     = team.team
      builders = ["%s"]
    }
    require "sbom" { team = team.team }
    require "release" { team = team.team }
  }
}
`, pem, release.LocalBuilder, pem, s.repository, s.repository, minimum, release.LocalBuilder)), 0o644))
}

func (s *shop) options() release.Options {
	return release.Options{
		Key: filepath.Join(s.ops, "team.key"), Password: func() ([]byte, error) { return nil, nil },
		Trust: trust.Options{File: filepath.Join(s.ops, "trust.hcl"), Unsigned: true},
	}
}

func (s *shop) release(change func(*release.Options)) (*release.Report, error) {
	o := s.options()
	if change != nil {
		change(&o)
	}
	return release.Run(context.Background(), s.host, o)
}

func (s *shop) place() oci.Store {
	s.t.Helper()
	_, store, err := images.Open(s.host, s.repository)
	s.must(err)
	return store
}

// at returns what a tag points at, "" for nothing.
func (s *shop) at(tag string) string {
	s.t.Helper()
	d, err := s.place().Resolve(context.Background(), tag)
	if errors.Is(err, oci.ErrNotFound) {
		return ""
	}
	s.must(err)
	return d.Digest.String()
}

// image pushes an image that is not a release and moves a tag to it.
func (s *shop) image(label, tag string) v1.Hash {
	s.t.Helper()
	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: "amd64", Config: v1.Config{Labels: map[string]string{"x": label}}})
	s.must(err)
	d, err := s.place().PushImage(context.Background(), img)
	s.must(err)
	s.must(s.place().Tag(context.Background(), d.Digest, tag))
	return d.Digest
}

// attach signs a BOM that lists packages and attaches it to an image.
func (s *shop) attach(key string, subject v1.Hash, packages ...string) {
	s.t.Helper()
	signer, err := keys.Load(s.host, filepath.Join(s.ops, key+".key"), func() ([]byte, error) { return nil, nil })
	s.must(err)
	bundle, err := attest.Sign(context.Background(), signer, s.statement(subject, packages...))
	s.must(err)
	_, _, err = oci.Attach(context.Background(), s.place(), subject, bundle, string(predicate.TypeBOM), "")
	s.must(err)
}

// bom writes a BOM of an image with the packages.
func (s *shop) bom(packages ...string) []byte {
	s.t.Helper()
	c := &sbom.Contents{Project: sbom.Project{Name: "app"}}
	for _, p := range packages {
		c.Project.DependsOn = append(c.Project.DependsOn, "node_modules/"+p)
		c.Packages = append(c.Packages, sbom.Package{
			Path: "node_modules/" + p, Name: p, Version: "1.0.0",
			Integrity: "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
		})
	}
	document, err := sbom.Write(c, sbom.Options{})
	s.must(err)
	return document
}

func (s *shop) statement(subject v1.Hash, packages ...string) *predicate.Statement {
	s.t.Helper()
	digest, err := cas.ParseDigest(subject.Hex)
	s.must(err)
	statement, err := predicate.NewBOM(predicate.Subject{Digest: digest}, s.bom(packages...))
	s.must(err)
	return statement
}

// plant attaches a BOM as a build does, unsigned.
func (s *shop) plant(subject v1.Hash, packages ...string) {
	s.t.Helper()
	_, _, err := oci.AttachBOM(context.Background(), s.place(), subject, s.bom(packages...))
	s.must(err)
}

// unsigned attaches what looks like a signed BOM and has no signature.
func (s *shop) unsigned(subject v1.Hash, packages ...string) {
	s.t.Helper()
	payload, err := s.statement(subject, packages...).Encode()
	s.must(err)
	for _, signatures := range []any{[]any{}, []any{map[string]string{"sig": ""}}} {
		bundle, err := json.Marshal(map[string]any{
			"mediaType":            attest.BundleMediaType,
			"verificationMaterial": map[string]any{"publicKey": map[string]string{}},
			"dsseEnvelope":         map[string]any{"payload": payload, "payloadType": predicate.PayloadType, "signatures": signatures},
		})
		s.must(err)
		_, _, err = oci.Attach(context.Background(), s.place(), subject, bundle, string(predicate.TypeBOM), "")
		s.must(err)
	}
}

func (s *shop) on(f func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.intercept = f
}

// fails ends the test unless err is the problem of the code.
func (s *shop) fails(err error, code diag.Code) {
	s.t.Helper()
	if ps := diag.All(err); len(ps) == 0 || ps[0].Code != code {
		s.t.Errorf("want %s: %v", code, err)
	}
}

// refused fails the test unless err has the exit code, and the tag is where it was.
func (s *shop) refused(err error, exit int, before string) {
	s.t.Helper()
	s.on(nil)
	if err == nil || diag.Exit(err) != exit {
		s.t.Errorf("exit %d, want %d: %v", diag.Exit(err), exit, err)
	}
	if after := s.at("stable"); after != before {
		s.t.Errorf("the tag moved from %q to %q", before, after)
	}
}

func TestReleaseTwiceChangesNothing(t *testing.T) {
	s := newShop(t)
	first, err := s.release(nil)
	s.must(err)
	second, err := s.release(nil)
	s.must(err)
	if first.Images[0].Signed != 3 || second.Images[0].Signed != 0 || second.Images[0].Counter != 1 {
		t.Errorf("signed %d, then %d with counter %d", first.Images[0].Signed, second.Images[0].Signed, second.Images[0].Counter)
	}
}

// The attacker can push: everything about the baseline but the team's signature is
// in their hands. The change to hide is that package "guard" is gone.
func TestBaselineIsJudgedByWhoSignedItsBOM(t *testing.T) {
	tests := []struct {
		name   string
		attack func(s *shop, baseline v1.Hash)
		exit   int
	}{
		{"no attack", func(s *shop, b v1.Hash) { s.attach("team", b, "guard") }, 30},
		{"a forged BOM is added", func(s *shop, b v1.Hash) {
			s.attach("team", b, "guard")
			s.attach("stranger", b)
		}, 30},
		{"only a forged BOM is there", func(s *shop, b v1.Hash) { s.attach("stranger", b) }, 22},
		{"no BOM is there", func(*shop, v1.Hash) {}, 22},
		{"an unsigned BOM is added", func(s *shop, b v1.Hash) {
			s.attach("team", b, "guard")
			s.plant(b)
		}, 30},
		{"only an unsigned BOM is there", func(s *shop, b v1.Hash) { s.plant(b, "guard") }, 22},
		{"a statement in the form of a bundle has no signature", func(s *shop, b v1.Hash) { s.unsigned(b, "guard") }, 22},
		{"two BOMs count, and one hides the change", func(s *shop, b v1.Hash) {
			s.attach("team", b)
			s.attach("team", b, "guard")
		}, 30},
		{"the tag is moved to an image of their own", func(s *shop, b v1.Hash) {
			s.attach("team", b, "guard")
			s.attach("stranger", s.image("evil", "stable"))
		}, 22},
		{"the BOM's blob is removed", func(s *shop, b v1.Hash) {
			s.attach("team", b, "guard")
			s.on(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") {
					w.WriteHeader(http.StatusNotFound)
					return true
				}
				return false
			})
		}, 22},
		{"the list of signatures is out of reach", func(s *shop, b v1.Hash) {
			s.attach("team", b, "guard")
			s.on(func(w http.ResponseWriter, r *http.Request) bool {
				if strings.Contains(r.URL.Path, "/referrers/") {
					w.WriteHeader(http.StatusForbidden)
					return true
				}
				return false
			})
		}, 22},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t)
			baseline := s.image("released", "stable")
			test.attack(s, baseline)
			before := s.at("stable")
			_, err := s.release(nil)
			s.refused(err, test.exit, before)
			if test.name == "the tag is moved to an image of their own" {
				s.fails(err, release.CodeBaseline)
			}
		})
	}
}

func TestAFileOfTheCheckoutIsNoBaseline(t *testing.T) {
	s := newShop(t)
	s.attach("team", s.image("released", "stable"), "guard")
	before := s.at("stable")
	document, err := sbom.Write(&sbom.Contents{Project: sbom.Project{Name: "app"}}, sbom.Options{})
	s.must(err)
	name := s.repository + ":stable"
	s.must(os.MkdirAll(filepath.Join(s.dir, filepath.Dir(name)), 0o755))
	s.write(name, string(document))
	_, err = s.release(nil)
	s.refused(err, 30, before)
}

func TestARemovedBaselineIsNoFirstRelease(t *testing.T) {
	s := newShop(t)
	s.trust(7)
	_, err := s.release(nil)
	s.refused(err, 22, "")
	s.fails(err, release.CodeNoBaseline)
	s.trust(1)
	_, err = s.release(func(o *release.Options) { o.Baseline = s.repository + "@sha256:" + strings.Repeat("a", 64) })
	s.refused(err, 22, "")
}

func TestAStoppedReleaseLeavesTheTag(t *testing.T) {
	fail := func(method, part string) func(*shop) {
		return func(s *shop) {
			s.on(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == method && strings.Contains(r.URL.Path, part) {
					w.WriteHeader(http.StatusForbidden)
					return true
				}
				return false
			})
		}
	}
	tests := []struct {
		name   string
		attack func(*shop)
		change func(*release.Options)
	}{
		{"a stranger's key", nil, func(o *release.Options) { o.Key = strings.Replace(o.Key, "team.key", "stranger.key", 1) }},
		{"no such key", nil, func(o *release.Options) { o.Key = "none.key" }},
		{"a builder that the member may not speak for", nil, func(o *release.Options) { o.Builder = "https://ci.example.com/other" }},
		{"a trust file that nobody vouches for", nil, func(o *release.Options) { o.Trust.Unsigned = false }},
		{"an environment that the trust file lacks", nil, func(o *release.Options) { o.Environment = "staging" }},
		{"a release that holds for no time", nil, func(o *release.Options) { o.Valid = -time.Hour }},
		{"a release block that is not there", nil, func(o *release.Options) { o.Release = "none" }},
		{"blobs are refused", fail(http.MethodPost, "/blobs/uploads/"), nil},
		{"manifests are refused", fail(http.MethodPut, "/manifests/sha256:"), nil},
		{"signatures can't be listed", fail(http.MethodGet, "/referrers/"), nil},
		{"its own files do what it denies", func(s *shop) {
			s.write("server.js", "eval(process.argv[2])\n")
			s.build(`tags = ["stable"]`, "dynamism { deny = [\"eval\"] }")
		}, nil},
	}
	s := newShop(t)
	_, err := s.release(nil)
	s.must(err)
	before := s.at("stable")
	good, err := os.ReadFile(filepath.Join(s.dir, "build.hcl"))
	s.must(err)
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.t = t
			s.write("build.hcl", string(good))
			s.write("server.js", fmt.Sprintf("%d\n", i+2))
			if test.attack != nil {
				test.attack(s)
			}
			_, err := s.release(test.change)
			s.on(nil)
			if err == nil {
				t.Error("it was released")
			}
			if after := s.at("stable"); after != before {
				t.Errorf("the tag moved from %s to %s", before, after)
			}
		})
	}
}

func TestOfTwoReleasesAtOnceTheSecondLeavesTheTag(t *testing.T) {
	s := newShop(t)
	_, err := s.release(nil)
	s.must(err)
	s.write("server.js", "2\n")
	puts, moved := 0, ""
	s.on(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/sha256:") {
			if puts++; puts == 2 { // the image is there and the counter chosen: now comes the other release
				s.on(nil)
				moved = s.image("other", "stable").String()
			}
		}
		return false
	})
	_, err = s.release(nil)
	s.refused(err, 22, moved)
	s.fails(err, release.CodeRaced)
}

func TestATrustFileOfTheCheckoutJudgesNoReleaseAndNoImage(t *testing.T) {
	s := newShop(t)
	_, err := s.release(nil)
	s.must(err)
	before := s.at("stable")
	text, err := os.ReadFile(filepath.Join(s.ops, "trust.hcl"))
	s.must(err)
	s.write("trust.hcl", string(text))
	signer, err := keys.Load(s.host, filepath.Join(s.ops, "team.key"), func() ([]byte, error) { return nil, nil })
	s.must(err)
	_, err = trust.Sign(context.Background(), s.host, "trust.hcl", signer)
	s.must(err)
	o := trust.Options{File: "trust.hcl", Roots: []string{signer.Key().Fingerprint().String()}}
	_, err = s.release(func(r *release.Options) { r.Trust = o })
	s.refused(err, 22, before)
	verdict, err := verify.Run(context.Background(), s.host, verify.Options{Reference: s.repository + ":stable", Trust: o})
	s.must(err)
	if verdict.Decision() != attest.Undecided || !strings.Contains(verdict.Err().Error()+verdict.Remedy(), "another repository") {
		t.Errorf("%s: %v", verdict.Decision(), verdict.Err())
	}
}

// Junk beyond every bound beside the last release hides no counter: it is in the ledger
// too. Where that is full of junk as well, the counter is not to be guessed.
func TestAFloodOfReferrersHidesNoCounter(t *testing.T) {
	s := newShop(t)
	s.build(`tags = ["stable"]`, "")
	_, err := s.release(nil)
	s.must(err)
	before := s.at("stable")
	flood := func(lists string) {
		s.on(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/referrers/"+lists) {
				return false
			}
			list := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
			for i := range bounds.Referrers + 1 {
				list.Manifests = append(list.Manifests, v1.Descriptor{
					MediaType: types.OCIManifestSchema1, Size: 1, ArtifactType: oci.BundleType, Digest: images.Hash(cas.Sum(fmt.Append(nil, i))),
					Annotations: map[string]string{"dev.sigstore.bundle.predicateType": string(predicate.TypeRelease)},
				})
			}
			w.Header().Set("Content-Type", string(types.OCIImageIndex))
			s.must(json.NewEncoder(w).Encode(list))
			return true
		})
	}
	flood(before)
	s.write("server.js", "2\n")
	r, err := s.release(nil)
	s.must(err)
	if r.Images[0].Counter != 2 {
		t.Errorf("counter %d", r.Images[0].Counter)
	}
	flood("")
	before = r.Images[0].Digest
	s.write("server.js", "3\n")
	_, err = s.release(nil)
	s.refused(err, 22, before)
	if ps := diag.All(err); len(ps) != 1 || ps[0].Code != release.CodeLast {
		t.Errorf("got %v", err)
	}
}

// Who can push moves the tag back to an image that was released before, with all
// that is attached to it.
func TestAnEarlierReleaseDoesNotComeBack(t *testing.T) {
	s := newShop(t)
	judge := func(environment string) *attest.Verdict {
		t.Helper()
		v, err := verify.Run(context.Background(), s.host, verify.Options{
			Reference: s.repository + ":stable", Trust: s.options().Trust, StateDir: "state", Environment: environment,
		})
		s.must(err)
		return v
	}
	_, err := s.release(nil)
	s.must(err)
	first, err := s.place().Resolve(context.Background(), "stable")
	s.must(err)
	s.write("server.js", "2\n")
	second, err := s.release(nil)
	s.must(err)
	if second.Images[0].Counter != 2 {
		t.Errorf("the counter is %d", second.Images[0].Counter)
	}
	if v := judge(""); v.Decision() != attest.Accept {
		t.Fatal(v.Err())
	}
	s.must(s.place().Tag(context.Background(), first.Digest, "stable"))
	if v := judge(""); v.Decision() != attest.Reject {
		t.Errorf("the earlier release: %s", v.Decision())
	}
	if entries, err := os.ReadDir(filepath.Join(s.dir, "state")); err != nil || len(entries) == 0 {
		t.Errorf("--state is relative to the host's folder: %v", err)
	}
}

// A release is for one repository and one environment.
func TestAReleaseIsNotReplayedElsewhere(t *testing.T) {
	s := newShop(t)
	_, err := s.release(nil)
	s.must(err)
	from := s.repository
	at, err := s.place().Resolve(context.Background(), "stable")
	s.must(err)
	img, err := oci.Image(context.Background(), s.place(), at.Digest)
	s.must(err)
	found := rehearsal.Bundles(t, s.place(), at.Digest)
	s.repository = strings.TrimSuffix(from, "app") + "admin"
	_, err = s.place().PushImage(context.Background(), img)
	s.must(err)
	for _, b := range found {
		_, _, err := oci.Attach(context.Background(), s.place(), at.Digest, b.Content, b.PredicateType, "")
		s.must(err)
	}
	text, err := os.ReadFile(filepath.Join(s.ops, "trust.hcl"))
	s.must(err)
	both := strings.Replace(string(text), fmt.Sprintf(`= ["%s"]`, from), fmt.Sprintf(`= ["%s", "%s"]`, from, s.repository), 1)
	both = strings.Replace(both, `environment "production"`, "environment \"staging\" {\n  images = [\""+from+"\"]\n  require \"release\" { team = team.team }\n}\nenvironment \"production\"", 1)
	s.must(os.WriteFile(filepath.Join(s.ops, "trust.hcl"), []byte(both), 0o644))
	for _, test := range []struct {
		repository, environment string
		want                    attest.Decision
	}{
		{from, "production", attest.Accept},
		{s.repository, "production", attest.Reject},
		{from, "staging", attest.Reject},
	} {
		v, err := verify.Run(context.Background(), s.host, verify.Options{
			Reference: test.repository + "@" + at.Digest.String(), Trust: s.options().Trust, Environment: test.environment,
		})
		s.must(err)
		if v.Decision() != test.want {
			t.Errorf("%s for %s: %s, %v", test.repository, test.environment, v.Decision(), v.Err())
		}
	}
}

func TestNoSecretIsInWhatAReleaseSaysOrSigns(t *testing.T) {
	const secret = "hunter2-is-secret"
	s := newShop(t)
	s.build(`tags = ["stable"]`, "variable \"token\" {\n  sensitive = true\n}\n")
	s.host.Vars = map[string]string{"token": secret}
	s.host.Environ = append(s.host.Environ, "NPM_TOKEN="+secret, "HTTPS_PROXY=http://me:"+secret+"@127.0.0.1:1")
	var said []byte
	var mu sync.Mutex
	s.host.Events = event.Func(func(e event.Event) {
		line, err := json.Marshal(e)
		s.must(err)
		mu.Lock()
		defer mu.Unlock()
		said = append(said, line...)
	})
	r, err := s.release(nil)
	s.must(err)
	line, err := json.Marshal(r)
	s.must(err)
	said = append(said, line...)
	at, err := s.place().Resolve(context.Background(), "stable")
	s.must(err)
	found := rehearsal.Bundles(t, s.place(), at.Digest)
	for _, b := range found {
		var bundle struct {
			Envelope struct {
				Payload []byte `json:"payload"`
			} `json:"dsseEnvelope"`
		}
		s.must(json.Unmarshal(b.Content, &bundle))
		said = append(said, bundle.Envelope.Payload...)
	}
	img, err := oci.Image(context.Background(), s.place(), at.Digest)
	s.must(err)
	config, err := img.RawConfigFile()
	s.must(err)
	if said = append(said, config...); strings.Contains(string(said), secret) || !strings.Contains(string(said), `"token"`) {
		t.Errorf("the secret is printed, or the variable's name is not: %s", said)
	}
}

// A name that fits several images is no name of none.
func TestAnAmbiguousBaselineIsNoFirstRelease(t *testing.T) {
	s := newShop(t)
	layout, err := oci.OpenLayout(filepath.Join(s.ops, "two"))
	s.must(err)
	for _, label := range []string{"a", "b"} {
		img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: "amd64", Config: v1.Config{Labels: map[string]string{"x": label}}})
		s.must(err)
		_, err = layout.PushImage(context.Background(), img)
		s.must(err)
	}
	_, err = s.release(func(o *release.Options) { o.Baseline = "oci:" + filepath.Join(s.ops, "two") })
	if err == nil || s.at("stable") != "" {
		t.Errorf("it was released: %v", err)
	}
	_, err = s.release(func(o *release.Options) { o.Baseline = "oci:" + filepath.Join(s.ops, "none") })
	if err != nil || s.at("stable") == "" {
		t.Errorf("a first release: %v", err)
	}
}
