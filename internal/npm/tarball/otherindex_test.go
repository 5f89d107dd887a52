package tarball

import (
	"bytes"
	"testing"

	"github.com/nbuild/nbuild/internal/snapshot"
)

// A line of nbuild.lock that was edited by hand may name the index of another artefact, one
// that is no package.
func TestAManifestIsReadWithTheIndexOfAPackageAlone(t *testing.T) {
	if m, err := Manifest(bytes.NewReader(nil), &snapshot.Index{}); err == nil {
		t.Errorf("%+v was read", m)
	}
}
