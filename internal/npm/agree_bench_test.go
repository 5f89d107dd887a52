package npm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/locked"
)

// BenchmarkFor holds a lockfile of 700 packages, of which each asks for four others,
// against a package.json, without overrides and with some.
func BenchmarkFor(b *testing.B) {
	const packages = 700
	var wants, entries []string
	for i := range packages {
		wants = append(wants, fmt.Sprintf(`"p%d": "^1.0.0"`, i))
		needs := make([]string, 0, 4)
		for j := range 4 {
			needs = append(needs, fmt.Sprintf(`"p%d": ">=1.%d.0 <2 || ^3.0.0"`, (i*7+j*31+1)%packages, j))
		}
		entries = append(entries, dep(fmt.Sprintf("node_modules/p%d", i), "1.9.0", `"dependencies": {`+strings.Join(needs, ", ")+"}"))
	}
	l, err := ReadLockfile([]byte(lockWith("", entries...)), "package-lock.json")
	if err != nil {
		b.Fatal(err)
	}
	for name, overrides := range map[string]string{"plain": "{}", "overrides": `{"p5": "1.9.0", "p6": {"p7": {"p8": "1.9.0"}}, "p9@^1.0.0": "1.9.0"}`} {
		b.Run(name, func(b *testing.B) {
			m, err := ReadManifest([]byte(`{"devDependencies": {}, "dependencies": {"x": "npm:p1@^1.0.0", `+strings.Join(wants[10:40], ", ")+`}, "overrides": `+overrides+`}`), "package.json")
			if err != nil {
				b.Fatal(err)
			}
			l.byPath["node_modules/x"] = &Entry{Path: "node_modules/x", Name: "p1", Version: "1.0.0"}
			l.entries = append(l.entries[:packages:packages], l.byPath["node_modules/x"])
			for b.Loop() {
				if _, err := l.For(m, nil, locked.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
