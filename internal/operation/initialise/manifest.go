package initialise

import (
	"io"
	"io/fs"
	"maps"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/internal/utf8bom"
)

// manifest is the part of package.json that a build file is made of.
type manifest struct {
	name, main string
	scripts    map[string]string
	engines    map[string]string
	production map[string]string // what production depends on, optional packages among it
	all        map[string]string // ... and development
}

func read(folder fs.FS) (manifest, error) {
	m := manifest{production: map[string]string{}, all: map[string]string{}}
	wrong := func(what string, err error) error {
		return &diag.Problem{Code: CodeManifest, Pos: diag.Pos{File: "package.json"}, What: what, Remedy: "run `nbuild init` where package.json is; `npm init` writes one", Err: err}
	}
	f, err := folder.Open("package.json")
	if err != nil {
		return m, wrong("there is no package.json here", nil)
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, bounds.PackageJSON+1))
	if err != nil || len(src) > bounds.PackageJSON {
		return m, wrong("package.json can't be read", err)
	}
	r := strictjson.NewReader(utf8bom.Trim(src))
	r.Object(func(key string, _ int) {
		switch key {
		case "name":
			m.name = r.AsText()
		case "main":
			m.main = r.AsText()
		case "scripts":
			m.scripts = r.AsTexts()
		case "engines":
			m.engines = r.AsTexts()
		case "dependencies", "optionalDependencies":
			asked := r.AsTexts()
			maps.Copy(m.production, asked)
			maps.Copy(m.all, asked)
		case "devDependencies":
			maps.Copy(m.all, r.AsTexts())
		default:
			r.Skip()
		}
	})
	if r.End(); r.Failed() {
		if p := npm.Unreadable(src, "package.json", CodeManifest); p != nil {
			return m, p
		}
		return m, wrong("package.json is not what npm would read", r.Err())
	}
	return m, nil
}

// has reports whether the project itself asks for a package.
func (m *manifest) has(name string) bool { _, ok := m.all[name]; return ok }

// text reads a small file of the project; "" where there is none.
func text(folder fs.FS, name string) string {
	return string(utf8bom.Trim(contents(folder, name, bounds.PackageJSON)))
}

// contents reads a file of the project up to a number of bytes; nothing where there is
// none, or a larger one.
func contents(folder fs.FS, name string, most int64) []byte {
	if !fs.ValidPath(name) {
		return nil
	}
	f, err := folder.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil || int64(len(src)) > most {
		return nil
	}
	return src
}
