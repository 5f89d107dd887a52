package upstream

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/nbuild/nbuild/internal/npm/registry"
)

// SignalsSchema names the form of the stored document.
const SignalsSchema = "nbuild.signals/v1"

// Signals is what a registry told about a package version when it was pinned:
// claims of its maintainers and the registry, not findings. Its stored form is
// JSON with sorted keys.
type Signals struct {
	Attested             bool     `json:"attested"`             // attestations are there, provenance among them
	Created              string   `json:"created,omitempty"`    // when the package was, RFC 3339
	Deprecated           string   `json:"deprecated,omitempty"` // the reason
	InstallScript        bool     `json:"installScript"`
	Latest               string   `json:"latest,omitempty"` // the version that the tag names
	Maintainers          []string `json:"maintainers"`      // of the package, when it was pinned
	MaintainersAtRelease []string `json:"maintainersAtRelease"`
	Publisher            string   `json:"publisher,omitempty"`
	Releases             int      `json:"releases"` // how many versions there are
	Schema               string   `json:"schema"`
}

func signals(p *registry.Packument, v registry.Version) Signals {
	s := Signals{
		Schema: SignalsSchema, Attested: v.Attested, Deprecated: v.Deprecated, InstallScript: v.InstallScript,
		Latest: p.Latest, Maintainers: list(p.Maintainers), MaintainersAtRelease: list(v.Maintainers),
		Publisher: v.Publisher, Releases: p.Releases,
	}
	if !p.Created.IsZero() {
		s.Created = p.Created.Truncate(time.Second).Format(time.RFC3339)
	}
	return s
}

func list(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}

func (s Signals) encode() ([]byte, error) {
	doc, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encoding signals: %w", err)
	}
	return append(doc, '\n'), nil
}

// ParseSignals reads a stored document.
func ParseSignals(src []byte) (Signals, error) {
	var s Signals
	if err := json.Unmarshal(src, &s); err != nil || s.Schema != SignalsSchema {
		return Signals{}, fmt.Errorf("reading signals: not in the form %s", SignalsSchema)
	}
	return s, nil
}
