package rehearsal

import (
	"archive/tar"
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// Package is a package that is made up.
type Package struct {
	Name, Version string
	License       string
	Dev           bool              // only development needs it
	Needs         []string          // names of packages that stand beside it
	Scripts       map[string]string // of package.json
	Files         map[string]string // beside package.json

	Integrity string // set by Publish
}

// Publish puts a package into npm's registry and returns it with its integrity.
func (w *World) Publish(p Package) Package {
	w.T.Helper()
	manifest := map[string]any{"name": p.Name, "version": p.Version}
	if p.License != "" {
		manifest["license"] = p.License
	}
	if len(p.Scripts) > 0 {
		manifest["scripts"] = p.Scripts
	}
	text, err := json.Marshal(manifest)
	if err != nil {
		w.T.Fatal(err)
	}
	return w.PublishTarball(p, Tarball(w.T, string(text), p.Files))
}

// PublishTarball is Publish of bytes that need be no tarball.
func (w *World) PublishTarball(p Package, b []byte) Package {
	sum := sha512.Sum512(b)
	p.Integrity = "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
	w.packages.mu.Lock()
	defer w.packages.mu.Unlock()
	w.packages.tarballs[tarballPath(p.Name, p.Version)] = b
	w.packages.published[p.Name] = append(w.packages.published[p.Name], p.Version)
	return p
}

// Lockfile writes package.json and package-lock.json of a project that has these
// packages, all beside each other.
func (w *World) Lockfile(packages ...Package) {
	w.T.Helper()
	root := map[string]any{"name": "shop", "version": "1.0.0"}
	entries := map[string]any{"": root}
	wanted, dev := map[string]string{}, map[string]string{}
	for _, p := range packages {
		e := map[string]any{"version": p.Version, "integrity": p.Integrity}
		if p.License != "" {
			e["license"] = p.License
		}
		if p.Scripts["install"] != "" {
			e["hasInstallScript"] = true
		}
		needs := map[string]string{}
		for _, n := range p.Needs {
			needs[n] = "*"
		}
		if len(needs) > 0 {
			e["dependencies"] = needs
		}
		if p.Dev {
			e["dev"] = true
			dev[p.Name] = p.Version
		} else {
			wanted[p.Name] = p.Version
		}
		entries["node_modules/"+p.Name] = e
	}
	root["dependencies"], root["devDependencies"] = wanted, dev
	w.writeJSON("package-lock.json", map[string]any{"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": entries})
	w.writeJSON("package.json", root)
}

func (w *World) writeJSON(name string, v any) {
	w.T.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		w.T.Fatal(err)
	}
	w.Write(name, string(text)+"\n")
}

// Tarball packs a package.json and files as npm does.
func Tarball(t interface{ Fatal(...any) }, manifest string, files map[string]string) []byte {
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	add := func(name, body string) {
		err := tw.WriteHeader(&tar.Header{Name: "package/" + name, Mode: 0o644, Size: int64(len(body)), Typeflag: tar.TypeReg})
		if err == nil {
			_, err = io.WriteString(tw, body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	add("package.json", manifest)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		add(name, files[name])
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TarballPath is where npm's registry serves a package.
func (p Package) TarballPath() string { return tarballPath(p.Name, p.Version) }

func tarballPath(name, version string) string {
	return "/" + name + "/-/" + name[strings.LastIndexByte(name, '/')+1:] + "-" + version + ".tgz"
}

// packages is npm's registry.
type packages struct {
	mu        sync.Mutex
	tarballs  map[string][]byte   // by path
	published map[string][]string // versions by name
}

func (p *packages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b, ok := p.tarballs[r.URL.Path]; ok {
		_, _ = w.Write(b)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	versions, ok := p.published[name]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	time, known := map[string]string{}, map[string]any{}
	for i, v := range versions {
		time[v] = fmt.Sprintf("2026-01-%02dT03:04:05.000Z", i+1)
		known[v] = map[string]any{}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"name": name, "maintainers": []string{"m"}, "time": time, "versions": known})
}
