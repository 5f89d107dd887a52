package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestManyPackages measures what a project of ten thousand packages costs, and holds it to
// its limit; docs/benchmarks.md has what came of it.
func TestManyPackages(t *testing.T) {
	if *shipped == "" {
		t.Skip("no -nbuild")
	}
	commands := maps.Clone(scriptCommands)
	commands["many-npm"] = manyNPM
	params := scriptParams(t, "testdata/many", commands)
	setup := params.Setup
	params.Setup = func(env *testscript.Env) error {
		env.Setenv("SHIPPED", *shipped)
		return setup(env)
	}
	testscript.Run(t, params)
}

// manyNPM serves so many packages and names itself in .npmrc. Each asks for two others, as
// in a heap, and the project for the first. package.json and package-lock.json are written
// for it: many-npm COUNT.
func manyNPM(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: many-npm COUNT")
	}
	count, err := strconv.Atoi(args[0])
	ts.Check(err)
	name := func(i int) string { return fmt.Sprintf("package-%05d", i) }
	bodies := map[string][]byte{}
	manifests := map[string]map[string]any{}
	root := map[string]any{"name": "many", "version": "1.0.0", "dependencies": map[string]string{name(0): "1.0.0"}}
	packages := map[string]any{"": root}
	for i := range count {
		asks := map[string]string{}
		for _, child := range []int{2*i + 1, 2*i + 2} {
			if child < count {
				asks[name(child)] = "^1.0.0"
			}
		}
		body, err := smallPackage(name(i), asks, uint64(i))
		ts.Check(err)
		bodies[name(i)] = body
		sum := sha512.Sum512(body)
		integrity := "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
		packages["node_modules/"+name(i)] = map[string]any{"version": "1.0.0", "integrity": integrity, "license": "MIT", "dependencies": asks}
		manifests[name(i)] = map[string]any{"name": name(i), "version": "1.0.0", "license": "MIT", "dependencies": asks, "dist": map[string]any{"integrity": integrity}}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		of, _, tarball := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/-/")
		switch manifest := manifests[of]; {
		case manifest == nil:
			http.NotFound(w, r)
		case tarball:
			_, _ = w.Write(bodies[of])
		default:
			said := maps.Clone(manifest)
			dist := maps.Clone(said["dist"].(map[string]any))
			dist["tarball"] = fmt.Sprintf("http://%s/%s/-/%s-1.0.0.tgz", r.Host, of, of)
			said["dist"] = dist
			_ = json.NewEncoder(w).Encode(map[string]any{
				"name": of, "dist-tags": map[string]string{"latest": "1.0.0"}, "time": map[string]string{"1.0.0": "2020-01-02T03:04:05.000Z"},
				"versions": map[string]any{"1.0.0": said}, "maintainers": []map[string]string{{"name": "someone"}},
			})
		}
	}))
	ts.Defer(server.Close)
	ts.Check(os.WriteFile(ts.MkAbs(".npmrc"), []byte("registry="+server.URL+"/\n"), 0o600))
	for file, v := range map[string]any{
		"package.json":      root,
		"package-lock.json": map[string]any{"name": "many", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": packages},
	} {
		text, err := json.MarshalIndent(v, "", "  ")
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(file), text, 0o644))
	}
}

// smallPackage packs a package as most of npm's are: a manifest, a licence, a page of
// text, and some files of code, one of which a parser finds something in.
func smallPackage(name string, asks map[string]string, seed uint64) ([]byte, error) {
	r := rand.New(rand.NewPCG(seed, 1))
	manifest, err := json.Marshal(map[string]any{"name": name, "version": "1.0.0", "license": "MIT", "main": "index.js", "dependencies": asks})
	if err != nil {
		return nil, err
	}
	files := map[string]string{"package.json": string(manifest), "LICENSE": strings.Repeat("Permission is hereby granted, free of charge.\n", 20)}
	order := []string{"package.json", "LICENSE", "README.md", "index.js"}
	files["README.md"] = strings.Repeat("# "+name+"\nWhat it does, and how it is called.\n", 5+r.IntN(40))
	var index strings.Builder
	index.WriteString("'use strict';\n")
	for n := range 1 + r.IntN(8) {
		file := fmt.Sprintf("lib/part%d.js", n)
		order = append(order, file)
		fmt.Fprintf(&index, "exports.part%d = require('./%s');\n", n, file)
		var b strings.Builder
		b.WriteString("'use strict';\n")
		for f := range 5 + r.IntN(40) {
			fmt.Fprintf(&b, "function step%d(input, options) {\n  const limit = options.limit || %d;\n  if (input.length > limit) throw new Error('too long: ' + input.length);\n"+
				"  return input.split('').map((c, i) => String.fromCharCode(c.charCodeAt(0) ^ (i %% %d))).join('');\n}\nexports.step%d = step%d;\n", f, r.IntN(1000), 1+r.IntN(50), f, f)
		}
		if r.IntN(10) == 0 {
			b.WriteString("exports.compile = (text) => new Function('value', text);\n")
		}
		files[file] = b.String()
	}
	for _, dependency := range slices.Sorted(maps.Keys(asks)) {
		fmt.Fprintf(&index, "exports[%q] = require(%q);\n", dependency, dependency)
	}
	files["index.js"] = index.String()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for _, file := range order {
		if err := w.WriteHeader(&tar.Header{Name: "package/" + file, Mode: 0o644, Size: int64(len(files[file])), Typeflag: tar.TypeReg}); err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(files[file])); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	err = z.Close()
	return out.Bytes(), err
}
