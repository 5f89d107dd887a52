package attest

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
)

// ParsePolicy reads a trust file. name is as the user would type it; files is the
// folder that the trust file stands in, where its key files are, and may be nil
// where all keys stand inside. The error is a diag.Problems with all that is
// wrong, in source order.
func ParsePolicy(src []byte, name string, files fs.FS) (*Policy, error) {
	file, err := hclfile.Parse(src, name)
	if err != nil {
		return nil, err
	}
	body, problems := file.Decode(&grammar)
	r := policyReader{
		Reader: hclfile.Reader{File: file, Problems: problems, Plain: true}, files: files,
		owner: map[cas.Digest]string{}, roots: map[cas.Digest]string{},
	}
	p := &Policy{File: name, digest: cas.Sum(src), source: slices.Clone(src)}
	trusts := body.Of("trust")
	if len(trusts) > 0 {
		r.policy(p, trusts[0])
	}
	for _, extra := range trusts[min(1, len(trusts)):] {
		r.Problem(extra.Range, CodeTrustName, "a second trust block", "one file is one policy", "move it to a file of its own")
	}
	if len(r.Problems) > 0 {
		r.Problems.Sort()
		return nil, r.Problems.Err()
	}
	return p, nil
}

// policyReader turns the body into a Policy and collects what makes no sense.
type policyReader struct {
	hclfile.Reader
	files fs.FS
	owner map[cas.Digest]string // member names by key
	roots map[cas.Digest]string // root key names by key
	sound bool                  // whether nothing is wrong with teams and members
}

func (r *policyReader) policy(p *Policy, b *hclfile.Body) {
	p.Name = b.Labels[0]
	p.Version = r.Int(b, "version", 1, 1)
	p.Expires = r.moment(b, "expires")
	if root := b.One("root"); root != nil {
		p.Root = r.root(root)
	}
	teams := map[string]cty.Value{}
	for _, t := range b.Of("team") {
		teams[t.Labels[0]] = cty.StringVal(t.Labels[0])
		p.Teams = append(p.Teams, r.parseTeam(t))
	}
	r.Context = &hcl.EvalContext{Variables: map[string]cty.Value{"team": cty.ObjectVal(teams)}}
	members := map[string]bool{}
	for _, t := range p.Teams {
		for _, m := range t.Members {
			members[m.Name] = true
		}
	}
	for _, v := range b.Of("revoke") {
		name := v.Labels[0]
		if !members[name] {
			r.Problem(v.Range, CodeTrustName, fmt.Sprintf("no member is named %q", name),
				"a revocation of nobody would pass for one that works", near(name, slices.Sorted(maps.Keys(members)), "name a member of a team"))
		}
		p.Revocations = append(p.Revocations, Revocation{Member: name, Effective: r.moment(v, "effective"), Reason: r.String(v, "reason")})
	}
	r.sound = len(r.Problems) == 0
	for _, e := range b.Of("environment") {
		p.Environments = append(p.Environments, r.environment(p, e))
	}
}

func (r *policyReader) root(b *hclfile.Body) Root {
	root := Root{Threshold: int(r.Int(b, "threshold", 1, 1))}
	for _, k := range b.Of("key") {
		key, ok := r.key(k)
		if !ok {
			continue
		}
		if other, twice := r.roots[key.Fingerprint()]; twice {
			r.Problem(k.Range, CodeTrustSharedKey, fmt.Sprintf("root keys %q and %q are the same key", other, k.Labels[0]),
				"one person would count twice", "give each root key a key of its own")
		}
		r.roots[key.Fingerprint()] = k.Labels[0]
		root.Keys = append(root.Keys, RootKey{Name: k.Labels[0], Key: key})
	}
	if n := len(b.Of("key")); n > 0 && root.Threshold > n {
		r.Problem(b.At("threshold"), CodeTrustThreshold, fmt.Sprintf("a threshold of %d with %d root keys", root.Threshold, n),
			"this file could never be signed", fmt.Sprintf("write threshold = %d, or add keys", n))
	}
	return root
}

func (r *policyReader) parseTeam(b *hclfile.Body) Team {
	t := Team{Name: b.Labels[0]}
	for _, m := range b.Of("member") {
		member := Member{
			Name: m.Labels[0], Identity: r.String(m, "identity"), Issuer: r.String(m, "issuer"), Builders: r.Strings(m, "builders"),
		}
		for _, k := range m.Of("key") {
			mk := MemberKey{From: r.moment(k, "from"), Until: r.moment(k, "until")}
			var ok bool
			if mk.Key, ok = r.key(k); !ok {
				continue
			}
			if !mk.From.IsZero() && !mk.Until.IsZero() && !mk.From.Before(mk.Until) {
				r.Problem(k.At("until"), CodeTrustValue, "the key ceases to count before it begins", "", "set until after from")
			}
			if other, taken := r.owner[mk.Key.Fingerprint()]; taken && other != member.Name {
				r.Problem(k.Range, CodeTrustSharedKey, fmt.Sprintf("members %q and %q have the same key", other, member.Name),
					"one key would count as two people", "give each member a key of its own, or one name to the two")
			}
			if slices.ContainsFunc(member.Keys, func(k MemberKey) bool { return k.Key.Fingerprint() == mk.Key.Fingerprint() }) {
				r.Problem(k.Range, CodeTrustSharedKey, fmt.Sprintf("member %q has the same key twice", member.Name),
					"only one of the two spans of time would be looked at", "keep the one key block whose from and until are meant")
			}
			r.owner[mk.Key.Fingerprint()] = member.Name
			member.Keys = append(member.Keys, mk)
		}
		if (member.Identity == "") != (member.Issuer == "") {
			r.Problem(m.Range, CodeTrustValue, fmt.Sprintf("member %q has only one of identity and issuer", member.Name),
				"an identity means nothing without who vouches for it", "write both lines, or neither")
		}
		if len(m.Of("key")) == 0 && !m.Has("identity") && !m.Has("issuer") {
			r.Problem(m.Range, CodeTrustValue, fmt.Sprintf("member %q has no key and no identity", member.Name),
				"nothing could ever count for it", "add a key block, or identity and issuer")
		}
		t.Members = append(t.Members, member)
	}
	return t
}

func (r *policyReader) environment(p *Policy, b *hclfile.Body) Environment {
	e := Environment{Name: b.Labels[0], Images: r.Strings(b, "images")}
	if b.Has("images") && len(e.Images) == 0 {
		r.Problem(b.At("images"), CodeTrustValue, "no image may run in "+e.Name, "an empty list allows nothing", `name a repository, such as images = ["registry.example.com/shop/**"]`)
	}
	for _, pattern := range e.Images {
		if err := checkPattern(pattern); err != nil {
			r.Problem(b.At("images"), CodeTrustValue, fmt.Sprintf("%q is no pattern of repositories: %v", pattern, err), "",
				"write a repository without tag or digest; * stands within a path element, ** for any number of them")
		}
	}
	for _, q := range b.Of("require") {
		e.Requirements = append(e.Requirements, r.requirement(p, q))
	}
	evident := slices.ContainsFunc(e.Requirements, func(q Requirement) bool { return q.Kind != RequirePod })
	if !evident {
		r.Problem(b.Range, CodeTrustValue, fmt.Sprintf("environment %q requires no evidence", e.Name),
			"every image with a fitting name would be accepted", `add a block, such as require "release" { team = team.NAME }`)
	}
	released := e.requirement(RequireRelease) != nil
	e.DenyRollback = released && r.String(b, "rollback") != "allow"
	if !released && (r.String(b, "rollback") == "deny" || b.Has("minimum_release")) {
		at := b.At("rollback")
		if !b.Has("rollback") {
			at = b.At("minimum_release")
		}
		r.Problem(at, CodeTrustValue, "releases are compared, and none is required", "the counter stands in the release statement",
			`add require "release" { team = team.NAME }`)
	}
	if v := r.Value(b, "minimum_release"); v != cty.NilVal {
		e.MinimumRelease = map[string]int64{}
		for repository, n := range v.AsValueMap() {
			f, exact := n.AsBigFloat().Int64()
			if exact != 0 || f < 1 || f > 1<<53 {
				r.Problem(b.At("minimum_release"), CodeTrustValue, fmt.Sprintf("the minimum release of %q is no whole number from 1", repository), "", "write a number such as 41")
			}
			if err := checkPattern(repository); err != nil || strings.Contains(repository, "*") {
				r.Problem(b.At("minimum_release"), CodeTrustValue, fmt.Sprintf("%q is no repository", repository), "", "write one repository without tag, digest or *")
			}
			plain := plainRepository(repository)
			if _, twice := e.MinimumRelease[plain]; twice {
				r.Problem(b.At("minimum_release"), CodeTrustValue, fmt.Sprintf("%s stands twice, under two names", plain), "only one of the numbers would count", "keep one of the lines")
			}
			e.MinimumRelease[plain] = f
		}
	}
	return e
}

func (r *policyReader) requirement(p *Policy, b *hclfile.Body) Requirement {
	kinds := []string{string(RequireProvenance), string(RequireSBOM), string(RequireRelease), string(RequireReview), string(RequireRebuild), string(RequirePod)}
	q := Requirement{
		Kind: Require(b.Labels[0]), Team: r.String(b, "team"),
		Threshold: int(r.Int(b, "threshold", 1, 1)), Builders: r.Strings(b, "builders"), Except: r.Strings(b, "except"),
	}
	if !slices.Contains(kinds, string(q.Kind)) {
		r.Problem(b.Range, CodeTrustName, fmt.Sprintf("nothing can be required that is named %q", q.Kind), "", near(string(q.Kind), kinds, "use one of "+strings.Join(kinds, ", ")))
		return q
	}
	only := func(attr string, of ...Require) {
		if b.Has(attr) && !slices.Contains(of, q.Kind) {
			r.Problem(b.At(attr), CodeTrustValue, fmt.Sprintf("require %q has no %s", q.Kind, attr), "it would be ignored", "remove the line")
		}
	}
	signed := []Require{RequireProvenance, RequireSBOM, RequireRelease, RequireReview, RequireRebuild}
	only("team", signed...)
	only("threshold", signed...)
	only("builders", RequireProvenance)
	only("except", RequireRebuild)
	only("max_age", RequireRelease, RequireReview)
	if q.Kind == RequirePod {
		return q
	}
	if !b.Has("team") {
		r.Problem(b.Range, CodeTrustValue, fmt.Sprintf("require %q names no team", q.Kind), "anybody's signature would do", "add a line: team = team.NAME")
	} else if t := p.team(q.Team); q.Team != "" && t == nil {
		r.Problem(b.At("team"), CodeTrustName, fmt.Sprintf("there is no team %q", q.Team), "", "refer to a team of this file, as team.NAME")
	} else if t != nil && q.Threshold > len(t.Members) {
		r.Problem(b.At("threshold"), CodeTrustThreshold, fmt.Sprintf("a threshold of %d, and team %s has %d members", q.Threshold, t.Name, len(t.Members)),
			"no image could ever be accepted", fmt.Sprintf("write threshold = %d, or add members", len(t.Members)))
	} else if t != nil && r.sound {
		r.reachable(p, t, q, b)
	}
	if b.Has("builders") && len(q.Builders) == 0 {
		r.Problem(b.At("builders"), CodeTrustValue, "no builder is taken", "an empty list reads as any to some and as none to others", "name a builder id, or remove the line")
	}
	if b.Has("max_age") {
		q.MaxAge = r.span(b, "max_age")
	}
	return q
}

// key reads a key that stands inside, or in a file that is held to its
// fingerprint.
func (r *policyReader) key(b *hclfile.Body) (Key, bool) {
	pem, path, sum := r.String(b, "pem"), r.String(b, "file"), r.String(b, "sha256")
	if b.Has("pem") == b.Has("file") || b.Has("file") && !b.Has("sha256") {
		r.Problem(b.Range, CodeTrustKey, "a key is given as pem, or as file with sha256",
			"a file without its fingerprint could be swapped", "write pem = \"…\", or both file = \"…\" and sha256 = \"…\"")
		return Key{}, false
	}
	text, at := []byte(pem), b.At("pem")
	if b.Has("file") {
		at = b.At("file")
		var err error
		if text, err = r.keyFile(path); err != nil {
			p := r.File.Problem(at, CodeTrustKey, "the key file can't be read", "", "put the public key at this path, relative to "+r.File.Name)
			p.Err = err
			r.Problems = append(r.Problems, p)
			return Key{}, false
		}
	}
	key, err := ParseKey(text)
	if err != nil {
		p := r.File.Problem(at, CodeTrustKey, "the key can't be read", "keys are ECDSA P-256 or Ed25519, as \"PUBLIC KEY\" in PEM", "put the .pub file here that `nbuild keygen` wrote")
		p.Err = err
		r.Problems = append(r.Problems, p)
		return Key{}, false
	}
	if b.Has("sha256") {
		want, err := cas.ParseDigest(sum)
		if err != nil {
			r.Problem(b.At("sha256"), CodeTrustValue, "sha256 is no fingerprint", "it is 64 lower-case hexadecimal digits", "write the fingerprint that `nbuild keygen` printed")
			return Key{}, false
		}
		if want != key.Fingerprint() {
			r.Problem(at, CodeTrustKeyFile, "the key is not the one that sha256 names: it is "+key.Fingerprint().String(),
				"the key was swapped, or the fingerprint was not renewed with it", "bring the right key back; where the change is meant, write the new fingerprint and sign the file anew")
			return Key{}, false
		}
	}
	return key, true
}

func (r *policyReader) keyFile(path string) ([]byte, error) {
	if r.files == nil {
		return nil, fmt.Errorf("reading key: %w", fs.ErrNotExist)
	}
	if !fs.ValidPath(path) {
		return nil, fmt.Errorf("reading key: %q leads out of the trust file's folder", path)
	}
	if info, err := fs.Stat(r.files, path); err != nil {
		return nil, fmt.Errorf("reading key: %w", err)
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("reading key: %q is no regular file", path) // a pipe would block
	}
	f, err := r.files.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading key: %w", err)
	}
	defer f.Close()
	return readBounded(f, bounds.KeyFile)
}

// near is the remedy for a misspelt name.
func near(name string, names []string, otherwise string) string {
	if n := diag.Nearest(name, names); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	return otherwise
}
