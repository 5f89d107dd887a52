package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/predicate"
)

const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// attacker is who can push to a repository, and has no member's key.
type attacker struct {
	ts      *testscript.TestScript
	at      string // the repository, as an address
	subject v1.Descriptor
}

func pusherOf(ts *testscript.TestScript, image string) attacker {
	ref, err := name.ParseReference(image)
	ts.Check(err)
	desc, err := remote.Get(ref)
	ts.Check(err)
	return attacker{ts, "http://" + ref.Context().RegistryStr() + "/v2/" + ref.Context().RepositoryStr() + "/",
		v1.Descriptor{MediaType: desc.MediaType, Digest: desc.Digest, Size: desc.Size}}
}

func (a attacker) do(method, path, kind string, body []byte) (*http.Response, []byte) {
	req, err := http.NewRequest(method, a.at+path, bytes.NewReader(body))
	a.ts.Check(err)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := http.DefaultClient.Do(req)
	a.ts.Check(err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	a.ts.Check(err)
	if resp.StatusCode >= 300 {
		a.ts.Fatalf("%s %s: %s", method, path, resp.Status)
	}
	return resp, raw
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// blob pushes a blob in one request.
func (a attacker) blob(b []byte) v1.Descriptor {
	h, err := v1.NewHash(digestOf(b))
	a.ts.Check(err)
	resp, _ := a.do(http.MethodPost, "blobs/uploads/", "", nil)
	to, err := resp.Request.URL.Parse(resp.Header.Get("Location"))
	a.ts.Check(err)
	query := to.Query()
	query.Set("digest", h.String())
	to.RawQuery = query.Encode()
	a.do(http.MethodPut, strings.TrimPrefix(to.String(), a.at), "application/octet-stream", b)
	return v1.Descriptor{MediaType: bundleType, Digest: h, Size: int64(len(b))}
}

// manifest pushes a referrer of the subject.
func (a attacker) manifest(layer v1.Descriptor, notes map[string]string) {
	empty := v1.Descriptor{MediaType: "application/vnd.oci.empty.v1+json", Digest: v1.Hash{Algorithm: "sha256", Hex: strings.TrimPrefix(digestOf([]byte("{}")), "sha256:")}, Size: 2}
	raw, err := json.Marshal(v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: bundleType, Config: empty, Layers: []v1.Descriptor{layer},
		Subject: &a.subject, Annotations: notes,
	})
	a.ts.Check(err)
	a.do(http.MethodPut, "manifests/"+digestOf(raw), string(types.OCIManifestSchema1), raw)
}

// junk attaches bundles that nobody who counts signed: junk IMAGE COUNT SIZE TYPE [SEAL].
// Each claims a predicate type, names the key of $FINGERPRINT and has a signature of the
// right length, so that only checking that shows it. Where SEAL stands there, each
// also carries the seal of a statement that is attached already.
func junk(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 || len(args) > 5 {
		ts.Fatalf("usage: junk IMAGE COUNT SIZE TYPE [seal]")
	}
	a := pusherOf(ts, args[0])
	count, err := strconv.Atoi(args[1])
	ts.Check(err)
	size, err := strconv.Atoi(args[2])
	ts.Check(err)
	key, err := hex.DecodeString(ts.Getenv("FINGERPRINT"))
	ts.Check(err)
	_ = a.blob([]byte("{}"))
	notes := map[string]string{"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": args[3]}
	if len(args) == 5 {
		for _, d := range a.referrers() {
			if seal := d.Annotations["dev.nbuild.seal"]; seal != "" && d.Annotations["dev.sigstore.bundle.predicateType"] == args[3] {
				notes["dev.nbuild.seal"] = seal
			}
		}
		if notes["dev.nbuild.seal"] == "" {
			ts.Fatalf("nothing is sealed")
		}
	}
	for i := range count {
		statement := fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","predicate":{"n":%d,"pad":"`, i)
		tail := fmt.Sprintf(`"},"predicateType":%q,"subject":[{"digest":{"sha256":%q}}]}`, args[3], a.subject.Digest.Hex)
		statement += strings.Repeat("x", max(0, size*3/4-len(statement)-len(tail)-350)) + tail
		encoded := base64.StdEncoding.EncodeToString
		a.manifest(a.blob([]byte(`{"dsseEnvelope":{"payload":"`+encoded([]byte(statement))+
			`","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"`+encoded(make([]byte, 71))+
			`"}]},"mediaType":"`+bundleType+`","verificationMaterial":{"publicKey":{"hint":"`+encoded(key)+`"}}}`)), notes)
	}
}

// attachBOM attaches a file as an unsigned BOM, whatever it holds: attach-bom IMAGE FILE.
func attachBOM(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: attach-bom IMAGE FILE")
	}
	at, err := oci.Parse(args[0])
	ts.Check(err)
	store, err := oci.Open(at, oci.Options{})
	ts.Check(err)
	found, err := oci.Find(context.Background(), store, at)
	ts.Check(err)
	_, _, err = oci.AttachBOM(context.Background(), store, found.Digest, []byte(ts.ReadFile(args[1])))
	ts.Check(err)
}

func (a attacker) referrers() []v1.Descriptor {
	_, raw := a.do(http.MethodGet, "referrers/"+a.subject.Digest.String(), "", nil)
	var idx v1.IndexManifest
	a.ts.Check(json.Unmarshal(raw, &idx))
	return idx.Manifests
}

// unseal attaches anew what is attached to an image, as a tool does that knows of no
// seals: unseal IMAGE.
func unseal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: unseal IMAGE")
	}
	a := pusherOf(ts, args[0])
	for _, d := range a.referrers() {
		if d.Annotations["dev.nbuild.seal"] == "" {
			continue
		}
		_, raw := a.do(http.MethodGet, "manifests/"+d.Digest.String(), "", nil)
		var m v1.Manifest
		ts.Check(json.Unmarshal(raw, &m))
		delete(m.Annotations, "dev.nbuild.seal")
		a.manifest(m.Layers[0], m.Annotations)
		a.do(http.MethodDelete, "manifests/"+d.Digest.String(), "", nil)
	}
}

// drip serves what $REGISTRY does, a byte at a time, and sets $DRIP: drip [PATH]. Where
// PATH is given, only what has it in its address comes slowly.
func drip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: drip [PATH]")
	}
	inner, err := url.Parse("http://" + ts.Getenv("REGISTRY"))
	ts.Check(err)
	proxy := httputil.NewSingleHostReverseProxy(inner)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || len(args) == 1 && !strings.Contains(r.URL.Path, args[0]) {
			proxy.ServeHTTP(w, r)
			return
		}
		whole := httptest.NewRecorder()
		proxy.ServeHTTP(whole, r)
		for name, values := range whole.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(whole.Code)
		for _, c := range whole.Body.Bytes() {
			select {
			case <-r.Context().Done():
				return
			case <-time.After(200 * time.Millisecond):
			}
			_, _ = w.Write([]byte{c})
			w.(http.Flusher).Flush()
		}
	}))
	ts.Defer(server.Close)
	ts.Setenv("DRIP", strings.TrimPrefix(server.URL, "http://"))
}

// moveTag points a tag at a digest: move-tag IMAGE:TAG DIGEST.
func moveTag(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: move-tag IMAGE:TAG DIGEST")
	}
	tag, err := name.NewTag(args[0])
	ts.Check(err)
	desc, err := remote.Get(tag.Context().Digest(args[1]))
	ts.Check(err)
	ts.Check(remote.Tag(tag, desc))
}

// overrun releases an image as a member would who signs a counter of their own choice:
// overrun KEY IMAGE COUNTER.
func overrun(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: overrun KEY IMAGE COUNTER")
	}
	counter, err := strconv.ParseInt(args[2], 10, 64)
	ts.Check(err)
	m := memberOf(ts, args[0], args[1])
	m.attach(predicate.Release{
		Repository: m.ref.Context().Name(), Environment: "production", Counter: counter,
		Issued: predicate.At(time.Now()), Expires: predicate.At(time.Now().AddDate(0, 1, 0)),
	}.Statement(m.about))
}
