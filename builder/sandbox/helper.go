package sandbox

import (
	"embed"
	"fmt"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// helpers holds the helper for each platform, packed: helper-linux-amd64.zst.
//
//go:embed helper-linux-amd64.zst helper-linux-arm64.zst
var helpers embed.FS

// maxHelper is how large a helper may be, in bytes.
const maxHelper = 16 << 20

var unpacked sync.Map // by platform, func() ([]byte, error)

// Helper returns the program that makes the sandbox on a platform, such as
// "linux/amd64". Who calls must not change it.
func Helper(platform string) ([]byte, error) {
	once, _ := unpacked.LoadOrStore(platform, sync.OnceValues(func() ([]byte, error) {
		packed, err := helpers.ReadFile("helper-" + strings.ReplaceAll(platform, "/", "-") + ".zst")
		if err != nil {
			return nil, fmt.Errorf("there is no sandbox for %s", platform)
		}
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxHelper))
		if err != nil {
			return nil, err
		}
		defer d.Close()
		return d.DecodeAll(packed, nil)
	}))
	return once.(func() ([]byte, error))()
}
