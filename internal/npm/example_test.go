package npm_test

import (
	"fmt"

	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
)

// What npm would install for a machine follows from the lockfile alone.
func ExampleReadLockfile() {
	lockfile, err := npm.ReadLockfile([]byte(`{"name": "shop", "lockfileVersion": 3, "packages": {
		"": {"dependencies": {"left": "^1.0.0"}, "devDependencies": {"right": "^2.0.0"}},
		"node_modules/left": {"version": "1.0.0", "integrity": "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="},
		"node_modules/right": {"version": "2.0.0", "dev": true, "integrity": "sha512-AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="}}}`),
		"package-lock.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	tree, err := locked.Plan(lockfile, locked.Options{OS: "linux", CPU: "x64", Libc: "glibc", Omit: []string{"dev"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range tree.Packages {
		fmt.Println(p.Path, p.Version)
	}
	// Output:
	// node_modules/left 1.0.0
}
