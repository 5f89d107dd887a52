package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// Sources is where npm's configuration is read from. Everything that depends on
// the machine is handed in.
type Sources struct {
	Project string   // the folder of package.json, whose .npmrc counts
	Home    string   // the user's folder, whose .npmrc counts
	Prefix  string   // npm's prefix, whose etc/npmrc counts; "" where unknown
	Env     []string // the environment, as NAME=VALUE

	// Ask answers `npm config get KEY`. It is called for "registry" when no file
	// and no variable names one; nil means that npm can't be asked.
	Ask func(ctx context.Context, key string) (string, error)
}

// Config is npm's effective configuration, as far as a client needs it.
type Config struct {
	values   map[string][]string
	env      map[string]string
	registry *url.URL            // the default one, nil where none is named
	scopes   map[string]*url.URL // "@acme" to its registry
	project  map[string]bool     // the keys whose value the project's own .npmrc gave
	fromEnv  map[string]bool     // those whose value a variable gave
}

// LoadConfig reads npm's configuration with npm's precedence: npm_config_*
// variables, then the .npmrc of the project, of the user, and the global one. It
// reports every problem at once.
func LoadConfig(ctx context.Context, s Sources) (*Config, error) {
	c := &Config{values: map[string][]string{}, env: map[string]string{}, scopes: map[string]*url.URL{}, project: map[string]bool{}, fromEnv: map[string]bool{}}
	fromEnv := map[string]string{}
	for _, v := range s.Env {
		name, value, _ := strings.Cut(v, "=")
		c.env[name] = value
		if key, ok := envKey(name); ok && value != "" {
			fromEnv[key] = value
		}
	}
	for key, value := range fromEnv {
		c.values[key], c.fromEnv[key] = strings.Split(expand(value, c.env), "\n\n"), true
	}
	var problems diag.Problems
	for i, file := range s.files(fromEnv) {
		problems = append(problems, c.read(file, s.Project != "" && i == 0)...)
	}
	problems = append(problems, c.unscoped()...)
	problems = append(problems, c.bind(ctx, s)...)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// files are the .npmrc files by precedence.
func (s Sources) files(env map[string]string) []string {
	var out []string
	if s.Project != "" {
		out = append(out, filepath.Join(s.Project, ".npmrc"))
	}
	if user := env["userconfig"]; user != "" {
		out = append(out, user)
	} else if s.Home != "" {
		out = append(out, filepath.Join(s.Home, ".npmrc"))
	}
	prefix := s.Prefix
	if p := env["prefix"]; p != "" {
		prefix = p
	}
	if global := env["globalconfig"]; global != "" {
		out = append(out, global)
	} else if prefix != "" {
		out = append(out, filepath.Join(prefix, "etc", "npmrc"))
	}
	return out
}

// envKey is the configuration key that a variable sets: npm_config_, in any case,
// then the key with _ for -, unless the key is bound to an address.
func envKey(name string) (string, bool) {
	const prefix = "npm_config_"
	if len(name) <= len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) {
		return "", false
	}
	key := name[len(prefix):]
	if strings.HasPrefix(key, "//") {
		return key, true
	}
	return strings.ToLower(key[:1] + strings.ReplaceAll(key[1:], "_", "-")), true
}

// read adds what a file says where nothing before it did. Project says that the file is
// the project's own, which whoever contributes to it can write.
func (c *Config) read(file string, project bool) diag.Problems {
	src, err := readBounded(file, bounds.Npmrc)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var settings []setting
	if err == nil {
		settings, err = parseNpmrc(src, c.env)
	}
	if err != nil {
		return diag.Problems{{
			Code: CodeConfig, Pos: diag.Pos{File: file}, What: "npm's configuration can't be read", Err: err,
			Why:    "which registry a package is bound to would not be known",
			Remedy: "make the file readable, or name another with npm_config_userconfig",
		}}
	}
	for _, s := range settings {
		if _, ok := c.values[s.key]; !ok {
			c.values[s.key], c.project[s.key] = s.values, project
		}
	}
	return nil
}

// readBounded reads a regular file, so that a link to a device or a pipe neither
// fills the memory nor waits.
func readBounded(file string, limit int64) ([]byte, error) {
	st, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, errors.New("no regular file")
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(src)) > limit {
		err = fmt.Errorf("over the bound of %d bytes", limit)
	}
	return src, err
}

// unscoped refuses credentials that are bound to no registry, as npm does since 9:
// they would go to whichever is asked.
func (c *Config) unscoped() diag.Problems {
	var ps diag.Problems
	for _, key := range []string{"_auth", "_authToken", "_authtoken", "_password"} {
		if c.value(key) == "" {
			continue
		}
		ps = append(ps, &diag.Problem{
			Code: CodeConfig, What: fmt.Sprintf("%s in npm's configuration is bound to no registry", key),
			Why:    "it would be sent to every registry, so neither npm nor nbuild uses it",
			Remedy: "run `npm config fix`, or write the key as //registry.example.com/:" + key,
		})
	}
	return ps
}

// bind works out the registry of every scope and the default one.
func (c *Config) bind(ctx context.Context, s Sources) diag.Problems {
	var ps diag.Problems
	for _, key := range sortedKeys(c.values) {
		scope, ok := strings.CutSuffix(key, ":registry")
		if !ok || !strings.HasPrefix(scope, "@") {
			continue
		}
		u, err := parseRegistry(c.value(key))
		if err != nil {
			ps = append(ps, badRegistry(key, err))
			continue
		}
		c.scopes[scope] = u
	}
	address := c.value("registry")
	if address == "" && s.Ask != nil {
		if answer, err := s.Ask(ctx, "registry"); err == nil {
			address = strings.TrimSpace(answer)
		}
	}
	if address == "" {
		return ps
	}
	u, err := parseRegistry(address)
	if err != nil {
		return append(ps, badRegistry("registry", err))
	}
	c.registry = u
	return ps
}

func badRegistry(key string, err error) *diag.Problem {
	return &diag.Problem{
		Code: CodeConfig, What: fmt.Sprintf("%s in npm's configuration is no registry's address", key), Err: err,
		Why:    "packages that are bound to it could not be fetched",
		Remedy: fmt.Sprintf("run `npm config set %s https://registry.example.com/` with your registry's address", diag.Word(key)),
	}
}

// parseRegistry reads an address and ends its path with a slash. A user and a
// password in it are kept apart from what is shown. Errors don't repeat it.
func parseRegistry(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("not an http or https address")
	}
	u.RawQuery, u.Fragment = "", ""
	if !strings.HasSuffix(u.Path, "/") {
		u = u.JoinPath("/")
	}
	return u, nil
}

// value is the last value of a key, or "".
func (c *Config) value(key string) string {
	if v := c.values[key]; len(v) > 0 {
		return v[len(v)-1]
	}
	return ""
}

// Bool is a key that is true or false, "omit-lockfile-registry-resolved".
func (c *Config) Bool(key string) bool { return c.value(key) == "true" }

// Values are all values of a key, nil where it is not set.
func (c *Config) Values(key string) []string { return c.values[key] }

// Binding is the configuration key that binds a package's name to its registry: its
// scope, "@acme", or "" for the default registry.
func (c *Config) Binding(name string) string {
	if scope, _, ok := strings.Cut(name, "/"); ok && c.scopes[scope] != nil {
		return scope
	}
	return ""
}

// Registry is the registry that a package's name is bound to. Where none is, the
// error is a Problem.
func (c *Config) Registry(name string) (*url.URL, error) {
	if scope := c.Binding(name); scope != "" {
		return c.scopes[scope], nil
	}
	if c.registry != nil {
		return c.registry, nil
	}
	return nil, &diag.Problem{
		Code: CodeNoRegistry, What: "no npm registry is configured",
		Why:    "nbuild takes the registry from npm's own configuration, and npm was not there to name its default",
		Remedy: "install npm, or run `npm config set registry https://registry.example.com/` with your registry's address",
	}
}
