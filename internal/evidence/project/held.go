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
	"github.com/nbuild/nbuild/internal/wholefile"
)

// members are the folders that the package.json in a folder has as workspaces.
func members(root *os.Root, folder string) []string {
	at, err := fs.Sub(root.FS(), folder)
	if err != nil {
		return nil
	}
	return npm.Members(at)
}

// Held holds a lockfile against the package.json beside it, with what the .npmrc there
// says about which packages a tree holds, and returns it as npm takes it, with the
// options that its trees are planned by. Folder is where it stands in root, with
// slashes, "." for root itself; platforms are those that problems name.
func Held(ctx context.Context, l *npm.Lockfile, root *os.Root, folder string, platforms []string) (*npm.Lockfile, locked.Options, error) {
	config, err := registry.LoadConfig(ctx, registry.Sources{Project: filepath.Join(root.Name(), filepath.FromSlash(folder))})
	if err != nil {
		return nil, locked.Options{}, err
	}
	// What is left out of an image, build.hcl says: npm's omit and its like are for the
	// tree of who installs. How the lockfile's peers are meant is the project's.
	o := locked.Options{
		Libc: "glibc", LegacyPeerDeps: config.Bool("legacy-peer-deps"), StrictPeerDeps: config.Bool("strict-peer-deps"),
		EngineStrict: config.Bool("engine-strict") && !config.Bool("force"),
		InstallLinks: config.Bool("install-links"), Platforms: platforms,
	}
	beside := path.Dir(l.File) // as the user would type it
	manifests := func(at string) (*npm.Manifest, error) {
		name, shown := path.Join(folder, at, "package.json"), path.Join(beside, at, "package.json")
		src, err := wholefile.ReadIn(root, filepath.FromSlash(name), bounds.PackageJSON)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, nil
		case err != nil:
			return nil, unreadable(root, filepath.FromSlash(name), shown, err)
		}
		return npm.ReadManifest(src, shown)
	}
	m, err := manifests("")
	if err != nil {
		return nil, locked.Options{}, err
	}
	if m == nil {
		return nil, locked.Options{}, &diag.Problem{
			Code: npm.CodeManifest, Pos: diag.Pos{File: l.File}, What: "there is no package.json beside the lockfile",
			Why:    "it says what the project asks for, and the lockfile only what it asked for once; npm ci installs nothing without it",
			Remedy: "restore it (`git checkout " + diag.Word(path.Join(beside, "package.json")) + "`), or name another lockfile in the npm block",
		}
	}
	held, err := l.For(m, manifests, o)
	if err != nil {
		return nil, o, err
	}
	return held, o, held.Lacks(members(root, folder))
}
