package snapshot

import "maps"

// factFor says what alone an artefact is for.
const (
	factFor  = "for"
	forSteps = "steps"
)

// ForSteps returns the artefact with the fact that no image has it: build steps find it
// beside their base.
func (a Artefact) ForSteps() Artefact {
	a.Facts = maps.Clone(a.Facts)
	if a.Facts == nil {
		a.Facts = map[string]string{}
	}
	a.Facts[factFor] = forSteps
	return a
}

// OnlySteps reports whether no image has the artefact.
func (a Artefact) OnlySteps() bool { return a.Facts[factFor] == forSteps }
