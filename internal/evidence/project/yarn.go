package project

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/wholefile"
	"github.com/nbuild/nbuild/internal/yarn"
	"github.com/nbuild/nbuild/pipelines"
)

// heldByYarn reads a yarn.lock, with the package.json and the .yarnrc beside it.
func (p *Project) heldByYarn(n pipelines.Npm, src []byte, shown string) (locked.Lockfile, locked.Options, error) {
	o := locked.Options{Libc: "glibc", Platforms: p.Platforms}
	folder := path.Dir(filepath.ToSlash(n.Lockfile))
	manifest := path.Join(path.Dir(shown), "package.json")
	text, err := wholefile.ReadIn(p.Root, filepath.FromSlash(path.Join(folder, "package.json")), bounds.PackageJSON)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, o, &diag.Problem{
			Code: npm.CodeManifest, Pos: diag.Pos{File: shown}, What: "there is no package.json beside the lockfile",
			Why:    "it says what the project asks for, and the lockfile only what it asked for once; yarn installs nothing without it",
			Remedy: "restore it (`git checkout " + diag.Word(manifest) + "`), or name another lockfile in the npm block",
		}
	case err != nil:
		return nil, o, unreadable(p.Root, filepath.FromSlash(path.Join(folder, "package.json")), manifest, err)
	}
	settings, err := p.yarnSettings(folder)
	if err != nil {
		return nil, o, err
	}
	lockfile, err := yarn.Read(src, shown, yarn.Beside{Manifest: text, ManifestFile: manifest, Settings: settings, Manifests: p.manifest})
	if err != nil {
		return nil, o, err
	}
	with, err := lockfile.Pack(packed(n, folder))
	return with, o, err
}

// yarnSettings reads the .yarnrc in a folder of the project, where there is one.
func (p *Project) yarnSettings(folder string) (yarn.Settings, error) {
	name := path.Join(folder, ".yarnrc")
	src, err := wholefile.ReadIn(p.Root, filepath.FromSlash(name), bounds.Npmrc)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return yarn.Settings{}, unreadable(p.Root, filepath.FromSlash(name), name, err)
	}
	s := yarn.ReadSettings(src)
	s.Has = func(file string) bool {
		info, err := p.Root.Stat(filepath.FromSlash(path.Join(folder, file)))
		return err == nil && info.Mode().IsRegular()
	}
	return s, nil
}

// manifest is what nbuild.lock has of the manifest of a version.
func (p *Project) manifest(name, version string) (snapshot.Manifest, bool) {
	lock := p.says()
	if lock == nil {
		return snapshot.Manifest{}, false
	}
	a, ok := lock.Find(snapshot.KindNPM, name, version, "")
	if !ok {
		return snapshot.Manifest{}, false
	}
	return a.Manifest()
}

// anyLock is nbuild.lock where there is one that can be read. What is wrong with it is told
// to who needs what it pins.
func (p *Project) anyLock() *snapshot.Lock {
	lock, err := p.PreviousLock()
	if err != nil {
		return nil
	}
	return lock
}
