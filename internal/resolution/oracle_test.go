package resolution

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var (
	nodes   = flag.String("nodes", "", "further Node binaries to ask, with commas between them")
	modules = flag.String("modules", "", "a folder with a node_modules, over which to ask too")
)

// question is one line for testdata/oracle.mjs.
type question struct {
	Mode      string `json:"mode"`
	Specifier string `json:"specifier"`
	Parent    string `json:"parent"`
}

// reply is what Node says, or what is said here, in the same words.
type reply struct {
	Path    string `json:"path,omitempty"`
	Builtin string `json:"builtin,omitempty"`
	Data    string `json:"data,omitempty"`
	Code    string `json:"code,omitempty"`
}

// binaries returns the Nodes to ask; the test is skipped where there is none.
func binaries(t *testing.T) map[string]Version {
	t.Helper()
	names := strings.FieldsFunc(*nodes, func(c rune) bool { return c == ',' })
	if found, err := exec.LookPath("node"); err == nil {
		names = append(names, found)
	}
	if len(names) == 0 {
		t.Skip("no node on this machine; CI installs 20, 22, 24 and 26 and gives them by -nodes")
	}
	all := map[string]Version{}
	for _, name := range names {
		out, err := exec.Command(name, "--version").Output()
		if err != nil {
			t.Fatal(err)
		}
		v, err := ParseVersion(strings.TrimSpace(string(out)))
		if err != nil {
			t.Skipf("%s: %v", name, err)
		}
		all[name] = v
	}
	return all
}

// lay writes an archive as files; one named "NAME -> TARGET" is a link.
func lay(t *testing.T, archive string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a, err := txtar.ParseFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Files {
		name, target, link := strings.Cut(f.Name, " -> ")
		full := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if link {
			err = os.Symlink(target, full)
		} else {
			err = os.WriteFile(full, f.Data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// ask puts the questions to a Node; paths come back relative to root.
func ask(t *testing.T, node, root string, questions []question) []reply {
	t.Helper()
	var in bytes.Buffer
	for _, q := range questions {
		q.Parent = root + "/" + q.Parent
		line, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	script, err := filepath.Abs("testdata/oracle.mjs")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "--no-warnings", "--experimental-import-meta-resolve", script)
	cmd.Stdin, cmd.Env, cmd.Dir = &in, []string{"HOME=" + t.TempDir()}, root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	var replies []reply
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var r reply
		if err := dec.Decode(&r); err != nil {
			t.Fatal(err)
		}
		r.Path = strings.TrimPrefix(r.Path, root+"/")
		replies = append(replies, r)
	}
	if len(replies) != len(questions) {
		t.Fatalf("%d replies to %d questions", len(replies), len(questions))
	}
	return replies
}

func answer(r *Resolver, q question) reply {
	mode := Require
	if q.Mode == "import" {
		mode = Import
	}
	res, err := r.Resolve(q.Specifier, q.Parent, mode)
	if e, ok := err.(*Error); ok {
		return reply{Code: e.Code}
	}
	if err != nil {
		return reply{Code: err.Error()}
	}
	return reply{Path: res.Path, Builtin: res.Builtin, Data: res.Data}
}

// compare asks every Node and reports where it disagrees.
func compare(t *testing.T, root string, questions []question) {
	for node, v := range binaries(t) {
		t.Run(fmt.Sprintf("%d.%d", v.Major, v.Minor), func(t *testing.T) {
			r := New(DirFS(root), Target{Node: v})
			wrong := 0
			for i, want := range ask(t, node, root, questions) {
				q := questions[i]
				if got := answer(r, q); got != want {
					if wrong++; wrong <= 60 {
						t.Errorf("%s %q from %s:\n node %+v\n here %+v", q.Mode, q.Specifier, q.Parent, want, got)
					}
				}
			}
			t.Logf("%d of %d specifiers as Node %d.%d.%d resolves them", len(questions)-wrong, len(questions), v.Major, v.Minor, v.Patch)
		})
	}
}

// TestResolvesAsNodeDoes asks about a tree made of what is easily got wrong: every
// specifier of its questions file, from every parent in it, both ways.
func TestResolvesAsNodeDoes(t *testing.T) {
	root := lay(t, "testdata/tree.txtar")
	text, err := os.ReadFile("testdata/specifiers.txt")
	if err != nil {
		t.Fatal(err)
	}
	parents := []string{"app/src/main.js", "app/node_modules/linked/index.js", "app/node_modules/self/lib/a.js", "real/linked/index.js", "top.mjs"}
	var questions []question
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "//") {
			continue
		}
		for _, parent := range parents {
			for _, mode := range []string{"require", "import"} {
				questions = append(questions, question{mode, line, parent})
			}
		}
	}
	compare(t, root, questions)
}

// TestResolvesInstalledPackagesAsNodeDoes asks about every package of an install,
// each key of its exports, and what its files ask for.
func TestResolvesInstalledPackagesAsNodeDoes(t *testing.T) {
	if *modules == "" {
		t.Skip("needs -modules DIR, a folder in which npm installed; CI gives it")
	}
	root, err := filepath.EvalSymlinks(*modules)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, root, installed(t, root))
}

var quoted = regexp.MustCompile(`(?:require(?:\.resolve)?\(|from |import\(|import )(['"])([^'"\n]{1,100})(['"])`)

func installed(t *testing.T, root string) []question {
	seen := map[question]bool{}
	add := func(specifier, parent string) {
		seen[question{"require", specifier, parent}] = true
		seen[question{"import", specifier, parent}] = true
	}
	perPackage := map[string]int{}
	fsys := os.DirFS(root)
	err := fs.WalkDir(fsys, "node_modules", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		dir := path.Dir(name)
		if path.Base(name) == "package.json" {
			if owner := path.Dir(dir); path.Base(owner) == "node_modules" || strings.HasPrefix(path.Base(owner), "@") {
				data, err := fs.ReadFile(fsys, name)
				if err != nil {
					return err
				}
				if m, err := ParseManifest(data); err == nil && m.Name != "" {
					for _, sub := range []string{"", "/package.json", "/", "/lib", "/index", "/dist/index.js", "/none"} {
						add(m.Name+sub, "node_modules/x.js")
						add(m.Name+sub, name)
					}
					if m.Exports != nil {
						for _, f := range m.Exports.Fields {
							key := strings.TrimPrefix(f.Key, ".")
							add(m.Name+key, name)
							add(m.Name+strings.ReplaceAll(key, "*", "index"), name)
						}
					}
				}
			}
		}
		if ext := path.Ext(name); (ext == ".js" || ext == ".cjs" || ext == ".mjs") && perPackage[dir] < 6 {
			perPackage[dir]++
			data, err := fs.ReadFile(fsys, name)
			if err != nil {
				return err
			}
			for _, m := range quoted.FindAllSubmatch(data[:min(len(data), 1<<16)], 12) {
				add(string(m[2]), name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var questions []question
	for q := range seen {
		questions = append(questions, q)
	}
	slices.SortFunc(questions, func(a, b question) int {
		return strings.Compare(a.Parent+"\x00"+a.Specifier+a.Mode, b.Parent+"\x00"+b.Specifier+b.Mode)
	})
	return questions
}
