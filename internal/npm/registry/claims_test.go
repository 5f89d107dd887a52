package registry

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/retry"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// What went wrong is reported by its kind, of a registry and of an address that a lockfile has,
// and no message repeats the query of an address or a user in it.
func TestWhatWentWrongIsReportedByItsKind(t *testing.T) {
	parse := func(s string) *url.URL {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	target, reg := parse("https://me:s3cret@r.example.com/a?token=s3cret#s3cret"), parse("https://me:s3cret@r.example.com/")
	for name, test := range map[string]struct {
		err              error
		registry, addres diag.Code
	}{
		"401":                   {&retry.Status{Code: 401}, CodeDenied, CodeDenied},
		"403":                   {&retry.Status{Code: 403}, CodeDenied, CodeDenied},
		"407":                   {&retry.Status{Code: 407}, CodeDenied, CodeAddress},
		"404":                   {&retry.Status{Code: 404}, CodeNotFound, CodeNotFound},
		"410":                   {&retry.Status{Code: 410}, CodeNotFound, CodeNotFound},
		"418":                   {&retry.Status{Code: 418}, CodeFailing, CodeAddress},
		"500":                   {&retry.Status{Code: 500}, CodeFailing, CodeAddress},
		"a redirect":            {&redirectError{"a redirect to the scheme %q", "file"}, CodeRedirect, CodeRedirect},
		"other bytes":           {fmt.Errorf("x: %w", errMismatch), CodeLying, CodeLying},
		"a stranger":            {x509.UnknownAuthorityError{}, CodeCertificate, CodeCertificate},
		"another's certificate": {x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}, CodeCertificate, CodeCertificate},
		"an old certificate":    {x509.CertificateInvalidError{Reason: x509.Expired}, CodeCertificate, CodeCertificate},
		"cut":                   {io.ErrUnexpectedEOF, CodeCut, CodeCut},
		"changed on the way":    {gzip.ErrChecksum, CodeCut, CodeAddress},
		"no gzip":               {gzip.ErrHeader, CodeCut, CodeAddress},
		"too large":             {fmt.Errorf("%w of a tarball", errLarge), CodeLarge, CodeLarge},
		"over a bound":          {strictjson.ErrBound, CodeLarge, CodeAddress},
		"no document":           {strictjson.ErrSyntax, CodePackument, CodeAddress},
		"too slow":              {&pace.Slow{}, CodeUnreachable, CodeAddress},
		"no network":            {&net.OpError{Op: "dial", Err: errors.New("refused")}, CodeUnreachable, CodeAddress},
		"something else":        {errors.New("something else"), CodeUnreachable, CodeAddress},
		"wrapped by an address": {&url.Error{Op: "Get", URL: target.String(), Err: &retry.Status{Code: 404}}, CodeNotFound, CodeNotFound},
	} {
		for where, at := range map[string]struct {
			registry *url.URL
			want     diag.Code
		}{"of a registry": {reg, test.registry}, "of an address": {nil, test.addres}} {
			err := problem(ask{what: "a@1.0.0", target: target, registry: at.registry}, test.err)
			ps := diag.All(err)
			if len(ps) != 1 || ps[0].Code != at.want || ps[0].Remedy == "" || ps[0].Why == "" || !strings.Contains(ps[0].What+ps[0].Why, "r.example.com") {
				t.Errorf("%s, %s: %v", name, where, err)
			}
			if strings.Contains(fmt.Sprint(err, diag.All(err)[0].Text()), "s3cret") {
				t.Errorf("%s, %s: a secret is in the message: %v", name, where, err)
			}
		}
	}
	ours := &diag.Problem{Code: CodeExposed}
	for _, err := range []error{ours, fmt.Errorf("%w: disk full", errLocal), context.Canceled} {
		if got := problem(ask{what: "x", target: target, registry: reg}, err); got != err {
			t.Errorf("%v is reported as %v", err, got)
		}
	}
}

// What another try would not mend is not tried again.
func TestWhatIsFinalIsMarkedSo(t *testing.T) {
	for _, err := range []error{
		&redirectError{"%d", 1}, errMismatch, errLarge, strictjson.ErrSyntax, errLocal, x509.UnknownAuthorityError{}, &diag.Problem{Code: CodeExposed},
	} {
		if f := new(retry.Final); !errors.As(final(fmt.Errorf("x: %w", err)), f) {
			t.Errorf("%v would be tried again", err)
		}
	}
	for _, err := range []error{&retry.Status{Code: 500}, io.ErrUnexpectedEOF, errors.New("x"), &pace.Slow{}} {
		if f := new(retry.Final); errors.As(final(err), f) {
			t.Errorf("%v would not be tried again", err)
		}
	}
	if final(nil) != nil {
		t.Error("nothing is an error")
	}
}

// Where an answer sends us is followed where it is an address that is no less safe than the
// one before, and without a user in it.
func TestARedirectIsToNothingLessSafe(t *testing.T) {
	for name, test := range map[string]struct {
		status   int
		from, to string
		want     string // "" for no redirect, "error" for one that is refused
	}{
		"200":               {200, "https://r.example.com/a/b", "https://f.example.com/x", ""},
		"300":               {300, "https://r.example.com/a/b", "https://f.example.com/x", ""},
		"304":               {304, "https://r.example.com/a/b", "https://f.example.com/x", ""},
		"301":               {301, "https://r.example.com/a/b", "https://f.example.com/x", "https://f.example.com/x"},
		"302":               {302, "https://r.example.com/a/b", "https://f.example.com/x", "https://f.example.com/x"},
		"303":               {303, "https://r.example.com/a/b", "https://f.example.com/x", "https://f.example.com/x"},
		"307":               {307, "https://r.example.com/a/b", "https://f.example.com/x", "https://f.example.com/x"},
		"308":               {308, "https://r.example.com/a/b", "https://f.example.com/x", "https://f.example.com/x"},
		"within the server": {302, "https://r.example.com/a/b", "../c", "https://r.example.com/c"},
		"with a user":       {302, "https://r.example.com/a", "https://me:pw@f.example.com/x", "https://f.example.com/x"},
		"to TLS":            {302, "http://r.example.com/a", "https://f.example.com/x", "https://f.example.com/x"},
		"from http to http": {302, "http://r.example.com/a", "http://f.example.com/x", "http://f.example.com/x"},
		"away from TLS":     {302, "https://r.example.com/a", "http://r.example.com/a", "error"},
		"to a file":         {302, "https://r.example.com/a", "file://host/etc/passwd", "error"},
		"to another scheme": {302, "https://r.example.com/a", "ftp://f.example.com/x", "error"},
		"to no host":        {302, "https://r.example.com/a", "https:///x", "error"},
		"to no address":     {302, "https://r.example.com/a", "%zz", "error"},
		"nowhere":           {302, "https://r.example.com/a", "", "https://r.example.com/a"},
	} {
		from, err := url.Parse(test.from)
		if err != nil {
			t.Fatal(err)
		}
		to, err := redirect(&http.Response{StatusCode: test.status, Header: http.Header{"Location": {test.to}}}, from)
		got := ""
		if to != nil {
			got = to.String()
		}
		if err != nil {
			got = "error"
		}
		if got != test.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// A name is one that a registry can have, and a version one that is no path, query or
// fragment: whatever else a lockfile has for them, no address is made of it.
func TestNoNameIsAPath(t *testing.T) {
	long := strings.Repeat("a", 214)
	for name, ok := range map[string]bool{
		"a": true, "@s/a": true, "a.b-c_d~e": true, long: true, "@" + long + "/" + long: true, "A": true,
		"": false, "/": false, "@/a": false, "@s/": false, "s/a": false, "@s/a/b": false, ".a": false, "@.s/a": false, "@s/.a": false, "..": false, "a/..": false, long + "a": false, "@" + long + "a/a": false, "@s/" + long + "a": false,
		`a\b`: false, "a?b": false, "a#b": false, "a%b": false, "a@b": false, "a:b": false, "a b": false, "a\x00": false,
	} {
		if err := checkName(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
	reg, err := url.Parse("https://r.example.com/npm/")
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string]string{
		"1.0.0": "https://r.example.com/npm/@s/a/-/a-1.0.0.tgz", "1.0.0-rc.1+b": "https://r.example.com/npm/@s/a/-/a-1.0.0-rc.1+b.tgz",
		"": "", "1/2": "", `1\2`: "", "1?2": "", "1#2": "", "1%2": "", "1 2": "", "1\x00": "",
	} {
		u, err := tarballURL(reg, "@s/a", version)
		if (err == nil) != (want != "") || err == nil && u.String() != want {
			t.Errorf("%q: %v, %v", version, u, err)
		}
	}
	if u, err := packumentURL(reg, "@s/a"); err != nil || u.String() != "https://r.example.com/npm/@s%2fa" {
		t.Errorf("%v, %v", u, err)
	}
}

// A credential goes with a redirect that stays with its server, and no further.
func TestACredentialStaysWithItsServer(t *testing.T) {
	got := map[string]string{}
	var other *httptest.Server
	answer := func(w http.ResponseWriter, r *http.Request) {
		got[r.Host+r.URL.Path] = r.Header.Get("Authorization")
		switch r.URL.Path {
		case "/@s/a/-/a-1.0.0.tgz":
			http.Redirect(w, r, "/kept", http.StatusFound)
		case "/kept":
			http.Redirect(w, r, other.URL+"/away", http.StatusFound)
		case "/away":
			http.Redirect(w, r, "/back", http.StatusFound)
		default:
			_, _ = io.WriteString(w, body)
		}
	}
	other = serve(t, answer)
	own := serve(t, answer)
	host, away := strings.TrimPrefix(own.URL, "http://"), strings.TrimPrefix(other.URL, "http://")
	if text, err := fetch(client(t, own.URL, "//"+host+"/:_authToken=tok"), request); err != nil || text != body {
		t.Fatalf("%q, %v", text, err)
	}
	for at, want := range map[string]string{host + "/@s/a/-/a-1.0.0.tgz": "Bearer tok", host + "/kept": "Bearer tok", away + "/away": "", away + "/back": ""} {
		if sent, asked := got[at]; sent != want || !asked {
			t.Errorf("%s was sent %q (asked: %t)", at, sent, asked)
		}
	}
}

// Where npm's files are is what the environment says, else where they always are.
func TestWhereNpmsFilesAre(t *testing.T) {
	whole := Sources{Project: "/project", Home: "/home", Prefix: "/usr"}
	for name, test := range map[string]struct {
		s    Sources
		env  map[string]string
		want string
	}{
		"all of them":               {whole, nil, "/project/.npmrc /home/.npmrc /usr/etc/npmrc"},
		"another file of the user":  {whole, map[string]string{"userconfig": "/u"}, "/project/.npmrc /u /usr/etc/npmrc"},
		"another global file":       {whole, map[string]string{"globalconfig": "/g"}, "/project/.npmrc /home/.npmrc /g"},
		"another prefix":            {whole, map[string]string{"prefix": "/opt"}, "/project/.npmrc /home/.npmrc /opt/etc/npmrc"},
		"a global file of a prefix": {whole, map[string]string{"prefix": "/opt", "globalconfig": "/g"}, "/project/.npmrc /home/.npmrc /g"},
		"no project":                {Sources{Home: "/home", Prefix: "/usr"}, nil, "/home/.npmrc /usr/etc/npmrc"},
		"no home":                   {Sources{Project: "/project", Prefix: "/usr"}, nil, "/project/.npmrc /usr/etc/npmrc"},
		"no prefix":                 {Sources{Project: "/project", Home: "/home"}, nil, "/project/.npmrc /home/.npmrc"},
		"a prefix of the variable":  {Sources{}, map[string]string{"prefix": "/opt"}, "/opt/etc/npmrc"},
		"nothing":                   {Sources{}, nil, ""},
	} {
		if got := strings.Join(test.s.files(test.env), " "); got != test.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	for name, want := range map[string]string{
		"npm_config_registry": "registry", "NPM_CONFIG_REGISTRY": "registry", "npm_config_strict_ssl": "strict-ssl", "Npm_Config_Strict_SSL": "strict-ssl", "npm_config__auth": "_auth",
		"npm_config_//r.example.com/:_authToken": "//r.example.com/:_authToken", "npm_config_": "", "npm_confi": "", "xnpm_config_a": "", "npm_config_a": "a",
	} {
		if got, ok := envKey(name); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %t", name, got, ok)
		}
	}
}

// A file of npm's configuration is a regular file of a bounded size: a pipe in its place
// neither waits nor fills the memory.
func TestAFileOfTheConfigurationIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if _, err := readBounded(path, 5); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	for text, ok := range map[string]bool{"": true, "12345": true, "123456": false} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := readBounded(path, 5); (err == nil) != ok || err == nil && string(got) != text {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if err := errors.Join(os.Remove(path), unix.Mkfifo(path, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := readBounded(path, 5); err == nil {
		t.Error("a pipe was read")
	}
	if _, err := readBounded(filepath.Dir(path), 5); err == nil {
		t.Error("a folder was read")
	}
}

// A credential that is bound to no registry would go to whichever is asked, so each of its
// forms is refused; what can't be read is refused, and what names no registry too.
func TestAConfigurationThatCannotBeUsedIsRefused(t *testing.T) {
	for name, npmrc := range map[string]string{
		"_auth": "_auth=YQ==", "_authToken": "_authToken=x", "_authtoken": "_authtoken=x", "_password": "_password=x",
		"no address": "registry=x", "another scheme": "registry=ftp://r.example.com/", "no host": "registry=https:///", "of a scope": "@s:registry=x", "malformed": "registry=https://%zz",
	} {
		_, err := load(t, npmrc, "", "")
		if ps := diag.All(err); len(ps) != 1 || ps[0].Code != CodeConfig || ps[0].Remedy == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	c, err := load(t, "@s:registry=https://s.example.com/npm\ns:registry=x\nregistry=https://r.example.com?x=1#y", "", "")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"@s/a": "https://s.example.com/npm/", "@t/a": "https://r.example.com/", "a": "https://r.example.com/", "s/a": "https://r.example.com/"} {
		if u, err := c.Registry(name); err != nil || u.String() != want {
			t.Errorf("%s: %v, %v", name, u, err)
		}
	}
	if c.Binding("@s/a") != "@s" || c.Binding("@t/a") != "" || c.Binding("a") != "" {
		t.Errorf("%q, %q, %q", c.Binding("@s/a"), c.Binding("@t/a"), c.Binding("a"))
	}
	none, err := LoadConfig(t.Context(), Sources{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := none.Registry("a"); diag.All(err)[0].Code != CodeNoRegistry {
		t.Errorf("no registry: %v", err)
	}
	failing, err := LoadConfig(t.Context(), Sources{Ask: func(context.Context, string) (string, error) { return "https://r.example.com/", errors.New("no npm") }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := failing.Registry("a"); err == nil {
		t.Error("an answer of an npm that failed is taken")
	}
}

// An empty variable says nothing, and a client whose idle connections were dropped makes
// new ones.
func TestWhatSaysNothingChangesNothing(t *testing.T) {
	c, err := load(t, "registry=https://r.example.com/", "", "", "npm_config_registry=", "NPM_CONFIG_PROXY=")
	if err != nil {
		t.Fatal(err)
	}
	if u, err := c.Registry("a"); err != nil || u.Host != "r.example.com" || c.set("proxy") {
		t.Errorf("%v, %v", u, err)
	}
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
	asks := client(t, s.URL)
	for range 2 {
		if text, err := fetch(asks, request); err != nil || text != body {
			t.Fatalf("%q, %v", text, err)
		}
		asks.Close()
	}
}

// A document lists so many versions and no more, and a file of certificates is so large and
// no larger: the bounds are the last that is taken.
func TestBoundsOfTheRegistryAreInclusive(t *testing.T) {
	document := func(n int) string {
		var b strings.Builder
		b.WriteString(`{"name":"a","versions":{`)
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `"%d":0`, i)
		}
		b.WriteString("}}")
		return b.String()
	}
	if p, err := parsePackument(strings.NewReader(document(1<<20)), nil); err != nil || len(p.Known) != 1<<20 {
		t.Errorf("as many versions as may be: %v", err)
	}
	if _, err := parsePackument(strings.NewReader(document(1<<20+1)), nil); !errors.Is(err, strictjson.ErrSyntax) {
		t.Errorf("one more: %v", err)
	}
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	path := filepath.Join(t.TempDir(), "ca.pem")
	for size, ok := range map[int]bool{8 << 20: true, 8<<20 + 1: false} {
		text := append(authority[:len(authority):len(authority)], bytes.Repeat([]byte("\n"), size-len(authority))...)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := load(t, "cafile="+path, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.tlsConfig(); (err == nil) != ok {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}
