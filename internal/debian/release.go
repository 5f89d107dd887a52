package debian

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
)

// errSignature reports text that no key of the ring signed.
var errSignature = errors.New("not signed by a key of the archive")

// release is what a verified InRelease file says (DebianRepository/Format,
// "Release files").
type release struct {
	origin, suite, codename, version string

	date          time.Time
	validUntil    time.Time // zero where it does not expire
	architectures []string
	components    []string
	byHash        bool
	files         map[string]listed // by path below dists/SUITE
	signer        string            // fingerprint of the primary key
}

// listed is a file that a release vouches for.
type listed struct {
	sum  cas.Digest
	size int64
}

// openRelease verifies an InRelease file at a time and reads what was signed. One
// good signature suffices: a file has one of each generation of keys.
func openRelease(src []byte, ring *Keyring, now time.Time) (*release, error) {
	signed, armored, err := cleartext(src)
	if err != nil {
		return nil, err
	}
	signer, err := ring.verify(signed, armored, now)
	if err != nil {
		return nil, err
	}
	r, err := parseRelease(signed)
	if err != nil {
		return nil, err
	}
	r.signer = fingerprint(signer)
	return r, nil
}

// cleartext parts a cleartext-signed file into the signed text and its signatures
// (RFC 9580 §7). Nothing may stand before or after, and the text is what the
// signature covers, not what a reader might see around it.
func cleartext(src []byte) (signed, signatures []byte, err error) {
	if len(src) > bounds.Release {
		return nil, nil, fmt.Errorf("%w: over the bound of %d bytes", errSignature, bounds.Release)
	}
	if !bytes.HasPrefix(src, []byte("-----BEGIN PGP SIGNED MESSAGE-----")) {
		return nil, nil, fmt.Errorf("%w: it does not begin as a signed message", errSignature)
	}
	block, rest := clearsign.Decode(src)
	if block == nil || block.ArmoredSignature == nil {
		return nil, nil, fmt.Errorf("%w: it is no signed message", errSignature)
	}
	signatures, err = io.ReadAll(io.LimitReader(block.ArmoredSignature.Body, bounds.KeyFile))
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errSignature, err)
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, nil, fmt.Errorf("%w: text stands after the signature", errSignature)
	}
	return block.Bytes, signatures, nil
}

// strongHashes are the digests that a signature may be over.
var strongHashes = map[crypto.Hash]bool{crypto.SHA256: true, crypto.SHA384: true, crypto.SHA512: true}

// verify returns who signed, if one of the signatures is good.
func (ring *Keyring) verify(signed, signatures []byte, now time.Time) (*openpgp.Entity, error) {
	config := &packet.Config{Time: func() time.Time { return now }}
	why := errSignature
	packets := packet.NewReader(bytes.NewReader(signatures))
	for range 16 {
		p, err := packets.Next()
		if err != nil {
			break
		}
		sig, ok := p.(*packet.Signature)
		if !ok {
			continue
		}
		if !strongHashes[sig.Hash] {
			why = fmt.Errorf("%w: a signature over a %v", errSignature, sig.Hash)
			continue
		}
		var one bytes.Buffer
		if err := sig.Serialize(&one); err != nil {
			continue
		}
		signer, err := openpgp.CheckDetachedSignature(ring.keys, bytes.NewReader(signed), &one, config)
		if err == nil && signer != nil {
			return signer, nil
		}
		if err != nil {
			why = fmt.Errorf("%w: %w", errSignature, err)
		}
	}
	return nil, why
}

// parseRelease reads the fields. It is called with verified text only.
func parseRelease(signed []byte) (*release, error) {
	p, err := one(signed)
	if err != nil {
		return nil, err
	}
	r := &release{
		origin: p.get("Origin"), suite: p.get("Suite"), codename: p.get("Codename"), version: p.get("Version"),
		architectures: strings.Fields(p.get("Architectures")),
		components:    strings.Fields(p.get("Components")),
		byHash:        p.get("Acquire-By-Hash") == "yes",
		files:         map[string]listed{},
	}
	if r.date, err = releaseTime(p.get("Date")); err != nil {
		return nil, fmt.Errorf("%w: Date: %w", errControl, err)
	}
	if until := p.get("Valid-Until"); until != "" {
		if r.validUntil, err = releaseTime(until); err != nil {
			return nil, fmt.Errorf("%w: Valid-Until: %w", errControl, err)
		}
	}
	for line := range strings.Lines(p.get("SHA256")) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if len(words) != 3 {
			return nil, fmt.Errorf("%w: SHA256: %.80q", errControl, line)
		}
		sum, err := cas.ParseDigest(words[0])
		if err != nil {
			return nil, fmt.Errorf("%w: SHA256: %w", errControl, err)
		}
		size, err := strconv.ParseInt(words[1], 10, 64)
		if err != nil || size < 0 {
			return nil, fmt.Errorf("%w: SHA256: size %.40q", errControl, words[1])
		}
		if _, twice := r.files[words[2]]; twice {
			return nil, fmt.Errorf("%w: SHA256: %.80q stands twice", errControl, words[2])
		}
		r.files[words[2]] = listed{sum, size}
	}
	return r, nil
}

// releaseTime reads a date as archives write them, always in UTC.
func releaseTime(text string) (time.Time, error) {
	for _, zone := range []string{" UTC", " GMT", " +0000"} {
		if at, ok := strings.CutSuffix(text, zone); ok {
			t, err := time.Parse("Mon, _2 Jan 2006 15:04:05", at)
			return t.UTC(), err
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is no date in UTC", text)
}

// has reports whether the release is of the suite, by either of its names.
func (r *release) has(suite string) bool {
	return suite != "" && (r.codename == suite || r.suite == suite)
}

// indexes are the names that a component's list of packages may have, the best to
// read first: gzip costs a third more to bring than xz, and a seventh of the time to
// unpack.
func (r *release) indexes(component, arch string) []string {
	var names []string
	for _, ext := range []string{".gz", ".xz"} {
		name := component + "/binary-" + arch + "/Packages" + ext
		if _, ok := r.files[name]; ok && slices.Contains(r.components, component) && slices.Contains(r.architectures, arch) {
			names = append(names, name)
		}
	}
	return names
}
