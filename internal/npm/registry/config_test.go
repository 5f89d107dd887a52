package registry

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"
)

func TestParseNpmrc(t *testing.T) {
	env := map[string]string{"TOKEN": "t0k", "EMPTY": ""}
	tests := []struct {
		name, text string
		want       map[string][]string
	}{
		{"plain", "a = b\n; c = d\n# e\n\nf=g ; rest\r\nh", map[string][]string{"a": {"b"}, "f": {"g"}, "h": {"true"}}},
		{"quotes", `a = "x;y" ` + "\n" + `b='z'`, map[string][]string{"a": {"x;y"}, "b": {"z"}}},
		{"escapes", `a = x\;y\\z\q`, map[string][]string{"a": {`x;y\z\q`}}},
		{"variables", "//h/:_authToken=${TOKEN}\na=${NONE}\nb=${NONE?}\nc=x${EMPTY}y\nd=${${TOKEN}", map[string][]string{
			"//h/:_authToken": {"t0k"}, "a": {"${NONE}"}, "b": {""}, "c": {"xy"}, "d": {"${t0k"}}},
		{"lists", "ca[]=1\nca[]=2\nomit=dev\nomit=peer", map[string][]string{"ca": {"1", "2"}, "omit": {"dev", "peer"}}},
		{"equals in value", "a=b=c", map[string][]string{"a": {"b=c"}}},
		{"sections mean nothing", "a=1\n[s]\na=2", map[string][]string{"a": {"1"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			settings, err := parseNpmrc([]byte(tt.text), env)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string][]string{}
			for _, s := range settings {
				got[s.key] = s.values
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzParseNpmrc: no variable's value appears that the text does not name.
func FuzzParseNpmrc(f *testing.F) {
	f.Add([]byte("a=${SECRET}\n//h/:_authToken=\"${SECRET?}\"\n[x]\nb[]=\\${SECRET}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		settings, err := parseNpmrc(src, map[string]string{"SECRET": "\x01hidden\x01"})
		if err != nil || strings.Contains(string(src), "SECRET") || strings.Contains(string(src), "\x01hidden") {
			return
		}
		for _, s := range settings {
			if strings.Contains(s.key+strings.Join(s.values, ""), "\x01hidden") {
				t.Fatalf("%q", s)
			}
		}
	})
}

// load makes a configuration of files and variables; home and project are folders
// of their own.
func load(t *testing.T, project, user, global string, env ...string) (*Config, error) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("project/.npmrc", project)
	write("home/.npmrc", user)
	write("prefix/etc/npmrc", global)
	return LoadConfig(context.Background(), Sources{
		Project: filepath.Join(dir, "project"), Home: filepath.Join(dir, "home"), Prefix: filepath.Join(dir, "prefix"), Env: env,
		Ask: func(context.Context, string) (string, error) { return "https://default.example.com/\n", nil },
	})
}

func TestConfigPrecedence(t *testing.T) {
	tests := []struct {
		name                  string
		project, user, global string
		env                   []string
		want                  string
	}{
		{name: "npm is asked last", want: "https://default.example.com/"},
		{name: "global", global: "registry=https://g.example.com", want: "https://g.example.com/"},
		{name: "user over global", global: "registry=https://g.example.com", user: "registry=https://u.example.com/npm", want: "https://u.example.com/npm/"},
		{name: "project over user", user: "registry=https://u.example.com", project: "registry=https://p.example.com/", want: "https://p.example.com/"},
		{name: "variable over files", project: "registry=https://p.example.com/", env: []string{"npm_config_registry=https://e.example.com/"}, want: "https://e.example.com/"},
		{name: "variables in any case", env: []string{"NPM_CONFIG_REGISTRY=https://e.example.com/"}, want: "https://e.example.com/"},
		{name: "variable in a file", user: "registry=${WHERE}", env: []string{"WHERE=https://w.example.com/"}, want: "https://w.example.com/"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := load(t, tt.project, tt.user, tt.global, tt.env...)
			if err != nil {
				t.Fatal(err)
			}
			u, err := c.Registry("lodash")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, u.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestScopesAreBoundToTheirRegistry(t *testing.T) {
	c, err := load(t, "@acme:registry=https://acme.example.com/npm/", "", "")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]string{
		"@acme/a":  {"@acme", "https://acme.example.com/npm/"},
		"@other/a": {"", "https://default.example.com/"},
		"acme":     {"", "https://default.example.com/"},
	} {
		u, err := c.Registry(name)
		if err != nil || u.String() != want[1] || c.Binding(name) != want[0] {
			t.Errorf("%s: %v, %q, %v", name, u, c.Binding(name), err)
		}
	}
}

func TestConfigProblems(t *testing.T) {
	tests := []struct {
		name, project string
		want          diag.Code
	}{
		{"unscoped token", "_authToken=secret-token", CodeConfig},
		{"registry of no address", "registry=ftp://user:secret-token@x.example.com", CodeConfig},
		{"scope of no address", "@a:registry=secret-token", CodeConfig},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.project, "", "")
			ps := diag.All(err)
			if len(ps) != 1 || ps[0].Code != tt.want || ps[0].Remedy == "" {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(ps[0].Text(), "secret-token") {
				t.Errorf("a credential is shown: %s", ps[0].Text())
			}
		})
	}
	c, err := LoadConfig(context.Background(), Sources{Ask: func(context.Context, string) (string, error) { return "", errors.New("no npm") }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Registry("a"); diag.Exit(err) != 11 {
		t.Errorf("no registry: got %v", err)
	}
}

func TestCredentialsStayWithTheirRegistry(t *testing.T) {
	c, err := load(t, strings.Join([]string{
		"registry=https://a.example.com/npm/",
		"//a.example.com/npm/:_authToken=tok",
		"//b.example.com/:username=u",
		"//b.example.com/:_password=" + base64.StdEncoding.EncodeToString([]byte("p")),
		"//c.example.com/deep/path:_auth=YQ==",
		"//plain.example.com/:_authToken=plain",
	}, "\n"), "", "")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, target, registry, want string }{
		{"its own path", "https://a.example.com/npm/x/-/x-1.tgz", "https://a.example.com/npm/", "Bearer tok"},
		{"another path of the registry's host", "https://a.example.com/files/x.tgz", "https://a.example.com/npm/", "Bearer tok"},
		{"another host", "https://evil.example.com/npm/x", "https://a.example.com/npm/", ""},
		{"a host that ends the same", "https://xa.example.com/npm/x", "https://a.example.com/npm/", ""},
		{"another port", "https://a.example.com:8443/npm/x", "https://a.example.com/npm/", ""},
		{"http where the registry is https", "http://a.example.com/npm/x", "https://a.example.com/npm/", ""},
		{"http where the registry is http", "http://plain.example.com/x", "http://plain.example.com/", "Bearer plain"},
		{"user and password", "https://b.example.com/x/y", "https://b.example.com/", "Basic " + base64.StdEncoding.EncodeToString([]byte("u:p"))},
		{"a path below", "https://c.example.com/deep/path/x", "https://c.example.com/deep/path/", "Basic YQ=="},
		{"a path beside", "https://c.example.com/deep/other", "https://d.example.com/", ""},
		{"a path that begins the same", "https://c.example.com/deep/pathology", "https://d.example.com/", ""},
		{"a user in the registry's address", "https://u.example.com/x", "https://me:pw@u.example.com/", "Basic " + base64.StdEncoding.EncodeToString([]byte("me:pw"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target, _ := url.Parse(tt.target)
			reg, _ := url.Parse(tt.registry)
			if diff := cmp.Diff(tt.want, c.credentials(target, reg).header); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whoever contributes to a project can write its .npmrc. The user's token is the
// user's own.
func TestTheProjectsNpmrcDoesNotDecideHowTheUsersCredentialIsSent(t *testing.T) {
	const user = "registry=https://a.example.com/\n//a.example.com/:_authToken=secret\n"
	tests := []struct {
		name, project, user string
		want                string // the header, "" for the Problem
	}{
		{"nothing in the project", "", user, "Bearer secret"},
		{"a registry in the project", "registry=https://a.example.com/", user, "Bearer secret"},
		{"a proxy", "https-proxy=http://evil.example.com", user, ""},
		{"a proxy by its other name", "proxy=http://evil.example.com", user, ""},
		{"no certificate check", "strict-ssl=false", user, ""},
		{"an authority of its own", `ca="x"`, user, ""},
		{"a file of authorities", "cafile=evil.pem", user, ""},
		{"settings that change nothing", "strict-ssl=true\nproxy=null\nhttps-proxy=false\ncafile=null\nnoproxy=x", user, "Bearer secret"},
		{"no TLS", "registry=http://a.example.com/", user, ""},
		{"the user's own proxy", "", user + "https-proxy=http://p.example.com", "Bearer secret"},
		{"a proxy, and a credential of the project", "https-proxy=http://p.example.com\n//a.example.com/:_authToken=own", user, "Bearer own"},
		{"a proxy, and a credential that only begins like the project's", "https-proxy=http://p.example.com\n//a.example.com/x/:_authToken=own", user, ""},
		{"the user's registry with a password in it", "strict-ssl=false", "registry=https://me:pw@a.example.com/", ""},
		{"the project's registry with a password in it", "strict-ssl=false\nregistry=https://me:pw@a.example.com/", "", "Basic bWU6cHc="},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := load(t, tt.project, tt.user, "")
			if err != nil {
				t.Fatal(err)
			}
			reg, err := c.Registry("x")
			if err != nil {
				t.Fatal(err)
			}
			target, err := packumentURL(reg, "x")
			if err != nil {
				t.Fatal(err)
			}
			cred, err := c.sendable(target, reg)
			if cred.header != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("%q is sent, %v", cred.header, err)
			}
			if ps := diag.All(err); err != nil && (len(ps) != 1 || ps[0].Code != CodeExposed || strings.Contains(err.Error(), "secret")) {
				t.Errorf("problem is %v", err)
			}
		})
	}
}

func TestProxy(t *testing.T) {
	tests := []struct {
		name, npmrc, target string
		env                 []string
		want                string
	}{
		{"npm's own", "https-proxy=http://p.example.com:1", "https://r.example.com/", nil, "http://p.example.com:1"},
		{"environment", "", "https://r.example.com/", []string{"HTTPS_PROXY=http://e.example.com:2"}, "http://e.example.com:2"},
		{"http", "", "http://r.example.com/", []string{"http_proxy=e.example.com:2"}, "http://e.example.com:2"},
		{"NO_PROXY", "proxy=http://p.example.com", "https://a.r.example.com/", []string{"NO_PROXY=other,.r.example.com"}, ""},
		{"noproxy", "proxy=http://p.example.com\nnoproxy=r.example.com", "https://r.example.com/", nil, ""},
		{"noproxy is a domain", "proxy=http://p.example.com\nnoproxy=r.example.com", "https://xr.example.com/", nil, "http://p.example.com"},
		{"loopback", "proxy=http://p.example.com", "http://127.0.0.1:3/", nil, ""},
		{"none", "", "https://r.example.com/", nil, ""},
		{"npm's before the environment's", "proxy=http://p.example.com", "https://r.example.com/", []string{"HTTPS_PROXY=http://e.example.com"}, "http://p.example.com"},
		{"npm's https before its other", "proxy=http://p.example.com\nhttps-proxy=http://s.example.com", "https://r.example.com/", nil, "http://s.example.com"},
		{"lower case first", "", "https://r.example.com/", []string{"HTTPS_PROXY=http://upper.example.com", "https_proxy=http://lower.example.com"}, "http://lower.example.com"},
		{"one for http is none for https", "", "https://r.example.com/", []string{"HTTP_PROXY=http://e.example.com", "PROXY=http://e.example.com"}, ""},
		{"PROXY, for http", "", "http://r.example.com/", []string{"PROXY=http://e.example.com"}, "http://e.example.com"},
		{"null says nothing", "https-proxy=null\nproxy=http://p.example.com", "https://r.example.com/", nil, "http://p.example.com"},
		{"true says nothing", "https-proxy=true\nproxy=http://p.example.com", "https://r.example.com/", nil, "http://p.example.com"},
		{"false says none", "https-proxy=false\nproxy=http://p.example.com", "https://r.example.com/", nil, ""},
		{"no address", "proxy=http://", "https://r.example.com/", nil, "error"},
		{"a malformed one", "proxy=http://%zz", "https://r.example.com/", nil, "error"},
		{"no proxy for anything", "proxy=http://p.example.com\nnoproxy=*", "https://r.example.com/", nil, ""},
		{"a star among others is none", "proxy=http://p.example.com", "https://r.example.com/", []string{"NO_PROXY=a.example.com,*"}, "http://p.example.com"},
		{"an empty entry is none", "proxy=http://p.example.com", "https://r.example.com/", []string{"NO_PROXY=,"}, "http://p.example.com"},
		{"an entry behind an empty one", "proxy=http://p.example.com", "https://r.example.com/", []string{"NO_PROXY=,r.example.com"}, ""},
		{"a domain with a star", "proxy=http://p.example.com", "https://a.r.example.com/", []string{"NO_PROXY=*.r.example.com"}, ""},
		{"a host with a port", "proxy=http://p.example.com", "https://r.example.com/", []string{"NO_PROXY=r.example.com:443"}, ""},
		{"capitals", "proxy=http://p.example.com", "https://A.R.example.com/", []string{"NO_PROXY=r.EXAMPLE.com"}, ""},
		{"npm's list in place of the environment's", "proxy=http://p.example.com\nnoproxy=a.example.com", "https://r.example.com/", []string{"NO_PROXY=r.example.com"}, "http://p.example.com"},
		{"this machine by its name", "proxy=http://p.example.com", "http://localhost:3/", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := load(t, tt.npmrc, "", "", tt.env...)
			if err != nil {
				t.Fatal(err)
			}
			u, _ := url.Parse(tt.target)
			p, err := c.proxy(u)
			got := ""
			if p != nil {
				got = p.String()
			}
			if err != nil {
				got = "error"
				if ps := diag.All(err); len(ps) != 1 || ps[0].Code != CodeConfig || ps[0].Remedy == "" {
					t.Error(err)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
