package resolution

import (
	"path"
	"strings"
)

// esm is ESM_RESOLVE.
func (r *Resolver) esm(spec, parent string) (Result, error) {
	switch {
	case isRelative(spec) || strings.HasPrefix(spec, "/"):
		p, err := urlPath(spec)
		if err != nil {
			return Result{}, err
		}
		name := p
		if !strings.HasPrefix(p, "/") {
			name = path.Dir(parent) + "/" + p
		}
		clean, ok := within(name)
		if !ok {
			return Result{}, fail(ModuleNotFound, "above the top")
		}
		if strings.HasSuffix(p, "/") || p == "." || p == ".." || strings.HasSuffix(p, "/.") || strings.HasSuffix(p, "/..") {
			clean += "/"
		}
		return r.located(r.finalize(clean, Import))
	case strings.HasPrefix(spec, "#"):
		m, err := r.Governing(parent)
		if err != nil {
			return Result{}, err
		}
		return r.imports(spec, m, Import)
	case isURL(spec):
		return r.url(spec)
	}
	return r.packageResolve(spec, parent, Import)
}

// url resolves a specifier that is a URL.
func (r *Resolver) url(spec string) (Result, error) {
	scheme, rest, _ := strings.Cut(spec, ":")
	switch strings.ToLower(scheme) {
	case "node":
		if name, ok := r.node.Builtin("node:" + rest); ok {
			return Result{Builtin: name}, nil
		}
		return Result{}, fail(UnknownBuiltin, "no such module in this Node")
	case "data":
		return Result{Data: spec}, nil
	case "file":
		if host, ok := strings.CutPrefix(rest, "//"); ok {
			slash := strings.IndexByte(host, '/')
			if slash > 0 && !strings.EqualFold(host[:slash], "localhost") {
				return Result{}, fail(InvalidFileHost, "a file URL with a host")
			}
			if slash < 0 {
				slash = len(host)
			}
			rest = host[slash:]
		}
		p, err := urlPath(rest)
		if err != nil {
			return Result{}, err
		}
		name, ok := within(p)
		if !ok {
			return Result{}, fail(ModuleNotFound, "above the top")
		}
		if strings.HasSuffix(p, "/") {
			name += "/"
		}
		return r.located(r.finalize(name, Import))
	}
	return Result{}, fail(UnsupportedScheme, "only file, data and node URLs load")
}

// packageResolve is PACKAGE_RESOLVE, or require's search of a target of imports.
func (r *Resolver) packageResolve(spec, parent string, mode Mode) (Result, error) {
	if name, ok := r.node.Builtin(spec); ok {
		if mode == Require {
			return Result{}, fail(InvalidScheme, "require takes no module of Node from imports")
		}
		return Result{Builtin: name}, nil
	}
	name, rest := packageName(spec)
	if strings.HasPrefix(spec, "@/") || strings.HasPrefix(spec, "@") && strings.Count(spec, "/") == 1 && rest == "" && strings.HasSuffix(spec, "/") {
		return Result{}, fail(ModuleNotFound, "")
	}
	if name == "" {
		return Result{}, fail(InvalidSpecifier, "not a valid package name")
	}
	subpath := "." + rest
	m, err := r.Governing(parent)
	if err != nil {
		return Result{}, err
	}
	if m != nil && m.Exports != nil && m.Name == name {
		return r.located(r.exported(m, subpath, mode))
	}
	for dir := path.Dir(parent); ; dir = path.Dir(dir) {
		if path.Base(dir) != "node_modules" {
			at := join(dir, "node_modules/"+name)
			if _, kind := r.tree.Real(at); kind == Dir {
				return r.inPackage(at, subpath, mode)
			}
		}
		if dir == "." {
			return Result{}, fail(ModuleNotFound, "")
		}
	}
}

// inPackage resolves a subpath of the package in a folder.
func (r *Resolver) inPackage(dir, subpath string, mode Mode) (Result, error) {
	m, err := r.manifestOf(dir)
	if err != nil {
		return Result{}, err
	}
	if m != nil && m.Exports != nil {
		return r.located(r.exportedAt(dir, m, subpath, mode))
	}
	if subpath == "." {
		return r.located(r.legacyMain(dir, m))
	}
	p, err := urlPath(subpath)
	if err != nil {
		return Result{}, err
	}
	name := join(dir, p)
	if strings.HasSuffix(p, "/") {
		name += "/"
	}
	return r.located(r.finalize(name, mode))
}

// legacyMain is what import loads of a package without exports: the files that
// require would try, in its order.
func (r *Resolver) legacyMain(dir string, m *Manifest) (string, error) {
	var tries []string
	if m != nil && m.Main != "" {
		for _, end := range []string{"", ".js", ".json", ".node", "/index.js", "/index.json", "/index.node"} {
			tries = append(tries, m.Main+end)
		}
	}
	for _, try := range append(tries, "index.js", "index.json", "index.node") {
		if real, kind := r.tree.Real(join(dir, try)); kind == File {
			r.name = join(dir, try)
			if m != nil {
				r.use(m)
			}
			return real, nil
		}
	}
	return "", fail(ModuleNotFound, "no main")
}

// finalize is the end of ESM_RESOLVE: the file must be there, as it is written. A
// trailing slash says that a folder was asked for.
func (r *Resolver) finalize(name string, mode Mode) (string, error) {
	missing := ModuleNotFound
	if mode == Require {
		missing = NotFound
	}
	clean := strings.TrimRight(name, "/")
	if clean == "" {
		clean = "."
	}
	real, kind := r.tree.Real(clean)
	slash := clean != name
	switch {
	case kind == File && !slash:
		r.name = clean
		return real, nil
	case kind == Dir && mode == Import:
		return "", fail(DirectoryImport, "")
	}
	return "", fail(missing, "")
}
