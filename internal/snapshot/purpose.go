package snapshot

import "maps"

// factFor says what alone an artefact is for.
const (
	factFor  = "for"
	forSteps = "steps"

	forCompiler = "compiler"
)

// ForSteps returns the artefact with the fact that no image has it: build steps find it
// beside their base.
func (a Artefact) ForSteps() Artefact { return a.purpose(forSteps) }

// ForCompiler is ForSteps of what only those steps find that have a compiler.
func (a Artefact) ForCompiler() Artefact { return a.purpose(forCompiler) }

func (a Artefact) purpose(what string) Artefact {
	a.Facts = maps.Clone(a.Facts)
	if a.Facts == nil {
		a.Facts = map[string]string{}
	}
	a.Facts[factFor] = what
	return a
}

// OnlySteps reports whether no image has the artefact.
func (a Artefact) OnlySteps() bool { return a.Facts[factFor] != "" || a.Kind == KindTool }

// OnlyCompiler reports whether no image has the artefact, and no step without a compiler.
func (a Artefact) OnlyCompiler() bool { return a.Facts[factFor] == forCompiler || a.Kind == KindTool }
