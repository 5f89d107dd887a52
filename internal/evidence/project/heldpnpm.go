package project

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/npm/registry"
	"github.com/nbuild/nbuild/internal/pnpm"
	"github.com/nbuild/nbuild/internal/wholefile"
	"github.com/nbuild/nbuild/pipelines"
)

// heldPNPM is held of a lockfile of pnpm.
func (p *Project) heldPNPM(ctx context.Context, n pipelines.Npm, src []byte, shown string) (locked.Lockfile, locked.Options, error) {
	l, err := pnpm.Read(src, shown)
	if err != nil {
		return nil, locked.Options{}, err
	}
	folder := path.Dir(filepath.ToSlash(n.Lockfile))
	if err := l.Pack(packed(n, folder)); err != nil {
		return nil, locked.Options{}, err
	}
	return HeldPNPM(ctx, l, p.Root, folder, p.Platforms)
}

// HeldPNPM holds a lockfile of pnpm against what stands beside it, as Held does one of
// npm.
func HeldPNPM(ctx context.Context, l *pnpm.Lockfile, root *os.Root, folder string, platforms []string) (locked.Lockfile, locked.Options, error) {
	config, err := registry.LoadConfig(ctx, registry.Sources{Project: filepath.Join(root.Name(), filepath.FromSlash(folder))})
	if err != nil {
		return nil, locked.Options{}, err
	}
	shown := path.Dir(l.File)
	read := func(name string, limit int64) ([]byte, error) {
		src, err := wholefile.ReadIn(root, filepath.FromSlash(path.Join(folder, name)), limit)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, unreadable(root, filepath.FromSlash(path.Join(folder, name)), path.Join(shown, name), err)
		}
		return append([]byte{}, src...), nil // an empty file is there
	}
	manifest, err := read("package.json", bounds.PackageJSON)
	if err != nil {
		return nil, locked.Options{}, err
	}
	if manifest == nil {
		return nil, locked.Options{}, &diag.Problem{
			Code: npm.CodeManifest, Pos: diag.Pos{File: l.File}, What: "there is no package.json beside the lockfile",
			Why:    "it says what the project asks for, and the lockfile only what it asked for once",
			Remedy: "restore it (`git checkout " + diag.Word(path.Join(shown, "package.json")) + "`), or name another lockfile in the npm block",
		}
	}
	b := pnpm.Beside{Npmrc: config.Values}
	if shown != "." {
		b.Folder = shown + "/"
	}
	if b.Manifest, err = pnpm.ReadManifest(manifest, path.Join(shown, "package.json")); err != nil {
		return nil, locked.Options{}, err
	}
	if b.Workspace, err = read("pnpm-workspace.yaml", bounds.PackageJSON); err != nil {
		return nil, locked.Options{}, err
	}
	if b.Pnpmfile, err = read(".pnpmfile.cjs", bounds.PackageJSON); err != nil {
		return nil, locked.Options{}, err
	}
	held, err := l.For(b)
	if err != nil {
		return nil, locked.Options{}, err
	}
	return held, locked.Options{Libc: "glibc", EngineStrict: config.Bool("engine-strict"), Platforms: platforms}, nil
}
