package reach

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/resolution"
)

// BenchmarkRun follows the programs of -apps, or a small one. Its figures say how
// many files it found and how many bytes it parsed for them.
func BenchmarkRun(b *testing.B) {
	entries := strings.FieldsFunc(*apps, func(c rune) bool { return c == ',' })
	if entries == nil {
		entries = []string{"testdata/app/server.js"}
	}
	for _, entry := range entries {
		b.Run(filepath.Base(entry), func(b *testing.B) {
			dir, err := filepath.Abs(filepath.Dir(entry))
			if err != nil {
				b.Fatal(err)
			}
			found := 0
			b.ReportAllocs()
			for b.Loop() {
				res, err := Run(resolution.DirFS(dir), []string{filepath.Base(entry)}, Options{})
				if err != nil {
					b.Fatal(err)
				}
				found = len(res.Files)
			}
			b.ReportMetric(float64(found), "files")
		})
	}
}
