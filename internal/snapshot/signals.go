package snapshot

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Signals is what a registry said about a version of a package when it was pinned: claims
// of the registry, not findings. It stands on the line itself, so that whoever has
// nbuild.lock has it, and a reviewer of the file sees an account that is new.
type Signals struct {
	Provenance  string   // predicate type of its attestation, NoProvenance, or "" for not stated
	Maintainers []string // accounts that could publish when the version was, sorted; nil for not stated
	Deprecated  bool
}

// NoProvenance is the Provenance of a version for which the registry has no attestation
// of who built it.
const NoProvenance = "none"

// The keys of what a registry said.
const (
	factProvenance  = "provenance"
	factMaintainers = "maintainers"
	factDeprecated  = "deprecated"
)

// yes is the one value of a fact that is either there or not.
const yes = "yes"

// Signals returns what the registry said about the artefact.
func (a Artefact) Signals() Signals {
	s := Signals{Provenance: a.Facts[factProvenance], Deprecated: a.Facts[factDeprecated] == yes}
	if text, ok := a.Facts[factMaintainers]; ok {
		s.Maintainers, _ = parseNames(text) // New has checked it
	}
	return s
}

// Facts returns the keys and values of what a registry said, as an artefact carries
// them.
func (s Signals) Facts() map[string]string {
	out := map[string]string{}
	if s.Provenance != "" {
		out[factProvenance] = s.Provenance
	}
	if names := formatNames(s.Maintainers); names != "" {
		out[factMaintainers] = names
	}
	if s.Deprecated {
		out[factDeprecated] = yes
	}
	return out
}

// checkSignals holds the keys to their one spelling.
func checkSignals(a Artefact) error {
	if text, ok := a.Facts[factMaintainers]; ok {
		if _, err := parseNames(text); err != nil {
			return fmt.Errorf("key %s: %w", factMaintainers, err)
		}
	}
	if text, ok := a.Facts[factDeprecated]; ok && text != yes {
		return fmt.Errorf("key %s: %q is not %q", factDeprecated, text, yes)
	}
	return nil
}

// namePercent keeps a comma in a name apart from one between names.
var namePercent = strings.NewReplacer("%", "%25", ",", "%2C")

var nameText = strings.NewReplacer("%2C", ",", "%25", "%")

// formatNames joins names by commas, sorted, each once. What is not UTF-8 is left
// out: no account is called that.
func formatNames(names []string) string {
	var out []string
	for _, n := range names {
		if n != "" && utf8.ValidString(n) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	for i := range out {
		out[i] = namePercent.Replace(out[i])
	}
	return strings.Join(out, ",")
}

var errNames = errors.New("it is no list of names, sorted and each once")

// parseNames is the reverse of formatNames, and takes no other spelling.
func parseNames(text string) ([]string, error) {
	names := strings.Split(text, ",")
	for i := range names {
		names[i] = nameText.Replace(names[i])
	}
	if formatNames(names) != text {
		return nil, errNames
	}
	return names, nil
}
