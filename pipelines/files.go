package pipelines

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/glob"
	"github.com/nbuild/nbuild/internal/hclfile"
)

// tree is the project's folder as the language sees it. The file system refuses
// links that leave it (os.Root), so a name that can be opened is inside.
type tree struct {
	fsys  fs.FS
	names []string // every file, sorted bytewise; read once
	err   error
	read  bool
}

// skipped are folders that no glob looks into: git's own, and installed packages,
// which come from npm references instead.
var skipped = []string{".git", "node_modules"}

// private reports whether a file is only taken where it is named in full.
func private(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(base, ".env") || base == ".npmrc" || base == ".dockerconfigjson" || strings.HasPrefix(base, "id_rsa") || strings.HasPrefix(base, "id_ed25519")
}

func (t *tree) list() ([]string, error) {
	if t.read {
		return t.names, t.err
	}
	t.read = true
	t.err = fs.WalkDir(t.fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains(skipped, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if len(t.names) == bounds.ProjectFiles {
			return fmt.Errorf("more than %d files", bounds.ProjectFiles)
		}
		t.names = append(t.names, name)
		return nil
	})
	slices.Sort(t.names)
	return t.names, t.err
}

func wrongFiles(what, why, remedy string) error {
	return &diag.Problem{Code: CodeFiles, What: what, Why: why, Remedy: remedy}
}

// checkGlob refuses a pattern that could not name a file of the project.
func checkGlob(glob string) error {
	switch {
	case glob == "" || len(glob) > bounds.Path || strings.ContainsAny(glob, "\x00\\"):
		return wrongFiles(fmt.Sprintf("%q is no path", glob), "", "name files relative to the project's folder, with slashes")
	case strings.HasPrefix(glob, "/") || slices.Contains(strings.Split(glob, "/"), "..") || path.Clean(glob) != glob:
		return wrongFiles(fmt.Sprintf("%q leaves the project's folder, or is not in its shortest form", glob), "a build reads its own folder only, so that it is the same anywhere",
			"name files relative to the project's folder, with no . or .. in it")
	case strings.Count(glob, "**") > 4 || strings.Count(glob, "*") > 16:
		return wrongFiles(fmt.Sprintf("%q has too many stars", glob), "", "use several patterns")
	}
	for _, elem := range strings.Split(glob, "/") {
		if _, err := path.Match(elem, ""); err != nil || strings.Contains(elem, "**") && elem != "**" {
			return wrongFiles(fmt.Sprintf("%q is no pattern", glob), "* and ? match inside a name, [a-z] one character, ** whole folders", "write ** as an element of its own, as in src/**/*.js")
		}
	}
	return nil
}

// glob returns the files that a pattern names.
func (t *tree) glob(pattern string) ([]string, error) {
	if err := checkGlob(pattern); err != nil {
		return nil, err
	}
	names, err := t.list()
	if err != nil {
		return nil, wrongFiles("the project's folder can't be read: "+err.Error(), "", "check the folder that `dir` of the project block names, and its permissions")
	}
	var found []string
	for _, n := range names {
		if n != pattern && private(n) || !glob.Match(pattern, n) {
			continue
		}
		info, err := fs.Stat(t.fsys, n)
		if err != nil {
			return nil, wrongFiles(fmt.Sprintf("%s can't be followed inside the project's folder", n), "it is a link that leaves the folder or leads nowhere: "+err.Error(), "replace the link by the file, or name fewer files")
		}
		if !info.Mode().IsRegular() {
			if info.IsDir() { // a link to a folder: its files are named at their own place
				continue
			}
			return nil, wrongFiles(n+" is no regular file", "", "name fewer files")
		}
		found = append(found, n)
	}
	if len(found) == 0 {
		remedy := "correct the pattern, or remove it"
		if near := diag.Nearest(pattern, names); near != "" {
			remedy = fmt.Sprintf("did you mean %q?", near)
		} else if info, err := fs.Stat(t.fsys, pattern); err == nil && info.IsDir() {
			remedy = fmt.Sprintf("it is a folder: write %q", pattern+"/**")
		}
		return nil, wrongFiles(fmt.Sprintf("no file is named by %q", pattern), "an empty match is nearly always a mistake, and would leave files out in silence", remedy)
	}
	return found, nil
}

// filesFunc is files(globs…), the project's files that the globs name together.
func (t *tree) filesFunc(budget *hclfile.Budget) function.Function {
	return function.New(&function.Spec{
		VarParam: &function.Parameter{Name: "globs", Type: cty.String},
		Type:     function.StaticReturnType(sourceType),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if len(args) == 0 {
				return cty.NilVal, wrongFiles("files() names nothing", "", `give it patterns, as in files("src/**")`)
			}
			s := Source{Kind: FromFiles}
			var quoted []string
			for _, a := range args {
				if !budget.Spend(len(t.names) / 4) { // every file of the project is compared with it
					return cty.NilVal, errSpent
				}
				found, err := t.glob(a.AsString())
				if err != nil {
					return cty.NilVal, err
				}
				s.Files = append(s.Files, found...)
				quoted = append(quoted, fmt.Sprintf("%q", a.AsString()))
			}
			slices.Sort(s.Files)
			s.Files, s.Name = slices.Compact(s.Files), strings.Join(quoted, ", ")
			return s.value(), nil
		},
	})
}

// fileFunc is file(name), the text of one file of the project.
func (t *tree) fileFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "name", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			name := args[0].AsString()
			if strings.ContainsAny(name, "*?[") || checkGlob(name) != nil {
				return cty.NilVal, wrongFiles(fmt.Sprintf("%q is no path of a file", name), "", "name one file relative to the project's folder")
			}
			info, err := fs.Stat(t.fsys, name)
			if err != nil || !info.Mode().IsRegular() {
				return cty.NilVal, wrongFiles(fmt.Sprintf("there is no file %q in the project's folder", name), "", "correct the name")
			}
			if info.Size() > maxText {
				return cty.NilVal, tooLarge(name)
			}
			src, err := fs.ReadFile(t.fsys, name)
			if err != nil {
				return cty.NilVal, wrongFiles(fmt.Sprintf("%q can't be read", name), err.Error(), "check its permissions")
			}
			return cty.StringVal(string(src)), nil
		},
	})
}
