package attest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/predicate"
)

// Options are what Verify may be given beside its arguments.
type Options struct {
	State State // remembers floors; nil for none
}

// Verify judges whether an environment accepts an image, by the moment that the
// trust file was checked at. It always gives a verdict; trouble on the way is an
// Unknown check in it. An accepted image raises the floors of opt.State.
func Verify(ctx context.Context, trust Trust, environment string, subject Subject, source Source, opt Options) *Verdict {
	j := judgement{Verdict: &Verdict{
		subject: subject, environment: environment, policy: trust.policy, now: trust.now, checks: trust.Checks(),
	}, state: opt.State}
	if trust.policy == nil {
		j.add(CheckTrustRoot, Unknown, "a trust file", "none was checked", "name one with --trust")
		return j.Verdict
	}
	j.trustVersion(ctx)
	if j.Decision() != Accept {
		return j.Verdict // an untrusted file says nothing, neither for the image nor against it
	}
	env := trust.policy.environment(environment)
	if env == nil {
		var names []string
		for _, e := range trust.policy.Environments {
			names = append(names, e.Name)
		}
		j.add(CheckEnvironment, Fail, "an environment that "+trust.policy.File+" has", fmt.Sprintf("it has no %q", environment),
			near(environment, names, "use --environment with one of "+strings.Join(names, ", ")))
		return j.Verdict
	}
	j.env = env
	j.add(CheckEnvironment, Pass, "an environment that "+trust.policy.File+" has", environment, "")
	j.read(ctx, source)
	met := map[Require]bool{}
	for _, q := range env.Requirements {
		if q.Kind == RequireRelease {
			met[q.Kind] = j.require(q)
		}
	}
	j.image()
	for _, q := range env.Requirements {
		if q.Kind != RequireRelease && q.Kind != RequirePod {
			met[q.Kind] = j.require(q)
		}
	}
	if env.requirement(RequireRelease) != nil {
		j.floor(ctx)
	}
	j.evidenceCheck(met)
	j.remember(ctx)
	j.order()
	return j.Verdict
}

// judgement is a verdict in the making.
type judgement struct {
	*Verdict
	env        *Environment
	state      State
	signed     []signed
	keyless    []predicate.Type // claims of certificates; never counted
	attached   int              // what may hold a statement that a requirement asks for
	opened     int              // ... and was read
	unread     []Unread
	readErr    error
	odd        []string           // what did not count, and why
	release    *predicate.Release // the one that counts, nil where none does
	repository string             // the subject's, or as the release names it
}

// signed is a statement whose signature was verified with a member's key.
type signed struct {
	statement *predicate.Statement
	member    string
	key       cas.Digest // its fingerprint
	digest    cas.Digest // of the bundle
	item      Item
	judged    *judged
}

// judged is what judging a statement came to, which is asked again as more is read.
type judged struct {
	done    bool
	release *predicate.Release
	doubt   doubt
}

func (j *judgement) add(id CheckID, r Result, need, have, remedy string, evidence ...string) {
	slices.Sort(evidence)
	evidence = append([]string{}, slices.Compact(evidence)...)
	if r == Pass {
		remedy = ""
	}
	j.checks = append(j.checks, Check{id, r, need, have, evidence, remedy})
}

// order sorts the checks as Checks lists them.
func (j *judgement) order() {
	place := map[CheckID]int{}
	for i, c := range Checks {
		place[c.ID] = i
	}
	slices.SortStableFunc(j.checks, func(a, b Check) int { return place[a.ID] - place[b.ID] })
}

// trustVersion holds the trust file to the newest one that was seen.
func (j *judgement) trustVersion(ctx context.Context) {
	if j.state == nil {
		return
	}
	floor, err := j.state.Floor(ctx, j.trustKey())
	if err != nil {
		j.add(CheckTrustVersion, Unknown, "what --state remembers of the trust file", "it can't be read: "+err.Error(), "restore the folder of --state")
		return
	}
	result := Pass
	if !floor.allows(j.policy.Version, j.policy.digest) {
		result = Unknown
	}
	j.add(CheckTrustVersion, result, fmt.Sprintf("version %d as it was seen, or a later one", floor.Counter),
		fmt.Sprintf("version %d, sha256:%s", j.policy.Version, j.policy.digest), "fetch the newest "+j.policy.File+"; a changed file needs a higher version")
}

func (j *judgement) trustKey() string { return "trust " + j.policy.Name }

func (j *judgement) releaseKey(repository string) string {
	return "release " + j.environment + " " + plainRepository(repository)
}

// image holds the repository to the environment's patterns. A layout is in no
// repository: then the one counts that a trusted release of this digest names.
func (j *judgement) image() {
	need := "a repository that fits " + strings.Join(j.env.Images, ", ")
	j.repository = j.subject.Repository
	have := j.repository
	if j.repository == "" && j.release != nil {
		j.repository = j.release.Repository
		have = j.repository + ", as its signed release says"
	}
	if j.repository == "" {
		j.add(CheckImage, j.openRelease(), need, "a layout is in no repository, and no trusted release names one", "release it: `nbuild release --key KEY --trust FILE --root FINGERPRINT`")
		return
	}
	result := Fail
	for _, pattern := range j.env.Images {
		if matches(pattern, j.repository) {
			result = Pass
		}
	}
	j.add(CheckImage, result, need, have, fmt.Sprintf("run it from such a repository, or add %q to images of environment %q in %s", j.repository, j.env.Name, j.policy.File))
}

// evidenceCheck says whether what could not be read would have been needed.
func (j *judgement) evidenceCheck(met map[Require]bool) {
	all := true
	for _, ok := range met {
		all = all && ok
	}
	need := "everything attached that a requirement needs"
	have := fmt.Sprintf("%d attached, %d verified", j.attached, len(j.signed))
	if n := j.attached - j.opened - len(j.unread); n > 0 && all {
		have += fmt.Sprintf("; %d more were not needed", n)
	}
	if len(j.odd) > 0 {
		have += "; not counted: " + strings.Join(j.odd[:min(len(j.odd), 8)], "; ")
	}
	if j.readErr == nil && len(j.unread) == 0 {
		j.add(CheckEvidence, Pass, need, have, "")
		return
	}
	remedy := "look whether the registry is in reach, and run it again"
	if j.readErr != nil {
		have = "it could not be listed: " + j.readErr.Error()
		if p := diag.All(j.readErr); len(p) > 0 {
			remedy = p[0].Remedy
		}
	} else {
		have += fmt.Sprintf("; %d could not be read, the first: %s: %v", len(j.unread), j.unread[0].Name, j.unread[0].Err)
	}
	if errors.Is(j.readErr, ErrTime) || slices.ContainsFunc(j.unread, func(u Unread) bool { return errors.Is(u.Err, ErrTime) }) {
		remedy = "look why the registry is slow, or give it more time: `--timeout 15m`"
	}
	result := Pass
	for _, q := range j.env.Requirements {
		if q.Kind != RequirePod && !met[q.Kind] && j.incomplete(q) {
			result = Unknown
		}
	}
	j.add(CheckEvidence, result, need, have, remedy)
}

// openRelease is the result of what hangs on a release where none counts: unknown
// as long as the release itself is.
func (j *judgement) openRelease() Result {
	for _, c := range j.checks {
		if c.ID == CheckRelease && c.Result == Unknown {
			return Unknown
		}
	}
	return Fail
}

// incomplete reports whether there may be evidence for a requirement that was not read.
// What was not read counts for the type that it claims, or for any where it claims none.
func (j *judgement) incomplete(q Requirement) bool {
	return j.readErr != nil || slices.ContainsFunc(j.unread, func(u Unread) bool { return u.Type == "" || u.Type == evidence[q.Kind] })
}
