package sandbox

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

var update = flag.Bool("update", false, "build the helpers and write them")

// The helpers that are embedded are what their source gives, built as below by the Go
// that go.mod names. -update writes them.
func TestHelperIsWhatItsSourceGives(t *testing.T) {
	for _, platform := range []string{"linux/amd64", "linux/arm64"} {
		system, arch, _ := strings.Cut(platform, "/")
		out := filepath.Join(t.TempDir(), "helper")
		cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", out, "./helper")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+arch, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOEXPERIMENT=", "GOTOOLCHAIN=go1.26.8")
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		built, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
			if err != nil {
				t.Fatal(err)
			}
			name := "helper-" + system + "-" + arch + ".zst"
			if err := os.WriteFile(name, e.EncodeAll(built, nil), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		kept, err := Helper(platform)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(kept, built) {
			t.Errorf("the helper for %s is not what its source gives (%d bytes against %d): go test ./builder/sandbox -run HelperIs -update", platform, len(kept), len(built))
		}
	}
}
