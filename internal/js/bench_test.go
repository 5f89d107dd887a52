package js

import (
	"os"
	"testing"
)

// BenchmarkParse reads every file below -corpus on one core, and reports the bytes a
// second and a checksum over the nodes that were visited afterwards.
func BenchmarkParse(b *testing.B) { benchmark(b, false) }

// BenchmarkParseAndResolve resolves the scopes of each as well.
func BenchmarkParseAndResolve(b *testing.B) { benchmark(b, true) }

func benchmark(b *testing.B, scopes bool) {
	var size int64
	var files [][]byte
	var goals []Goal
	for _, path := range sourcesBelow(b, *corpus) {
		src, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		files = append(files, src)
		goals = append(goals, goalOf(path))
		size += int64(len(src))
	}
	b.SetBytes(size)
	var nodes, sum uint64
	for b.Loop() {
		nodes, sum = 0, 0
		for i, src := range files {
			tree := Parse(src, goals[i])
			for _, n := range tree.Nodes[1:] {
				sum = sum*31 + uint64(n.Kind)<<32 + uint64(n.Start) + uint64(n.Parent)
				nodes++
			}
			if scopes {
				sum += uint64(Resolve(tree).Variables())
			}
		}
	}
	b.ReportMetric(float64(nodes), "nodes")
	b.ReportMetric(float64(sum>>32), "checksum")
	b.ReportMetric(float64(len(files)), "files")
}
