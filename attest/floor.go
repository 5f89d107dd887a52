package attest

import (
	"context"
	"fmt"
)

// floor holds the release to the lowest counter that is allowed: the trust file's
// minimum_release, and what --state remembers. Where rollback is denied and
// neither is there, nothing distinguishes an old release from a new one.
func (j *judgement) floor(ctx context.Context) {
	minimum, stated := j.env.MinimumRelease[j.repository]
	need, remembered := fmt.Sprintf("release %d or later", max(minimum, 1)), Floor{}
	if j.env.DenyRollback && j.state != nil {
		var err error
		if remembered, err = j.state.Floor(ctx, j.releaseKey()); err != nil {
			j.add(CheckReleaseFloor, Unknown, need, "what --state remembers can't be read: "+err.Error(), "restore the folder of --state")
			return
		}
		if remembered.Counter >= minimum && remembered.Counter > 0 {
			need = fmt.Sprintf("release %d as it was accepted, or a later one", remembered.Counter)
		}
	}
	if j.release == nil {
		j.add(CheckReleaseFloor, j.openRelease(), need, "no release counts", "release it: `nbuild release --key KEY`")
		return
	}
	have := fmt.Sprintf("release %d", j.release.Counter)
	switch {
	case j.env.DenyRollback && !stated && j.state == nil:
		j.add(CheckReleaseFloor, Unknown, "a floor for "+j.repository+", as rollback is denied", have+", and no floor to hold it to",
			fmt.Sprintf("set minimum_release = { %q = %d } in environment %q of %s; `nbuild verify --state DIR` also keeps a floor", j.repository, j.release.Counter, j.env.Name, j.policy.File))
	case j.release.Counter < minimum || !remembered.allows(j.release.Counter, j.subject.Digest):
		j.add(CheckReleaseFloor, Fail, need, have, fmt.Sprintf("release it anew: `nbuild release --key KEY` gives it a counter over %d", max(minimum-1, remembered.Counter)))
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
		err = j.state.Raise(ctx, j.releaseKey(), Floor{j.release.Counter, j.subject.Digest})
	}
	if err != nil {
		j.add(CheckState, Unknown, need, "they can't be written: "+err.Error(), "run it again; where it stays, restore the folder of --state")
		return
	}
	j.add(CheckState, Pass, need, "remembered", "")
}
