package pipelines

import "github.com/nbuild/nbuild/internal/snapshot"

// Machine is where a tree of packages is to run: a platform, "linux/amd64", and the version
// of its Node, "22.15.0". Where Node is "", the tree is for any Node.
type Machine struct {
	Platform string
	Node     string
}

// Machine returns where the packages of an image run that stands on a base: on the Node
// that the lock pins for it. Which Node an image of a registry has is not known before it
// is unpacked, so its tree is for any.
func (p *Project) Machine(base, platform string, lock *snapshot.Lock) Machine {
	m := Machine{Platform: platform}
	if b, ok := p.Base(base); !ok || b.Image != "" {
		return m
	}
	for a := range lock.Of(snapshot.KindNode) {
		if a.Platform == platform {
			m.Node = a.Version
		}
	}
	return m
}
