package attest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nbuild/nbuild/internal/predicate"
)

// require counts the distinct members whose statements meet a requirement, and
// adds the check. It reports whether it is met.
func (j *judgement) require(q Requirement) bool {
	votes := j.votes(q)
	names, evidence := []string{}, []string{}
	for _, v := range votes.counted {
		names, evidence = append(names, v.member), append(evidence, v.digest.String())
	}
	slices.Sort(names)
	names = slices.Compact(names)
	need := fmt.Sprintf("%s by %d of team %s", q.Kind, q.Threshold, q.Team)
	if len(q.Builders) > 0 {
		need += ", from " + strings.Join(q.Builders, " or ")
	}
	if q.MaxAge > 0 {
		need += fmt.Sprintf(", no older than %s", q.MaxAge)
	}
	have := fmt.Sprintf("%d", len(names))
	if len(names) > 0 {
		have += ": " + strings.Join(names, ", ")
	}
	result, remedy := Fail, remedies[q.Kind]
	notes := []string{}
	for _, n := range votes.notes {
		notes = append(notes, n.why)
		if n.remedy != "" {
			remedy = n.remedy
		}
	}
	if len(notes) > 0 {
		have += "; not counted: " + strings.Join(notes[:min(len(notes), 8)], "; ")
	}
	short, mend := j.policy.short(q, j.now)
	switch {
	case len(names) >= q.Threshold:
		result = Pass
	case short != "": // what was not read could not help
		have, remedy = have+"; "+short, mend
	case j.incomplete(q):
		result, remedy = Unknown, "look whether the registry is in reach, and run it again"
	case j.keylessCould(q):
		result, have = Unknown, have+"; a certificate's signature is there, which this version does not judge"
		remedy = "have a member sign with a key: " + remedies[q.Kind]
	}
	j.add(requirementCheck[q.Kind], result, need, have, remedy, evidence...)
	return result == Pass
}

// remedies are the commands that give what a requirement asks for.
var remedies = map[Require]string{
	RequireProvenance: "`nbuild release --key KEY --trust FILE --root FINGERPRINT`, run by a builder that the trust file binds to the member",
	RequireSBOM:       "`nbuild release --key KEY --trust FILE --root FINGERPRINT`",
	RequireRelease:    "`nbuild release --key KEY --trust FILE --root FINGERPRINT`, for this environment",
	RequireRebuild:    "`nbuild rebuild IMAGE --source DIR --attest --key KEY`, by one more member of the team",
	RequireReview:     "a statement of https://nbuild.dev/review/v1 about this image, signed by one more member of the team",
}

// votes are statements that count, and notes on those that do not.
type votes struct {
	counted []signed
	notes   []doubt
}

// doubt is why a statement does not count, "" where it does, and what mends it where that
// is not what gives any statement of its kind.
type doubt struct{ why, remedy string }

// offer is what the members of a release must agree on.
type offer struct {
	counter    int64
	repository string
}

// votes sorts the statements of the requirement's kind. Those of a release must
// agree on counter and repository; the highest counter with enough members stands.
func (j *judgement) votes(q Requirement) votes {
	var out votes
	team := j.policy.team(q.Team)
	releases := map[offer][]signed{}
	bodies := map[offer]*predicate.Release{}
	for _, s := range j.signed {
		if s.statement.Type != evidence[q.Kind] {
			continue
		}
		if !s.judged.done {
			s.judged.done = true
			if s.judged.doubt.why = j.standing(team, q.Team, s); s.judged.doubt.why == "" {
				s.judged.release, s.judged.doubt = j.judge(q, team.member(s.member), s.statement)
			}
		}
		release, not := s.judged.release, s.judged.doubt
		switch {
		case not.why != "":
			out.notes = append(out.notes, doubt{s.member + " " + not.why, not.remedy})
		case release != nil:
			o := offer{release.Counter, release.Repository}
			releases[o], bodies[o] = append(releases[o], s), release
		default:
			out.counted = append(out.counted, s)
		}
	}
	offers := slices.SortedFunc(maps.Keys(releases), func(a, b offer) int {
		return cmp.Or(cmp.Compare(a.counter, b.counter), cmp.Compare(a.repository, b.repository))
	})
	for _, o := range offers { // the last with enough members, else the one with the most
		have := distinct(releases[o])
		if have >= q.Threshold {
			j.release = bodies[o]
		}
		if have >= min(q.Threshold, distinct(out.counted)) {
			out.counted = releases[o]
		}
	}
	return out
}

// standing says why nothing that the signer says counts in the team now, or "".
func (j *judgement) standing(team *Team, name string, s signed) string {
	member := team.member(s.member)
	if member == nil {
		return "is not in team " + name
	}
	if r, yes := j.policy.revoked(s.member); yes {
		return "was revoked at " + stamp(r.Effective) + ": " + r.Reason
	}
	at := slices.IndexFunc(member.Keys, func(k MemberKey) bool { return k.Key.Fingerprint() == s.key })
	if at < 0 {
		return "signed with a key of another team"
	}
	if why := member.Keys[at].outside(j.now); why != "" {
		return "signed with a key that " + why
	}
	return ""
}

func distinct(list []signed) int {
	names := map[string]bool{}
	for _, s := range list {
		names[s.member] = true
	}
	return len(names)
}

// judge reads the predicate and says why it does not count. A release is returned, for
// its counter.
func (j *judgement) judge(q Requirement, m *Member, s *predicate.Statement) (*predicate.Release, doubt) {
	switch q.Kind {
	case RequireProvenance:
		return nil, doubt{why: j.judgeProvenance(q, m, s)}
	case RequireSBOM:
		if _, err := predicate.ParseBOM(s); err != nil {
			return nil, doubt{why: "signed no BOM: " + err.Error()}
		}
		return nil, doubt{}
	case RequireRelease:
		return j.judgeRelease(q, m, s)
	case RequireReview:
		return nil, j.judgeReview(q, m, s)
	case RequireRebuild:
		return nil, j.judgeRebuild(q, s)
	}
	return nil, doubt{why: "signed what nothing asks for"}
}

func (j *judgement) judgeProvenance(q Requirement, m *Member, s *predicate.Statement) string {
	p, err := predicate.ParseProvenance(s)
	if err != nil {
		return "signed no provenance: " + err.Error()
	}
	id := p.RunDetails.Builder.ID
	if len(q.Builders) > 0 && !slices.Contains(q.Builders, id) {
		return fmt.Sprintf("names builder %q, which is not taken", id)
	}
	if (len(q.Builders) > 0 || len(m.Builders) > 0) && !slices.Contains(m.Builders, id) {
		return fmt.Sprintf("may not speak for builder %q", id)
	}
	return ""
}

func (j *judgement) judgeRelease(q Requirement, m *Member, s *predicate.Statement) (*predicate.Release, doubt) {
	r, err := predicate.ParseRelease(s)
	if err != nil {
		return nil, doubt{why: "signed no release: " + err.Error()}
	}
	switch {
	case r.Environment != j.environment:
		return nil, doubt{why: fmt.Sprintf("released it to %q", r.Environment)}
	case j.subject.Repository != "" && !sameRepository(r.Repository, j.subject.Repository):
		return nil, doubt{why: fmt.Sprintf("released it from %q", r.Repository)}
	case r.Counter > j.env.ceiling(r.Repository):
		return nil, doubt{why: fmt.Sprintf("signed release %d, and none over %d counts: that is minimum_release and %d more", r.Counter, j.env.ceiling(r.Repository), CounterSpan)}
	}
	return r, j.inForce(q, m, r.Issued, r.Expires)
}

func (j *judgement) judgeReview(q Requirement, m *Member, s *predicate.Statement) doubt {
	r, err := predicate.ParseReview(s)
	switch {
	case err != nil:
		return doubt{why: "signed no review: " + err.Error()}
	case r.Diff == nil:
		return doubt{why: "reviewed a package, not this image"}
	case r.Decision != predicate.Approve:
		return doubt{why: "did not approve it"}
	}
	return j.inForce(q, m, r.Issued, r.Expires)
}

// judgeRebuild takes a rebuild that came to this very image. What was taken as it was, the
// requirement has to name.
func (j *judgement) judgeRebuild(q Requirement, s *predicate.Statement) doubt {
	r, err := predicate.ParseRebuild(s)
	switch {
	case err != nil:
		return doubt{why: "signed no rebuild: " + err.Error()}
	case r.Digest != s.Subject.Digest:
		return doubt{why: "came to another image when it made it again"}
	}
	for _, g := range r.Given {
		if !slices.Contains(q.Except, g.Step) {
			return doubt{why: fmt.Sprintf("took what step %q made as it was: %s", g.Step, g.Reason)}
		}
	}
	return doubt{}
}

// clockSkew is how far the clock of who signed may run ahead of ours.
const clockSkew = 5 * time.Minute

// inForce says why a statement with these times does not count now. Two clocks are
// compared there, that of who signed and that of who judges, and either may be wrong.
func (j *judgement) inForce(q Requirement, m *Member, issued, expires predicate.Time) doubt {
	here := ", and by the clock of this machine it is " + stamp(j.now)
	switch {
	case j.now.Add(clockSkew).Before(issued.Time):
		return doubt{
			fmt.Sprintf("dated it %s by the clock where it was signed%s, %s earlier", stamp(issued.Time), here, issued.Sub(j.now).Round(time.Second)),
			fmt.Sprintf("find out which of the two clocks is wrong: where %s signs, set the clock and have it signed anew (%s); on this machine, set it and run `nbuild verify` again", m.Name, remedies[q.Kind]),
		}
	case !j.now.Before(expires.Time):
		return doubt{why: "signed what expired at " + stamp(expires.Time) + here}
	case q.MaxAge > 0 && j.now.Sub(issued.Time) > q.MaxAge:
		return doubt{why: fmt.Sprintf("signed it at %s, which is longer ago than %s%s", stamp(issued.Time), q.MaxAge, here)}
	}
	return doubt{}
}

// keylessCould reports whether evidence that only a certificate vouches for could
// have met the requirement.
func (j *judgement) keylessCould(q Requirement) bool {
	able := slices.ContainsFunc(j.policy.team(q.Team).Members, func(m Member) bool { return m.Identity != "" })
	return able && slices.Contains(j.keyless, evidence[q.Kind])
}

// member returns the member of that name.
func (t *Team) member(name string) *Member {
	for i := range t.Members {
		if t.Members[i].Name == name {
			return &t.Members[i]
		}
	}
	return nil
}
