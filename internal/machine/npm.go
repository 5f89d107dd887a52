package machine

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/npm/registry"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/internal/wholefile"
)

// NPMConfig reads npm's configuration for a project's folder as npm would.
func (h Host) NPMConfig(ctx context.Context, dir string) (*registry.Config, error) {
	return registry.LoadConfig(ctx, registry.Sources{
		Project: dir, Home: h.Home, Prefix: h.npmPrefix(), Env: h.Environ, Ask: h.askNPM,
	})
}

// TreeSettings reads what npm's configuration says about the tree in a folder, with
// omit and include of the command line. npm itself is not asked: it knows no more of
// it.
func (h Host) TreeSettings(ctx context.Context, dir string, omit, include []string) (registry.TreeSettings, error) {
	config, err := registry.LoadConfig(ctx, registry.Sources{Project: dir, Home: h.Home, Prefix: h.npmPrefix(), Env: h.Environ})
	if err != nil {
		return registry.TreeSettings{}, err
	}
	return config.Tree(omit, include)
}

// Registry makes a client of the registries that npm's configuration names.
func (h Host) Registry(ctx context.Context, dir string) (*registry.Client, error) {
	config, err := h.NPMConfig(ctx, dir)
	if err != nil {
		return nil, err
	}
	return registry.NewClient(config, registry.Options{UserAgent: "nbuild/" + h.Version, Retry: h.Retry(), Pace: h.Patience.Pace})
}

// npmPrefix is where npm keeps its global configuration: the parent of the folder
// that node is in.
func (h Host) npmPrefix() string {
	node, err := h.Program("node")
	if err != nil {
		return ""
	}
	if node, err = filepath.EvalSymlinks(node); err != nil {
		return ""
	}
	return filepath.Dir(filepath.Dir(node))
}

// askNPM asks npm itself, away from the project: what the project's .npmrc says is
// known already, and none of its other settings should act on this npm.
func (h Host) askNPM(ctx context.Context, key string) (string, error) {
	out, err := h.Output(ctx, "/", nil, "npm", "config", "get", key)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(out)), nil
}

// NodeVersion asks the Node of the PATH which it is, "22.15.0"; "" where there is none.
func (h Host) NodeVersion(ctx context.Context) (string, error) {
	if _, err := h.Program("node"); err != nil {
		return "", nil
	}
	out, err := h.Output(ctx, "/", []string{"NODE_OPTIONS="}, "node", "--version")
	return strings.TrimPrefix(strings.TrimSpace(string(out)), "v"), err
}

// NPMVersion reads which npm stands in the PATH from its own package.json, as its start
// takes long; "" where that is not found.
func (h Host) NPMVersion() string {
	at, err := h.Program("npm")
	if err != nil {
		return ""
	}
	if at, err = filepath.EvalSymlinks(at); err != nil {
		return ""
	}
	src, err := wholefile.Read(filepath.Join(filepath.Dir(filepath.Dir(at)), "package.json"), bounds.PackageJSON)
	if err != nil {
		return ""
	}
	name, version := "", ""
	r := strictjson.NewReader(src)
	r.Object(func(key string, _ int) {
		switch key {
		case "name":
			name = r.Text()
		case "version":
			version = r.Text()
		default:
			r.Skip()
		}
	})
	if r.End(); r.Failed() || name != "npm" {
		return ""
	}
	return version
}
