package pipelines

import (
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/internal/lazyregexp"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// variables takes the values of variables from --var and defaults.
func (e *evaluator) variables() {
	values := map[string]cty.Value{}
	var names []string
	for _, b := range e.body.Of("variable") {
		v := Variable{Name: b.Labels[0], Type: "string", Doc: e.String(b, "description"), Sensitive: e.Bool(b, "sensitive", false)}
		names = append(names, v.Name)
		if x := b.Expr("type"); x != nil {
			v.Type = hcl.ExprAsKeyword(x)
		}
		types := map[string]cty.Type{"string": cty.String, "number": cty.Number, "bool": cty.Bool}
		typ, ok := types[v.Type]
		if !ok {
			e.Problem(b.At("type"), hclfile.CodeValue, "a variable's type is string, number or bool", "", "write type = string, without quotes")
			continue
		}
		value := cty.NilVal
		given, isGiven := e.vars[v.Name]
		switch {
		case v.Sensitive && b.Has("default"):
			e.Problem(b.At("default"), CodeVariable, fmt.Sprintf("the sensitive variable %s has a default", v.Name), "what stands in a repository is no secret", "remove the default and give --var "+v.Name+"=…")
		case isGiven:
			value = cty.StringVal(given)
		case b.Has("default"):
			value = e.Raw(b, "default")
		default:
			e.Problem(b.Range, CodeVariable, fmt.Sprintf("variable %s has no value", v.Name), "it has no default", fmt.Sprintf("give --var %s=…, or add a default", v.Name))
		}
		values[v.Name] = cty.DynamicVal
		if value != cty.NilVal {
			converted, err := convert.Convert(value, typ)
			if err != nil {
				e.Problem(b.Range, CodeVariable, fmt.Sprintf("the value of variable %s is no %s", v.Name, v.Type), "", fmt.Sprintf("give --var %s=… a %s", v.Name, v.Type))
			} else {
				values[v.Name] = converted
				if s, err := convert.Convert(converted, cty.String); err == nil && !s.IsNull() {
					v.Value = s.AsString()
				}
			}
		}
		if v.Sensitive {
			v.Secret, v.Value = NewSensitive(v.Value), ""
			values[v.Name] = hclfile.Sensitive(values[v.Name])
		}
		e.project.Variables = append(e.project.Variables, v)
	}
	for _, n := range sorted(e.vars) {
		if _, ok := values[n]; !ok {
			remedy := fmt.Sprintf("remove it, or add: variable %q {}", n)
			if near := diag.Nearest(n, names); near != "" {
				remedy = fmt.Sprintf("did you mean --var %s=…?", near)
			}
			e.Problems = append(e.Problems, &diag.Problem{Code: CodeVariable, Pos: diag.Pos{File: e.File.Name}, What: fmt.Sprintf("--var %s: the build file has no such variable", diag.Clean(n)), Remedy: remedy})
		}
	}
	e.Context.Variables["var"] = cty.ObjectVal(values)
}

// head reads the project and snapshot blocks, and opens the project's folder.
func (e *evaluator) head() {
	p := e.project
	p.Root, p.Platforms = ".", []string{"linux/amd64"}
	if b := e.body.One("project"); b != nil {
		p.Name = b.Labels[0]
		p.Source, p.Owner, p.Contact = e.String(b, "source"), e.String(b, "owner"), e.String(b, "contact")
		e.noCredentials(b, "source", p.Source)
		if ps := e.platforms(b); ps != nil {
			p.Platforms = ps
		}
		if dir := e.String(b, "dir"); dir != "" {
			if !inside(dir) {
				e.Problem(b.At("dir"), CodeForm, fmt.Sprintf("dir %q is not inside the folder of build.hcl", dir), "", `write it as dir = "services/shop"`)
			} else if sub, err := fs.Sub(e.folder, dir); err != nil || !isDir(e.folder, dir) {
				e.Problem(b.At("dir"), CodeFiles, fmt.Sprintf("there is no folder %q beside build.hcl", dir), "", "correct dir")
			} else {
				p.Root, e.folder = dir, sub
				e.Context.Functions = functions(&tree{fsys: sub}, e.Budget)
			}
		}
	}
	if b := e.body.One("snapshot"); b != nil {
		p.Snapshot.Cooldown = e.duration(b, "cooldown", 0)
		for _, word := range e.Strings(b, "deny_integrity") { // of the closed list, which the schema holds
			p.Snapshot.DenyIntegrity = append(p.Snapshot.DenyIntegrity, snapshot.Basis(word))
		}
	}
}

func isDir(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	return err == nil && info.IsDir()
}

func (e *evaluator) platforms(b *hclfile.Body) []string {
	ps := e.Strings(b, "platforms")
	seen := map[string]bool{}
	for _, p := range ps {
		if seen[p] {
			e.Problem(b.At("platforms"), CodeForm, p+" stands twice", "", "remove one")
		}
		seen[p] = true
	}
	if ps != nil && len(ps) == 0 {
		e.Problem(b.At("platforms"), CodeForm, "no platform is named", "", `write platforms = ["linux/amd64"]`)
		return nil
	}
	return ps
}

// noCredentials refuses an address that carries a password: it would stand in
// provenance.
func (e *evaluator) noCredentials(b *hclfile.Body, name, address string) {
	if u, err := url.Parse(address); address != "" && (err != nil || u.User != nil && strings.Contains(u.Scheme, "http")) {
		e.Problem(b.At(name), CodeForm, name+" is no address, or has a user name or a password in it", "it is written into the provenance", "write the address alone")
	}
}

var npmPackage = lazyregexp.New(`^(@[a-z0-9~_.-]+/)?[A-Za-z0-9~_-][A-Za-z0-9~_.-]*$`)

// inputs reads what enters: npm, base and fetch blocks.
func (e *evaluator) inputs() {
	for _, b := range e.body.Of("npm") {
		n := Npm{Name: b.Labels[0], Lockfile: "package-lock.json", Found: true, At: e.position(b)}
		if l := e.String(b, "lockfile"); l != "" {
			n.Lockfile, n.Found = e.path(b, "lockfile", l), false
		}
		if w := e.String(b, "workspace"); w != "" {
			n.Workspace = e.path(b, "workspace", w)
		}
		n.Unbuilt, n.Packed = e.unbuilt(b), e.packed(b)
		for _, s := range b.Of("patch") {
			at := strings.LastIndex(s.Labels[0], "@")
			if at < 1 || !npmPackage().MatchString(s.Labels[0][:at]) || at == len(s.Labels[0])-1 {
				e.Problem(s.Range, CodeForm, fmt.Sprintf("%q is no package with its version", s.Labels[0]), "", `write it as: patch "qs@6.11.0" {`)
			}
			n.Patches = append(n.Patches, Patch{Package: s.Labels[0], File: e.path(s, "file", e.String(s, "file")), Resolves: e.Strings(s, "resolves"), At: e.position(s)})
		}
		e.project.Npm = append(e.project.Npm, n)
	}
	if len(e.project.Npm) == 0 {
		e.project.Npm = []Npm{{Name: ImpliedNpm, Lockfile: "package-lock.json", Found: true, Implied: true}}
	}
	for _, b := range e.body.Of("base") {
		e.project.Bases = append(e.project.Bases, e.base(b))
	}
	if len(e.project.Bases) == 0 {
		e.project.Bases = []Base{{Name: ImpliedBase, Node: "22", Suite: "trixie", Packages: []string{"ca-certificates", "tzdata"}, Implied: true}}
	}
	for _, b := range e.body.Of("fetch") {
		f := Fetch{Name: b.Labels[0], URL: e.String(b, "url"), At: e.position(b)}
		if u, err := url.Parse(f.URL); f.URL != "" && (err != nil || !safe(u) || u.Host == "" || u.User != nil || u.Fragment != "") {
			e.Problem(b.At("url"), CodeForm, "url is no https address without credentials", "it is written into build records, and what it gives is pinned", `write it as url = "https://data.example.com/file"`)
		}
		e.project.Fetches = append(e.project.Fetches, f)
	}
}

// unbuilt reads what an npm block accepts as its tarball has it.
func (e *evaluator) unbuilt(b *hclfile.Body) []Unbuilt {
	var all []Unbuilt
	e.ofPackages(b, "unbuilt", "core-js", func(s *hclfile.Body) {
		all = append(all, Unbuilt{Package: s.Labels[0], Reason: e.reason(s), At: e.position(s)})
	})
	return all
}

// packed reads which tarballs stand for packages of git and for folders.
func (e *evaluator) packed(b *hclfile.Body) []Packed {
	var all []Packed
	e.ofPackages(b, "packed", "my-lib", func(s *hclfile.Body) {
		all = append(all, Packed{Package: s.Labels[0], File: e.path(s, "file", e.String(s, "file")), At: e.position(s)})
	})
	return all
}

// ofPackages reads blocks whose label is a package or one version of it, each once.
func (e *evaluator) ofPackages(b *hclfile.Body, kind, example string, read func(*hclfile.Body)) {
	seen := map[string]bool{}
	for _, s := range b.Of(kind) {
		label := s.Labels[0]
		name, version := label, "1"
		if at := strings.LastIndex(label, "@"); at > 0 {
			name, version = label[:at], label[at+1:]
		}
		switch {
		case !npmPackage().MatchString(name) || version == "":
			e.Problem(s.Range, CodeForm, fmt.Sprintf("%q is no package", label), "", fmt.Sprintf(`write it as: %[1]s "%[2]s" {, or %[1]s "%[2]s@3.0.0" { for one version`, kind, example))
		case seen[label]:
			e.Problem(s.Range, CodeForm, fmt.Sprintf("%s %q stands twice", kind, label), "", "remove one")
		}
		seen[label] = true
		read(s)
	}
}

// safe reports whether nobody on the way can change what an address gives: it is
// https, or of this machine.
func safe(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

var (
	nodeVersion = lazyregexp.New(`^[0-9]{1,3}(\.[0-9]{1,4}){0,2}$`)
	debianName  = lazyregexp.New(`^[a-z0-9][a-z0-9+.-]{1,127}$`)
)

func (e *evaluator) base(b *hclfile.Body) Base {
	out := Base{Name: b.Labels[0], Node: "22", Suite: "trixie", Packages: []string{"ca-certificates", "tzdata"}, At: e.position(b)}
	if b.Has("image") {
		out = Base{Name: out.Name, Image: e.String(b, "image"), At: out.At}
		for _, other := range []string{"node", "debian", "compiling"} {
			if b.Has(other) {
				e.Problem(b.At(other), CodeForm, fmt.Sprintf("base %q has an image and %s", out.Name, other), "an image brings its own Node and packages", "remove one of the two")
			}
		}
		if strings.Contains(out.Image, "://") || strings.ContainsAny(out.Image, " \t\n") {
			e.Problem(b.At("image"), CodeForm, fmt.Sprintf("%q is no image", out.Image), "", `write it as image = "registry.example.com/base/nodejs:22"`)
		}
		return out
	}
	if n := e.String(b, "node"); n != "" {
		if out.Node = n; !nodeVersion().MatchString(n) {
			e.Problem(b.At("node"), CodeForm, fmt.Sprintf("%q is no version of Node", n), "", `write it as node = "22" or node = "22.15.0"`)
		}
	}
	e.debian(b, &out)
	out.Compiling = e.Strings(b, "compiling")
	for _, n := range out.Compiling {
		if !debianName().MatchString(n) {
			e.Problem(b.At("compiling"), CodeForm, fmt.Sprintf("%q is no name of Debian's", n), "", `write it as compiling = ["libpq-dev"]`)
		}
	}
	return out
}

var debianType = cty.ObjectWithOptionalAttrs(map[string]cty.Type{"suite": cty.String, "packages": cty.List(cty.String)}, []string{"suite", "packages"})

// debian reads the packages of Debian that a base takes.
func (e *evaluator) debian(b *hclfile.Body, out *Base) {
	const remedy = `write it as debian = { suite = "trixie", packages = ["tzdata"] }`
	v := e.Value(b, "debian")
	if v == cty.NilVal {
		return
	}
	if !v.Type().IsObjectType() {
		e.Problem(b.At("debian"), hclfile.CodeValue, "debian is an object", "", remedy)
		return
	}
	for _, k := range sorted(v.Type().AttributeTypes()) {
		if k != "suite" && k != "packages" {
			e.Problem(b.At("debian"), hclfile.CodeUnknown, fmt.Sprintf("debian has no %q", k), "", remedy)
		}
	}
	v, err := convert.Convert(v, debianType)
	if err != nil {
		e.Problem(b.At("debian"), hclfile.CodeValue, "debian holds something else than names", err.Error(), remedy)
		return
	}
	if s := v.GetAttr("suite"); !s.IsNull() {
		out.Suite = s.AsString()
	}
	if ps := v.GetAttr("packages"); !ps.IsNull() {
		out.Packages = []string{}
		for _, p := range ps.AsValueSlice() {
			if !p.IsNull() {
				out.Packages = append(out.Packages, p.AsString())
			}
		}
	}
	for _, n := range append([]string{out.Suite}, out.Packages...) {
		if !debianName().MatchString(n) {
			e.Problem(b.At("debian"), CodeForm, fmt.Sprintf("%q is no name of Debian's", n), "", remedy)
		}
	}
}
