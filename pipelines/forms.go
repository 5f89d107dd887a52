package pipelines

import (
	"fmt"
	"maps"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/internal/lazyregexp"
)

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// duration reads "72h", "5m" or "3d" out of an attribute.
func (e *evaluator) duration(b *hclfile.Body, name string, otherwise time.Duration) time.Duration {
	s := e.String(b, name)
	if s == "" {
		return otherwise
	}
	d, err := time.ParseDuration(s)
	if days, ok := strings.CutSuffix(s, "d"); ok && err != nil {
		var n int
		if n, err = strconv.Atoi(days); err == nil && n > math.MaxInt64/int(24*time.Hour) {
			err = strconv.ErrRange
		}
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d < 0 {
		e.Problem(b.At(name), CodeForm, fmt.Sprintf("%q is no duration", s), "", fmt.Sprintf(`write it as %s = "90s", "5m", "72h" or "3d"`, name))
		return otherwise
	}
	return d
}

var size = lazyregexp.New(`^([0-9]{1,9})(B|KiB|MiB|GiB|KB|MB|GB)$`)

// size reads "512MiB" out of an attribute, in bytes.
func (e *evaluator) size(b *hclfile.Body, name string, otherwise int64) int64 {
	s := e.String(b, name)
	if s == "" {
		return otherwise
	}
	m := size().FindStringSubmatch(s)
	units := map[string]int64{"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "KB": 1e3, "MB": 1e6, "GB": 1e9}
	if m != nil {
		if n, err := strconv.ParseInt(m[1], 10, 64); err == nil && n > 0 && n <= math.MaxInt64/units[m[2]] {
			return n * units[m[2]]
		}
	}
	e.Problem(b.At(name), CodeForm, fmt.Sprintf("%q is no size", s), "", fmt.Sprintf(`write it as %s = "512MiB" or "2GiB"`, name))
	return otherwise
}

// path checks a path relative to the project's folder, and returns it.
func (e *evaluator) path(b *hclfile.Body, name, value string) string {
	if value != "" && !inside(value) {
		e.Problem(b.At(name), CodeForm, fmt.Sprintf("%q is not inside the project's folder, or is not in its shortest form", value), "", fmt.Sprintf(`write it as %s = "folder/file"`, name))
	}
	return value
}

// absolute checks an absolute path in an image. One that ends with a slash is a
// folder; the slash is kept.
func (e *evaluator) absolute(b *hclfile.Body, name, value string) string {
	clean := value
	if value != "/" {
		clean = strings.TrimSuffix(value, "/")
	}
	if !path.IsAbs(value) || path.Clean(clean) != clean || len(value) > bounds.Path || strings.ContainsAny(value, "\x00\n\r\\") {
		e.Problem(b.At(name), CodeForm, fmt.Sprintf("%q is no absolute path in its shortest form", value), "", fmt.Sprintf(`write it as %s = "/app"`, name))
	}
	return value
}

// reason reads why an exception is made; an empty one is none.
func (e *evaluator) reason(b *hclfile.Body) string {
	s := e.String(b, "reason")
	if b.Has("reason") && strings.TrimSpace(s) == "" {
		e.Problem(b.At("reason"), CodeForm, "the reason is empty", "whoever reviews this has to know why", `write reason = "…" with a sentence`)
	}
	return s
}

// argv reads a command. An argument can't hold what no program can be given.
func (e *evaluator) argv(b *hclfile.Body, name string) []string {
	args := e.Strings(b, name)
	if b.Has(name) && args != nil && (len(args) == 0 || args[0] == "") {
		e.Problem(b.At(name), CodeForm, name+" names no program", "", fmt.Sprintf(`write it as %s = ["node", "server.js"]`, name))
	}
	for _, a := range args {
		if strings.ContainsRune(a, 0) {
			e.Problem(b.At(name), CodeForm, "an argument holds a NUL character", "", "remove it")
		}
	}
	return args
}

var variableName = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_.]*$`)

// env reads an environment.
func (e *evaluator) env(b *hclfile.Body, name string) map[string]string {
	vars := e.Map(b, name)
	for _, k := range sorted(vars) {
		if !variableName().MatchString(k) || strings.ContainsRune(vars[k], 0) {
			e.Problem(b.At(name), CodeForm, fmt.Sprintf("%q can't be an environment variable", k), "", fmt.Sprintf(`write it as %s = { NODE_ENV = "production" }`, name))
		}
	}
	return vars
}

// sources reads references of some kinds, one or a list.
func (e *evaluator) sources(b *hclfile.Body, name string, allowed ...SourceKind) []Source {
	v := e.Value(b, name)
	if v == cty.NilVal {
		return nil
	}
	all, ok := asSources(v)
	remedy := "use " + kinds(allowed)
	if !ok {
		e.Problem(b.At(name), CodeSource, name+" holds something that is no reference", "inputs are typed references, not names, so that nothing is guessed", remedy)
		return nil
	}
	if len(all) == 0 {
		e.Problem(b.At(name), CodeSource, name+" is empty", "", remedy+", or remove the line")
	}
	for _, s := range all {
		if !slices.Contains(allowed, s.Kind) {
			e.Problem(b.At(name), CodeSource, fmt.Sprintf("%s can't hold %s", name, s), "", remedy)
			return nil
		}
		if s.Output != "" && !inside(s.Output) {
			e.Problem(b.At(name), CodeForm, fmt.Sprintf("the output %q is not inside the working folder, or is not in its shortest form", s.Output), "", `write it as step.NAME.output["dist"]`)
			return nil
		}
	}
	return all
}

// baseOf reads a reference to a base, the first one where there is none.
func (e *evaluator) baseOf(b *hclfile.Body) string {
	if !b.Has("base") {
		return e.project.Bases[0].Name
	}
	s := e.sources(b, "base", FromBase)
	if len(s) > 1 {
		e.Problem(b.At("base"), CodeSource, "more than one base", "", "keep one")
	}
	if len(s) == 0 {
		return e.project.Bases[0].Name
	}
	return s[0].Name
}
