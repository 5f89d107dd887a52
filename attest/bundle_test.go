package attest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/predicate"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// keylessBundle turns a bundle into one that a certificate is said to verify.
func keylessBundle(t testing.TB, raw []byte) []byte {
	t.Helper()
	var b map[string]any
	if err := json.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	b["verificationMaterial"] = map[string]any{"certificate": map[string]any{"rawBytes": "MIIB"}}
	out, err := strictjson.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sample(t testing.TB, s Signer) []byte {
	t.Helper()
	statement, err := bom()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := Sign(context.Background(), s, statement)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestEqualStatementsAreEqualBundles(t *testing.T) {
	for _, algorithm := range []Algorithm{ECDSAP256, Ed25519} {
		s := newTestSigner(t, algorithm)
		a, b := sample(t, s), sample(t, s)
		if !bytes.Equal(a, b) {
			t.Errorf("%s: two signatures over equal statements differ", algorithm)
		}
		parsed, err := ParseBundle(a)
		if err != nil {
			t.Fatal(err)
		}
		same, err := bom()
		if err != nil {
			t.Fatal(err)
		}
		other, err := provenance()
		if err != nil {
			t.Fatal(err)
		}
		if !parsed.Says(s.Key(), same) || parsed.Says(s.Key(), other) || parsed.Says(newTestSigner(t, algorithm).Key(), same) {
			t.Errorf("%s: Says is wrong", algorithm)
		}
	}
}

// TestNoFlippedByteIsAccepted flips every bit of every byte of a whole bundle.
func TestNoFlippedByteIsAccepted(t *testing.T) {
	for _, algorithm := range []Algorithm{ECDSAP256, Ed25519} {
		s := newTestSigner(t, algorithm)
		whole := sample(t, s)
		if b, err := ParseBundle(whole); err != nil {
			t.Fatal(err)
		} else if _, err := b.Open(s.Key()); err != nil {
			t.Fatal(err)
		}
		for i := range whole {
			for bit := range 8 {
				changed := bytes.Clone(whole)
				changed[i] ^= 1 << bit
				b, err := ParseBundle(changed)
				if err != nil {
					continue
				}
				if _, err := b.Open(s.Key()); err == nil {
					t.Fatalf("%s: byte %d, bit %d: %q was accepted", algorithm, i, bit, changed[max(0, i-20):min(len(changed), i+20)])
				}
			}
		}
	}
}

func TestParseBundleRefuses(t *testing.T) {
	s := newTestSigner(t, ECDSAP256)
	whole := string(sample(t, s))
	var parsed struct {
		DSSE struct {
			Payload    string `json:"payload"`
			Signatures []struct {
				Sig string `json:"sig"`
			} `json:"signatures"`
		} `json:"dsseEnvelope"`
	}
	if err := json.Unmarshal([]byte(whole), &parsed); err != nil {
		t.Fatal(err)
	}
	sig := `{"sig":"` + parsed.DSSE.Signatures[0].Sig + `"}`
	tests := map[string][2]string{
		"another version":           {"bundle.v0.3", "bundle.v0.2"},
		"another payload type":      {"application/vnd.in-toto+json", "application/json"},
		"two signatures":            {sig, sig + "," + sig},
		"no signature":              {sig, ""},
		"a key twice":               {`"mediaType"`, `"mediaType":"x","mediaType"`},
		"an unknown key":            {`"mediaType"`, `"more":"x","mediaType"`},
		"another spelling of a key": {`"mediaType"`, `"media_type"`},
		"no verification material":  {`"publicKey"`, `"none"`},
		"a payload with a line end": {parsed.DSSE.Payload[:8], parsed.DSSE.Payload[:8] + "\\n"},
		"a payload twice":           {`"payload":`, `"payload":"","payload":`},
		"a payload of another form": {parsed.DSSE.Payload[:8], strings.ToUpper(parsed.DSSE.Payload[:8]) + "\\n"},
		"trailing bytes":            {whole, whole + "x"},
		"nothing":                   {whole, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(whole, test[0], test[1], 1)
			if changed == whole {
				t.Fatal("the test changes nothing")
			}
			if _, err := ParseBundle([]byte(changed)); !errors.Is(err, ErrBundle) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestParseBundleTakesWhatOtherWritersSpellOut(t *testing.T) {
	s := newTestSigner(t, ECDSAP256)
	var b map[string]any
	if err := json.Unmarshal(sample(t, s), &b); err != nil {
		t.Fatal(err)
	}
	b["verificationMaterial"].(map[string]any)["tlogEntries"] = []any{}
	b["dsseEnvelope"].(map[string]any)["signatures"].([]any)[0].(map[string]any)["keyid"] = ""
	spaced, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := ParseBundle(spaced)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parsed.Open(s.Key()); err != nil {
		t.Error(err)
	}
}

func TestSignatureOverOtherBytesIsRefused(t *testing.T) {
	ctx := context.Background()
	s := newTestSigner(t, Ed25519)
	raw := sample(t, s)
	parsed, err := ParseBundle(raw)
	if err != nil {
		t.Fatal(err)
	}
	for name, message := range map[string][]byte{
		"the bare payload":     parsed.payload,
		"under another type":   pae(PolicyMediaType, parsed.payload),
		"over other statement": pae(predicate.PayloadType, append([]byte(" "), parsed.payload...)),
	} {
		other := *parsed
		if other.signature, err = s.Sign(ctx, message); err != nil {
			t.Fatal(err)
		}
		if _, err := other.Open(s.Key()); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEd25519phIsRefused(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	b, err := ParseBundle(sample(t, s))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512(pae(predicate.PayloadType, b.payload))
	if b.signature, err = private.Sign(nil, sum[:], &ed25519.Options{Hash: crypto.SHA512}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Open(s.Key()); !errors.Is(err, ErrSignature) {
		t.Errorf("%v", err)
	}
}

func TestOnlyTwoKindsOfKeyAreTaken(t *testing.T) {
	for _, curve := range []elliptic.Curve{elliptic.P224(), elliptic.P384(), elliptic.P521()} {
		private, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		if _, err := ParseKey(text); !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", curve.Params().Name, err)
		}
		pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseSigner(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), "k", nil); diag.Exit(err) != 3 {
			t.Errorf("%s signs: %v", curve.Params().Name, err)
		}
	}
	good, err := newTestSigner(t, Ed25519).Key().PEM()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"two blocks": string(good) + string(good), "no PEM": "x", "nothing": "", "a private key": strings.ReplaceAll(string(good), "PUBLIC", "PRIVATE"),
		"too large": strings.Repeat("x", 65<<10) + string(good),
	} {
		if _, err := ParseKey([]byte(text)); !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeygenMakesKeysThatSign(t *testing.T) {
	word := func() ([]byte, error) { return []byte("correct horse"), nil }
	for _, algorithm := range []Algorithm{"", Ed25519} {
		pair, err := GenerateKey(word, KeyOptions{Algorithm: algorithm})
		if err != nil {
			t.Fatal(err)
		}
		s, err := ParseSigner(pair.Private, "k", word)
		if err != nil {
			t.Fatal(err)
		}
		public, err := ParseKey(pair.Public)
		if err != nil {
			t.Fatal(err)
		}
		if s.Key().Fingerprint() != public.Fingerprint() || pair.Key.Fingerprint() != public.Fingerprint() {
			t.Error("the halves are of two keys")
		}
		if _, err := ParseSigner(pair.Private, "k", func() ([]byte, error) { return []byte("wrong"), nil }); diag.Exit(err) != 3 {
			t.Errorf("a wrong password: %v", err)
		}
		if _, err := ParseSigner(pair.Private, "k", nil); diag.Exit(err) != 3 {
			t.Errorf("no password: %v", err)
		}
	}
}

func TestKeygenRefusesAnEmptyPasswordUnlessAsked(t *testing.T) {
	none := func() ([]byte, error) { return nil, nil }
	if _, err := GenerateKey(none, KeyOptions{}); diag.Exit(err) != 3 {
		t.Errorf("%v", err)
	}
	pair, err := GenerateKey(none, KeyOptions{EmptyPassword: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseSigner(pair.Private, "k", none); err != nil {
		t.Error(err)
	}
	if _, err := GenerateKey(none, KeyOptions{EmptyPassword: true, Algorithm: "rsa"}); diag.Exit(err) != 3 {
		t.Errorf("%v", err)
	}
}

func TestDemoKeysAreAPair(t *testing.T) {
	s, err := ParseSigner(readFile(t, "../testdata/keys/demo.key"), "demo.key", nil)
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseKey(readFile(t, "../testdata/keys/demo.pub"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Key().Fingerprint() != k.Fingerprint() {
		t.Error("demo.key and demo.pub are of two keys")
	}
}

// demoSigner is a key that is the same in every run, for fuzzing.
func demoSigner(t testing.TB) Signer {
	s, err := ParseSigner(readFile(t, "../testdata/keys/demo.key"), "demo.key", nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// FuzzBundle holds that no bytes but the signed ones are ever opened.
func FuzzBundle(f *testing.F) {
	s := demoSigner(f)
	whole := sample(f, s)
	signed, err := ParseBundle(whole)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(keylessBundle(f, whole))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := ParseBundle(raw)
		if err != nil {
			return
		}
		if _, err := b.Open(s.Key()); err == nil && !bytes.Equal(b.payload, signed.payload) {
			t.Errorf("a payload that was never signed was opened: %q", b.payload)
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add(readFile(f, "../testdata/keys/demo.pub"))
	f.Add(readFile(f, "../testdata/keys/demo.key"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		k, err := ParseKey(raw)
		if err != nil {
			return
		}
		text, err := k.PEM()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseKey(text)
		if err != nil || again.Fingerprint() != k.Fingerprint() {
			t.Errorf("%v", err)
		}
	})
}

// BenchmarkBOMBundle signs, reads and opens a BOM as large as that of 680 packages.
func BenchmarkBOMBundle(b *testing.B) {
	s := demoSigner(b)
	var components []map[string]any
	for range 680 {
		components = append(components, map[string]any{"name": "package", "version": "1.0.0", "hashes": strings.Repeat("0", 1400)})
	}
	document, err := json.Marshal(map[string]any{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(document)))
	for b.Loop() {
		statement, err := predicate.NewBOM(about, document)
		if err != nil {
			b.Fatal(err)
		}
		raw, err := Sign(context.Background(), s, statement)
		if err != nil {
			b.Fatal(err)
		}
		bundle, err := ParseBundle(raw)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := bundle.Open(s.Key()); err != nil {
			b.Fatal(err)
		}
	}
}
