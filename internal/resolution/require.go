package resolution

import (
	"path"
	"strings"
)

// cjs is require(X) from module at path Y.
func (r *Resolver) cjs(spec, parent string) (Result, error) {
	if spec == "" {
		return Result{}, fail(InvalidArgument, "an empty string")
	}
	if strings.ContainsRune(spec, 0) {
		return Result{}, fail(NotFound, "a zero byte in it")
	}
	if name, ok := r.node.Builtin(spec); ok {
		return Result{Builtin: name}, nil
	}
	if strings.HasPrefix(spec, "node:") {
		return Result{}, fail(UnknownBuiltin, "no such module in this Node")
	}
	if isRelative(spec) {
		return r.located(r.find(path.Dir(parent), spec))
	}
	if strings.HasPrefix(spec, "/") {
		return r.located(r.find("/", spec))
	}
	m, err := r.Governing(parent)
	if err != nil {
		return Result{}, err
	}
	if spec[0] == '#' && m != nil && m.Imports != nil {
		return r.imports(spec, m, Require)
	}
	if m != nil && m.Exports != nil && r.blind != noExports && m.Name != "" && (spec == m.Name || strings.HasPrefix(spec, m.Name+"/")) {
		return r.located(r.exported(m, "."+spec[len(m.Name):], Require))
	}
	return r.located(r.findPackage(spec, parent))
}

func (r *Resolver) located(name string, err error) (Result, error) {
	return Result{Path: name}, err
}

func isRelative(spec string) bool {
	return spec == "." || spec == ".." || strings.HasPrefix(spec, "./") || strings.HasPrefix(spec, "../")
}

// findPackage is LOAD_NODE_MODULES.
func (r *Resolver) findPackage(spec, parent string) (string, error) {
	name, rest := packageName(spec)
	for dir := path.Dir(parent); ; dir = path.Dir(dir) {
		if path.Base(dir) != "node_modules" {
			modules := join(dir, "node_modules")
			if _, kind := r.tree.Real(modules); kind == Dir {
				if name != "" {
					m, err := r.manifestOf(join(modules, name))
					if err != nil {
						return "", err
					}
					if m != nil && m.Exports != nil && r.blind != noExports {
						return r.exportedAt(join(modules, name), m, "."+rest, Require)
					}
				}
				found, err := r.find(modules, spec)
				if f, ok := err.(*failure); !ok || f.code != NotFound || f.why != "" {
					return found, err
				}
			}
		}
		if dir == "." {
			return "", fail(NotFound, "")
		}
	}
}

// packageName splits what may be a package's name from the path in it, which
// starts with a slash or is empty. The name is "" where Node would not look for
// exports.
func packageName(spec string) (name, rest string) {
	end := strings.IndexByte(spec, '/')
	if strings.HasPrefix(spec, "@") {
		if end <= 1 {
			return "", ""
		}
		if next := strings.IndexByte(spec[end+1:], '/'); next >= 0 {
			end += 1 + next
		} else {
			end = -1
		}
	}
	if name = spec; end >= 0 {
		name, rest = spec[:end], spec[end:]
	}
	last := name[strings.IndexByte(name, '/')+1:]
	if last == "" || last[0] == '.' || strings.ContainsAny(name, `\%`) {
		return "", ""
	}
	return name, rest
}

// find is LOAD_AS_FILE, then LOAD_AS_DIRECTORY, of a specifier below a folder.
func (r *Resolver) find(dir, spec string) (string, error) {
	name := join(dir, spec)
	if dir == "/" {
		name, _ = within(spec)
	}
	slash := spec == "." || spec == ".." || strings.HasSuffix(spec, "/") || strings.HasSuffix(spec, "/.") || strings.HasSuffix(spec, "/..")
	real, kind := r.tree.Real(name)
	if !slash {
		if kind == File {
			r.name = name
			return real, nil
		}
		if found := r.extended(name); found != "" {
			return found, nil
		}
	}
	if kind == Dir {
		return r.directory(name)
	}
	return "", fail(NotFound, "")
}

// extensions are what require tries, in order (Module._extensions).
var extensions = []string{".js", ".json", ".node"}

func (r *Resolver) extended(name string) string {
	if name == "." {
		return ""
	}
	for _, ext := range extensions {
		if real, kind := r.tree.Real(name + ext); kind == File {
			r.name = name + ext
			return real
		}
	}
	return ""
}

// directory is LOAD_AS_DIRECTORY.
func (r *Resolver) directory(dir string) (string, error) {
	m, err := r.manifestOf(dir)
	if err != nil {
		return "", err
	}
	if m != nil && m.Main != "" {
		name := join(dir, m.Main)
		if strings.HasPrefix(m.Main, "/") {
			name, _ = within(m.Main)
		}
		real, kind := r.tree.Real(name)
		if r.name = name; kind != File {
			real = r.extended(name)
		}
		if real == "" {
			real = r.extended(join(name, "index"))
		}
		if real != "" {
			r.use(m)
			return real, nil
		}
	}
	if real := r.extended(join(dir, "index")); real != "" {
		if m != nil {
			r.use(m)
		}
		return real, nil
	}
	if m != nil && m.Main != "" {
		return "", fail(NotFound, "main of %s names no file", m.Path)
	}
	return "", fail(NotFound, "")
}
