package source

import (
	"flag"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/nbuild/nbuild/internal/js"
)

var corpus = flag.String("corpus", "", "folder of JavaScript that BenchmarkAnalyse reads; the labelled snippets without it")

// BenchmarkAnalyse analyses every JavaScript file of a folder on one core. The
// checksum is over the places of all findings, so that two runs of the figure can be
// seen to have done the same work; parse-share is the part that parsing alone takes.
func BenchmarkAnalyse(b *testing.B) {
	type file struct {
		name string
		src  []byte
	}
	var files []file
	total := 0
	if *corpus == "" {
		for _, s := range labelled(b) {
			files = append(files, file{s.name, []byte(s.src)})
		}
	} else {
		err := filepath.WalkDir(*corpus, func(name string, e fs.DirEntry, err error) error {
			if lang, _ := goalOf(name, ""); err != nil || !e.Type().IsRegular() || lang != javaScript || filepath.Ext(name) == "" {
				return err
			}
			src, err := os.ReadFile(name)
			files = append(files, file{name, src})
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for _, f := range files {
		total += len(f.src)
	}
	b.SetBytes(int64(total))
	var findings, calls, unparsed int
	var sum uint64
	for b.Loop() {
		findings, calls, unparsed = 0, 0, 0
		h := fnv.New64a()
		for _, f := range files {
			r := Analyse(f.src, f.name, Options{})
			findings, calls, unparsed = findings+len(r.Findings), calls+len(r.Calls), unparsed+len(r.Errors)
			for _, x := range r.Findings {
				h.Write([]byte{byte(x.Line), byte(x.Line >> 8), byte(x.Column), byte(len(x.Kind)), x.Kind[0]})
			}
		}
		sum = h.Sum64()
	}
	b.ReportMetric(float64(len(files)), "files")
	b.ReportMetric(float64(findings), "findings")
	b.ReportMetric(float64(calls), "calls")
	b.ReportMetric(float64(unparsed), "errors")
	b.Logf("%d files, %d bytes, checksum of the findings %016x", len(files), total, sum)
}

// BenchmarkParseAndResolve is the part of BenchmarkAnalyse that is not the
// inventory's.
func BenchmarkParseAndResolve(b *testing.B) {
	var sources [][]byte
	total := 0
	if *corpus == "" {
		b.Skip("it needs -corpus")
	}
	_ = filepath.WalkDir(*corpus, func(name string, e fs.DirEntry, err error) error {
		if lang, _ := goalOf(name, ""); err == nil && e.Type().IsRegular() && lang == javaScript && filepath.Ext(name) != "" {
			src, _ := os.ReadFile(name)
			sources = append(sources, src)
			total += len(src)
		}
		return nil
	})
	b.SetBytes(int64(total))
	for b.Loop() {
		for _, src := range sources {
			js.Resolve(js.Parse(src, js.Detect))
		}
	}
}
