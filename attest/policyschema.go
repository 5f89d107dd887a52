package attest

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/nbuild/nbuild/internal/hclfile"
)

// keyAttrs are how a key stands in trust.hcl: inside, or in a file held to its
// fingerprint.
var keyAttrs = []hclfile.Attr{
	{Name: "pem", Type: cty.String, Doc: "the public key itself"},
	{Name: "file", Type: cty.String, Doc: "a file with the public key, relative to trust.hcl"},
	{Name: "sha256", Type: cty.String, Doc: "the SHA-256 of the key's SubjectPublicKeyInfo, needed with file"},
}

// grammar is the whole of trust.hcl.
var grammar = hclfile.Schema{Blocks: []hclfile.Block{{
	Name: "trust", Labels: []string{"NAME"}, Required: true, Doc: "who is trusted with what",
	Body: hclfile.Schema{
		Attrs: []hclfile.Attr{
			{Name: "version", Type: cty.Number, Required: true, Doc: "a whole number that grows with every change"},
			{Name: "expires", Type: cty.String, Required: true, Doc: "when the file stops being trusted, RFC 3339"},
		},
		Blocks: []hclfile.Block{
			{Name: "root", Required: true, Doc: "the keys that sign this file", Body: hclfile.Schema{
				Attrs:  []hclfile.Attr{{Name: "threshold", Type: cty.Number, Required: true, Doc: "how many of the keys must sign"}},
				Blocks: []hclfile.Block{{Name: "key", Labels: []string{"NAME"}, Required: true, Doc: "a root key", Body: hclfile.Schema{Attrs: keyAttrs}}},
			}},
			{Name: "team", Labels: []string{"NAME"}, Doc: "a group of members", Body: hclfile.Schema{
				Blocks: []hclfile.Block{{Name: "member", Labels: []string{"NAME"}, Required: true, Doc: "a person or a machine", Body: hclfile.Schema{
					Attrs: []hclfile.Attr{
						{Name: "identity", Type: cty.String, Doc: "the identity in a keyless signer's certificate"},
						{Name: "issuer", Type: cty.String, Doc: "who vouches for the identity"},
						{Name: "builders", Type: cty.List(cty.String), Doc: "the builder ids that the member may speak for"},
					},
					Blocks: []hclfile.Block{{Name: "key", Repeat: true, Doc: "a key of the member", Body: hclfile.Schema{Attrs: append([]hclfile.Attr{
						{Name: "from", Type: cty.String, Doc: "when the key begins to count, RFC 3339"},
						{Name: "until", Type: cty.String, Doc: "when the key ceases to count, RFC 3339"},
					}, keyAttrs...)}}},
				}}},
			}},
			{Name: "revoke", Labels: []string{"MEMBER"}, Doc: "a member that counts no more", Body: hclfile.Schema{Attrs: []hclfile.Attr{
				{Name: "effective", Type: cty.String, Required: true, Doc: "since when, RFC 3339"},
				{Name: "reason", Type: cty.String, Required: true, Doc: "why, for those who read a rejection"},
			}}},
			{Name: "environment", Labels: []string{"NAME"}, Doc: "a place where images run", Body: hclfile.Schema{
				Attrs: []hclfile.Attr{
					{Name: "images", Type: cty.List(cty.String), Required: true, Doc: "the repositories that may run there; * is within a path element, ** is any number of them"},
					{Name: "rollback", Type: cty.String, OneOf: []string{"deny", "allow"}, Default: "deny, where a release is required", Doc: "whether an older release may follow a newer one"},
					{Name: "minimum_release", Type: cty.Map(cty.Number), Doc: "the lowest release counter, by repository"},
				},
				Blocks: []hclfile.Block{{Name: "require", Labels: []string{"KIND"}, Doc: "provenance, sbom, release, review, rebuild or pod", Body: hclfile.Schema{Attrs: []hclfile.Attr{
					{Name: "team", Type: cty.String, Refers: "team", Doc: "whose members must sign, as team.NAME"},
					{Name: "threshold", Type: cty.Number, Default: "1", Doc: "how many distinct members"},
					{Name: "builders", Type: cty.List(cty.String), Doc: "of provenance: the builder ids that are taken"},
					{Name: "except", Type: cty.List(cty.String), Doc: "of rebuild: the steps that are known not to make the same, whose outputs may be taken as they were"},
					{Name: "max_age", Type: cty.String, Doc: "of release and review: how long after it was issued it counts, such as 720h"},
				}}}},
			}},
		},
	},
}}}
