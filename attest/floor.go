package attest

import (
	"cmp"
	"context"
	"fmt"

	"github.com/nbuild/nbuild/internal/predicate"
)

// floors returns the lowest counter that is allowed of a repository: the trust file's
// minimum_release, and what --state remembers where rollback is denied.
func (j *judgement) floors(ctx context.Context, repository string) (minimum int64, remembered Floor, err error) {
	minimum = j.env.minimum(repository)
	if j.env.DenyRollback && j.state != nil {
		remembered, err = j.state.Floor(ctx, j.releaseKey(repository))
	}
	return minimum, remembered, err
}

// aboveFloor reports whether the release that counts so far is no older than allowed.
func (j *judgement) aboveFloor(ctx context.Context) bool {
	if j.release == nil {
		return false
	}
	repository := cmp.Or(j.subject.Repository, j.release.Repository)
	minimum, remembered, err := j.floors(ctx, repository)
	return err == nil && j.release.Counter >= minimum && remembered.allows(j.release.Counter, j.subject.Digest)
}

// floor holds the release to the lowest counter that is allowed. Where rollback is
// denied and there is none, nothing distinguishes an old release from a new one.
func (j *judgement) floor(ctx context.Context) {
	minimum, remembered, err := j.floors(ctx, j.repository)
	need := fmt.Sprintf("release %d or later", max(minimum, 1))
	if err != nil {
		j.add(CheckReleaseFloor, Unknown, need, "what --state remembers can't be read: "+err.Error(), "restore the folder of --state")
		return
	}
	if remembered.Counter >= minimum && remembered.Counter > 0 {
		need = fmt.Sprintf("release %d as it was accepted, or a later one", remembered.Counter)
	}
	if j.release == nil {
		j.add(CheckReleaseFloor, j.openRelease(), need, "no release counts", "release it: `nbuild release --key KEY --trust FILE --root FINGERPRINT`")
		return
	}
	have := fmt.Sprintf("release %d", j.release.Counter)
	switch {
	case j.env.DenyRollback && minimum == 0 && j.state == nil:
		j.add(CheckReleaseFloor, Unknown, "a floor for "+j.repository+", as rollback is denied", have+", and no floor to hold it to",
			fmt.Sprintf("set minimum_release = { %q = %d } in environment %q of %s; `--state DIR` also keeps a floor", j.repository, j.release.Counter, j.env.Name, j.policy.File))
	case j.release.Counter < minimum || !remembered.allows(j.release.Counter, j.subject.Digest):
		remedy := fmt.Sprintf("release it anew: `nbuild release --key KEY --trust FILE --root FINGERPRINT` gives it a counter over %d", max(minimum-1, remembered.Counter))
		if remembered.Counter > j.release.Counter && remembered.Counter >= minimum {
			remedy += fmt.Sprintf("; where no release had counter %d by right, have the roots sign minimum_release = { %q = %d } in a next version of %s, and release then",
				remembered.Counter, j.repository, min(remembered.Counter+1, predicate.LastCounter), j.policy.File)
		}
		j.add(CheckReleaseFloor, Fail, need, have, remedy)
	default:
		j.add(CheckReleaseFloor, Pass, need, have, "")
	}
}

// remember raises the floors to what was accepted. A floor that can't be raised
// leaves the verdict undecided: the next one could be deceived.
func (j *judgement) remember(ctx context.Context) {
	if j.state == nil || j.Decision() != Accept {
		return
	}
	need := "the floors of what is accepted, remembered"
	err := j.state.Raise(ctx, j.trustKey(), Floor{j.policy.Version, j.policy.digest})
	if err == nil && j.release != nil && j.env.DenyRollback {
		err = j.state.Raise(ctx, j.releaseKey(j.repository), Floor{j.release.Counter, j.subject.Digest})
	}
	if err != nil {
		j.add(CheckState, Unknown, need, "they can't be written: "+err.Error(), "run it again; where it stays, restore the folder of --state")
		return
	}
	j.add(CheckState, Pass, need, "remembered", "")
}
