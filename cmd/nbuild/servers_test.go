package main

import (
	"archive/tar"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1" // as old lockfiles have it
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/nbuild/nbuild/internal/linkage/linkagetest"
)

// scriptCommands are what scripts have beside testscript's own commands. Every
// server is on 127.0.0.1 and ends with its script.
var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"exits":          exits,
	"mends":          mends,
	"shop":           shop,
	"npm-registry":   npmRegistry,
	"npm-lock":       npmLock,
	"npm-pack":       npmPack,
	"serve-registry": serveRegistry,
	"stop-registry":  stopRegistry,
	"oci-registry":   ociRegistry,
	"fill":           fill,
	"capture":        capture,
	"replace":        replace,
	"lacks":          lacks,
	"damage":         damage,
	"interrupt":      interrupt,
	"slow-npm":       slowNPM,
	"slow-files":     slowFiles,
	"slow-archive":   slowArchive,
	"family":         family,
	"append":         appendLine,
	"bom":            byteOrderMark,
	"denied":         denied,
	"elf":            elf,
	"listed":         listed,
	"reguard":        reguard,
	"pasted":         pasted,

	"faulty-registry": faultyRegistry,
	"every-fault":     everyFault,
	"no-way-on":       noWayOn,
	"tag-moves":       tagMoves,
	"move-tag":        moveTag,
	"overrun":         overrun,
	"review":          review,
	"junk":            junk,
	"attach-bom":      attachBOM,
	"balloon-npm":     balloonNPM,
	"holds":           holds,
	"unseal":          unseal,
	"drip":            drip,

	"odd-npm": oddNPM,
	"odd-oci": oddOCI,
	"lost":    lost,

	"debian-archive": debianArchive,
	"push-raw":       pushRaw,
	"shell-base":     shellBase,
	"npm-tool":       npmTool,
	"remote-server":  remoteServer,
	"struck":         struck,
	"gone":           gone,
}

// shop makes testdata/shop the script's project, with both registries, a lockfile,
// a signer's key and a trust file; the last two stand outside the project, as they
// should. What the script brings itself stays: mkdir shop; cd shop; shop.
func shop(ts *testscript.TestScript, neg bool, args []string) {
	from, to := os.DirFS(filepath.Join(ts.Getenv("TESTDATA"), "shop")), ts.Getenv("WORK")
	ts.Check(fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		file := filepath.Join(to, name)
		if _, err := os.Stat(file); err == nil {
			return nil
		}
		text, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		return os.WriteFile(file, text, 0o644)
	}))
	npmRegistry(ts, false, []string{"../packages"})
	ociRegistry(ts, false, nil)
	npmLock(ts, false, []string{"../packages", "left@1.0.0", "tool@1.0.0"})
	signer(ts)
	fill(ts, false, []string{"build.hcl", "../trust.hcl"})
}

// signer writes ../signer.key and ../signer.pub and sets $FINGERPRINT. The key is in
// the clear, as deriving one from a password takes most of a script's time; keygen,
// trust and verify have scripts with keys of nbuild's own.
func signer(ts *testscript.TestScript) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("../signer.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("../signer.pub"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), 0o644))
	ts.Setenv("FINGERPRINT", fmt.Sprintf("%x", sha256.Sum256(public)))
}

// npmRegistry serves the packages in a folder, NAME/VERSION/FILES, and names itself
// in .npmrc and $NPM, or in $NAME alone: npm-registry FOLDER [NAME]. A package's
// "published" in its package.json is when it was published; "now" is now, and "untold" is
// what the registry does not say. Its "digests"
// say how the registry names its tarball: "sha512" as registries do today, "sha1" as
// they did once, and nothing where it has none. What it is asked for is written to $WORK/asked.NAME, a path a line.
func npmRegistry(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: npm-registry FOLDER [NAME]")
	}
	folder, named := ts.MkAbs(args[0]), "NPM"
	if len(args) == 2 {
		named = args[1]
	}
	asked := &journal{file: filepath.Join(ts.Getenv("WORK"), "asked."+named)}
	server := httptest.NewServer(busy(ts, "npm", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.write(r.URL.Path)
		if r.URL.Path == "/-/ping" {
			_, _ = io.WriteString(w, "{}")
			return
		}
		if name, file, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/-/"); ok {
			version := strings.TrimSuffix(strings.TrimPrefix(file, path.Base(name)+"-"), ".tgz")
			if body, err := tarball(filepath.Join(folder, name, version)); err == nil {
				_, _ = w.Write(body)
				return
			}
		} else if doc, err := document(folder, "http://"+r.Host, name); err == nil {
			_ = json.NewEncoder(w).Encode(doc)
			return
		}
		http.NotFound(w, r)
	})))
	ts.Defer(server.Close)
	ts.Setenv(named, server.URL)
	if len(args) == 2 {
		return
	}
	ts.Check(os.WriteFile(ts.MkAbs(".npmrc"), []byte("registry="+server.URL+"/\n"), 0o600))
}

// journal is a file that is written a line at a time, by several at once.
type journal struct {
	mu   sync.Mutex
	file string
}

func (j *journal) write(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f, err := os.OpenFile(j.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	fmt.Fprintln(f, line)
}

// npmPack sets $NAME to the integrity of a package in a folder, and writes its
// tarball where a file is named: npm-pack NAME FOLDER PACKAGE@VERSION [FILE].
func npmPack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: npm-pack NAME FOLDER PACKAGE@VERSION [FILE]")
	}
	name, version, _ := strings.Cut(args[2], "@")
	body, err := tarball(filepath.Join(ts.MkAbs(args[1]), name, version))
	ts.Check(err)
	sum := sha512.Sum512(body)
	ts.Setenv(args[0], "sha512-"+base64.StdEncoding.EncodeToString(sum[:]))
	if len(args) == 4 {
		ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[3])), 0o755))
		ts.Check(os.WriteFile(ts.MkAbs(args[3]), body, 0o644))
	}
}

// document is what the registry says about a package.
func document(folder, server, name string) (map[string]any, error) {
	versions, err := os.ReadDir(filepath.Join(folder, name))
	if err != nil {
		return nil, err
	}
	all, times, latest := map[string]any{}, map[string]string{}, ""
	for _, v := range versions {
		if !v.IsDir() {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(folder, name, v.Name(), "package.json"))
		if err != nil {
			return nil, err
		}
		var manifest map[string]any
		if err := json.Unmarshal(raw, &manifest); err != nil {
			return nil, err
		}
		times[v.Name()] = "2020-01-02T03:04:05.000Z"
		switch manifest["published"] {
		case "untold":
			delete(times, v.Name())
		case "now":
			times[v.Name()] = time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
		}
		// What the registry says beyond the manifest stands beside the version's folder.
		if said, err := os.ReadFile(filepath.Join(folder, name, v.Name()+".told.json")); err == nil {
			if err := json.Unmarshal(said, &manifest); err != nil {
				return nil, err
			}
		}
		if manifest, err = named(manifest, filepath.Join(folder, name, v.Name())); err != nil {
			return nil, err
		}
		if dist := manifest["dist"].(map[string]any); dist["tarball"] == nil { // npm asks nowhere else
			dist["tarball"] = fmt.Sprintf("%s/%s/-/%s-%s.tgz", server, name, path.Base(name), v.Name())
		}
		all[v.Name()], latest = manifest, v.Name()
	}
	tags := map[string]string{"latest": latest}
	return map[string]any{"name": name, "versions": all, "time": times, "dist-tags": tags, "maintainers": []string{"someone"}}, nil
}

// named is a manifest with the digests of its folder's tarball that it asks for.
func named(manifest map[string]any, folder string) (map[string]any, error) {
	body, err := tarball(folder)
	if err != nil {
		return nil, err
	}
	dist, _ := manifest["dist"].(map[string]any)
	if dist == nil {
		dist = map[string]any{}
	}
	if manifest["digests"] == "sha512" {
		dist["integrity"] = integrity("sha512", body)
	}
	if manifest["digests"] != nil {
		dist["shasum"] = fmt.Sprintf("%x", sha1.Sum(body))
	}
	manifest["dist"] = dist
	return manifest, nil
}

// integrity names bytes as lockfiles do, by "sha512" or "sha1".
func integrity(algorithm string, body []byte) string {
	sum := sha512.Sum512(body)
	raw := sum[:]
	if algorithm == "sha1" {
		old := sha1.Sum(body)
		raw = old[:]
	}
	return algorithm + "-" + base64.StdEncoding.EncodeToString(raw)
}

// tarball packs a folder as npm does, the same bytes each time.
func tarball(folder string) ([]byte, error) {
	var names []string
	err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	w := tar.NewWriter(zw)
	for _, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		rel, err := filepath.Rel(folder, name)
		if err != nil {
			return nil, err
		}
		if err := w.WriteHeader(&tar.Header{Name: "package/" + filepath.ToSlash(rel), Mode: 0o644, Size: int64(len(body)), Typeflag: tar.TypeReg}); err != nil {
			return nil, err
		}
		if _, err := w.Write(body); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	err = zw.Close()
	return b.Bytes(), err
}

// npmLock writes package-lock.json for package.json and the named packages, all
// beside each other: npm-lock FOLDER NAME@VERSION[=sha1|=none]…. What package.json
// wants for development only is marked so. After the sign stands how an old npm wrote
// the integrity.
func npmLock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: npm-lock FOLDER NAME@VERSION…")
	}
	var root map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("package.json")), &root))
	dev, _ := root["devDependencies"].(map[string]any)
	packages := map[string]any{"": root}
	for _, arg := range args[1:] {
		arg, digest, old := strings.Cut(arg, "=")
		if !old {
			digest = "sha512"
		}
		at := strings.LastIndexByte(arg, '@')
		name, version := arg[:at], arg[at+1:]
		body, err := tarball(filepath.Join(ts.MkAbs(args[0]), name, version))
		ts.Check(err)
		p := map[string]any{"version": version}
		if digest != "none" {
			p["integrity"] = integrity(digest, body)
		}
		if dev[name] != nil {
			p["dev"] = true
		}
		manifest, err := os.ReadFile(filepath.Join(ts.MkAbs(args[0]), name, version, "package.json"))
		ts.Check(err)
		var said map[string]any
		ts.Check(json.Unmarshal(manifest, &said))
		for _, key := range []string{"bin", "dependencies", "engines", "license"} {
			if said[key] != nil {
				p[key] = said[key]
			}
		}
		if scripts, _ := said["scripts"].(map[string]any); scripts["preinstall"] != nil || scripts["install"] != nil || scripts["postinstall"] != nil {
			p["hasInstallScript"] = true
		}
		packages["node_modules/"+name] = p
	}
	out, err := json.MarshalIndent(map[string]any{
		"name": root["name"], "version": root["version"], "lockfileVersion": 3, "requires": true, "packages": packages,
	}, "", "  ")
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("package-lock.json"), out, 0o644))
}

// busy has a server answer the next request with 429 and a Retry-After, which is what
// the script writes to $WORK/busy.NAME.
func busy(ts *testscript.TestScript, name string, inner http.Handler) http.Handler {
	file := filepath.Join(ts.Getenv("WORK"), "busy."+name)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		after, err := os.ReadFile(file)
		if err != nil || os.Remove(file) != nil { // one request takes it
			inner.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Retry-After", strings.TrimSpace(string(after)))
		w.WriteHeader(http.StatusTooManyRequests)
	})
}

// ociRegistry serves images, with a small base/node:1 for both platforms and a
// base/node:22 that says which Node it has, and names itself in $REGISTRY: oci-registry.
func ociRegistry(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: oci-registry")
	}
	server := httptest.NewServer(busy(ts, "oci", registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0)))))
	ts.Defer(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	ts.Setenv("REGISTRY", host)
	baseImage(ts, host+"/base/node:1")
	baseImage(ts, host+"/base/node:22", "NODE_VERSION=22.20.0")
}

// baseImage pushes an image for both platforms with these variables.
func baseImage(ts *testscript.TestScript, at string, env ...string) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, arch := range []string{"amd64", "arm64"} {
		layer := static.NewLayer(tarOf(ts, "usr/bin/node", string(linkagetest.Program("linux/"+arch))), types.OCIUncompressedLayer)
		img, err := mutate.AppendLayers(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), layer)
		ts.Check(err)
		config, err := img.ConfigFile()
		ts.Check(err)
		config = config.DeepCopy()
		config.OS, config.Architecture, config.Config.Env = "linux", arch, env
		img, err = mutate.ConfigFile(img, config)
		ts.Check(err)
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}})
	}
	tag, err := name.NewTag(at)
	ts.Check(err)
	ts.Check(remote.WriteIndex(tag, index))
}

// tarOf is an archive of one program.
func tarOf(ts *testscript.TestScript, name, body string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	ts.Check(w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(body)), Typeflag: tar.TypeReg}))
	_, err := io.WriteString(w, body)
	ts.Check(err)
	ts.Check(w.Close())
	return b.Bytes()
}

var filled = regexp.MustCompile(`@([A-Z]+)@`)

// fill replaces @NAME@ in files by the script's $NAME: fill FILE….
func fill(ts *testscript.TestScript, neg bool, args []string) {
	for _, file := range args {
		text := filled.ReplaceAllStringFunc(ts.ReadFile(file), func(s string) string { return ts.Getenv(strings.Trim(s, "@")) })
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text), 0o644))
	}
}

// replace puts one text in the place of another in a file, which has it: replace OLD
// NEW FILE.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace OLD NEW FILE")
	}
	text := ts.ReadFile(args[2])
	if !strings.Contains(text, args[0]) {
		ts.Fatalf("%q does not stand in %s", args[0], args[2])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(strings.ReplaceAll(text, args[0], args[1])), 0o644))
}

// capture sets a variable to what a group of a pattern matched in the last
// command's stdout: capture NAME PATTERN.
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME PATTERN")
	}
	m := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(m) != 2 {
		ts.Fatalf("stdout does not match %s:\n%s", args[1], ts.ReadFile("stdout"))
	}
	ts.Setenv(args[0], m[1])
}

// payload is what a DSSE envelope holds.
var payload = regexp.MustCompile(`"payload":\s*"([A-Za-z0-9+/=]+)"`)

// lacks looks for a text in every file below the folders and files named, in what
// gzip, zstd and a signed envelope hide too, and fails where it stands: lacks TEXT
// PATH….
func lacks(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: [!] lacks TEXT PATH…")
	}
	var found []string
	for _, folder := range args[1:] {
		found = append(found, holders(ts, args[0], folder)...)
	}
	if len(found) > 0 && !neg {
		ts.Fatalf("%q stands in %s", args[0], strings.Join(found, ", "))
	}
	if len(found) == 0 && neg {
		ts.Fatalf("%q stands nowhere below %s", args[0], strings.Join(args[1:], ", "))
	}
}

// damage changes the last byte of every file below a folder that holds a text:
// damage TEXT FOLDER.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: damage TEXT FOLDER")
	}
	found := holders(ts, args[0], args[1])
	if len(found) == 0 {
		ts.Fatalf("%q stands nowhere below %s", args[0], args[1])
	}
	for _, name := range found {
		body, err := os.ReadFile(name)
		ts.Check(err)
		body[len(body)-1]++
		ts.Check(os.Chmod(name, 0o644))
		ts.Check(os.WriteFile(name, body, 0o644))
	}
}

// holders lists the files below a folder that hold a text.
func holders(ts *testscript.TestScript, text, folder string) []string {
	unzstd, err := zstd.NewReader(nil)
	ts.Check(err)
	defer unzstd.Close()
	var found []string
	ts.Check(filepath.WalkDir(ts.MkAbs(folder), func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		body, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if zr, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
			inside, err := io.ReadAll(zr)
			if err != nil {
				return fmt.Errorf("reading %s: %w", name, err)
			}
			body = append(body, inside...)
		}
		if inside, err := unzstd.DecodeAll(body, nil); err == nil {
			body = append(body, inside...)
		}
		for _, m := range payload.FindAllSubmatch(body, -1) {
			if statement, err := base64.StdEncoding.DecodeString(string(m[1])); err == nil {
				body = append(body, statement...)
			}
		}
		if bytes.Contains(body, []byte(text)) {
			found = append(found, name)
		}
		return nil
	}))
	return found
}

// signals are those that end a command.
var signals = map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP}

// family runs a command that starts others, each of which writes its process id and a
// line feed to the file "pids", sends the command a signal once there are three, and holds
// its exit code. None of the processes may be left then: family SIGNAL CODE COMMAND ARGS….
func family(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || signals[args[0]] == nil {
		ts.Fatalf("usage: family INT|TERM|HUP CODE COMMAND ARGS…")
	}
	program, err := exec.LookPath(args[2])
	ts.Check(err)
	file := ts.MkAbs("pids")
	ts.Check(os.WriteFile(file, nil, 0o644))
	var said bytes.Buffer
	cmd := exec.Command(program, args[3:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), &said, &said
	for _, name := range []string{"PATH", "HOME", "NBUILD_STORE"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var pids []string
	for len(pids) < 3 {
		select {
		case err := <-ended:
			ts.Fatalf("it ended before its family was there: %v\n%s", err, said.String())
		case <-time.After(10 * time.Millisecond):
		}
		pids = strings.Fields(ts.ReadFile("pids"))
	}
	ts.Check(cmd.Process.Signal(signals[args[0]]))
	if got := exitText(<-ended); got != args[1] {
		ts.Fatalf("exit code %s, want %s\n%s", got, args[1], said.String())
	}
	for _, pid := range pids {
		if stat, err := os.ReadFile("/proc/" + pid + "/stat"); err == nil {
			ts.Fatalf("a process is left: %s", stat)
		}
	}
}

// interrupt runs a command against an npm registry that never answers, sends it a
// signal once it asks, and holds its exit code: interrupt SIGNAL CODE COMMAND ARGS….
// What it printed on stderr is left in the file "interrupted".
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || signals[args[0]] == nil {
		ts.Fatalf("usage: interrupt INT|TERM|HUP CODE COMMAND ARGS…")
	}
	program, err := exec.LookPath(args[2])
	ts.Check(err)
	asked := make(chan struct{}, 64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	defer server.Close()
	ts.Check(os.WriteFile(ts.MkAbs(".npmrc"), []byte("registry="+server.URL+"/\n"), 0o600))
	var stderr bytes.Buffer
	cmd := exec.Command(program, args[3:]...)
	cmd.Dir, cmd.Stderr = ts.MkAbs("."), &stderr
	for _, name := range []string{"PATH", "HOME", "NBUILD_STORE"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	got := ""
	select {
	case <-asked:
		ts.Check(cmd.Process.Signal(signals[args[0]]))
		got = exitText(<-ended)
	case err := <-ended:
		got = "ended before it asked: " + fmt.Sprint(err)
	}
	ts.Check(os.WriteFile(ts.MkAbs("interrupted"), stderr.Bytes(), 0o644))
	if got != args[1] {
		ts.Fatalf("exit code %s, want %s\n%s", got, args[1], stderr.String())
	}
}

// pasted adds to build.hcl a block that the last command's remedy shows, by how it begins:
// pasted [BEGINNING]. Without one it is the dynamism block.
func pasted(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: pasted [BEGINNING]")
	}
	head := "dynamism {"
	if len(args) == 1 {
		head = args[0]
	}
	lines := strings.Split(ts.ReadFile("stderr"), "\n")
	begin := slices.IndexFunc(lines, func(l string) bool { return strings.TrimSpace(l) == head })
	if begin < 0 {
		ts.Fatalf("no block was shown:\n%s", strings.Join(lines, "\n"))
	}
	indent := lines[begin][:strings.Index(lines[begin], head)]
	end := begin + slices.Index(lines[begin:], indent+"}")
	file := ts.MkAbs("build.hcl")
	text, err := os.ReadFile(file)
	ts.Check(err)
	ts.Check(os.WriteFile(file, []byte(string(text)+strings.Join(lines[begin:end+1], "\n")+"\n"), 0o644))
}
