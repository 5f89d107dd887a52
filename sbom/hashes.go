package sbom

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/nbuild/nbuild/internal/cas"
)

// sriAlgorithms maps the algorithms of Subresource Integrity (W3C SRI §3.1, and
// sha1 as npm has it) to CycloneDX's names and the digest's length in bytes.
var sriAlgorithms = map[string]struct {
	name cdx.HashAlgorithm
	size int
}{
	"sha512": {cdx.HashAlgoSHA512, 64},
	"sha384": {cdx.HashAlgoSHA384, 48},
	"sha256": {cdx.HashAlgoSHA256, 32},
	"sha1":   {cdx.HashAlgoSHA1, 20},
}

// hashes writes an integrity and a SHA-256 as CycloneDX hashes, by algorithm. What
// is malformed is left out: who pinned it has refused it already.
func hashes(integrity string, sum cas.Digest) *[]cdx.Hash {
	var out []cdx.Hash
	if !sum.IsZero() {
		out = append(out, cdx.Hash{Algorithm: cdx.HashAlgoSHA256, Value: sum.String()})
	}
	for one := range strings.FieldsSeq(integrity) {
		name, value, _ := strings.Cut(one, "-")
		value, _, _ = strings.Cut(value, "?")
		algorithm, ok := sriAlgorithms[name]
		raw, err := base64.StdEncoding.DecodeString(value)
		if !ok || err != nil || len(raw) != algorithm.size {
			continue
		}
		out = append(out, cdx.Hash{Algorithm: algorithm.name, Value: hex.EncodeToString(raw)})
	}
	if len(out) == 0 {
		return nil
	}
	slices.SortFunc(out, func(a, b cdx.Hash) int {
		return cmp.Or(strings.Compare(string(a.Algorithm), string(b.Algorithm)), strings.Compare(a.Value, b.Value))
	})
	out = slices.Compact(out)
	return &out
}
