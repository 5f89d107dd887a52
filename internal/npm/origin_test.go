package npm

import (
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/locked"
)

func TestOrigin(t *testing.T) {
	const hash = "#97edff6f525f192a3f83cea1944765f769ae2678"
	tests := map[string]struct {
		entry Entry
		from  locked.Source
		shown string
	}{
		"no address":             {Entry{}, locked.FromRegistry, "registry"},
		"an address":             {Entry{Resolved: "https://files.example.com/x.tgz"}, locked.FromAddress, "https://files.example.com/x.tgz"},
		"no tarball's name":      {Entry{Resolved: "https://files.example.com/x"}, locked.FromAddress, "https://files.example.com/x"},
		"in the clear":           {Entry{Resolved: "http://files.example.com/x.tgz"}, locked.FromAddress, "http://files.example.com/x.tgz"},
		"upper case":             {Entry{Resolved: "HTTPS://files.example.com/x.tgz"}, locked.FromAddress, "https://files.example.com/x.tgz"},
		"another registry":       {Entry{Resolved: "https://registry.example.com/npm/x/-/x-1.0.0.tgz"}, locked.FromAddress, "https://registry.example.com/npm/x/-/x-1.0.0.tgz"},
		"secrets":                {Entry{Resolved: "https://me:secret@files.example.com/x.tgz?token=secret#secret"}, locked.FromAddress, "https://files.example.com/x.tgz"},
		"a forge's archive":      {Entry{Resolved: "https://codeload.github.com/acme/x/tar.gz/v1"}, locked.FromAddress, "https://codeload.github.com/acme/x/tar.gz/v1"},
		"a forge's release":      {Entry{Resolved: "https://github.com/acme/x/releases/download/v1/x.tgz"}, locked.FromAddress, "https://github.com/acme/x/releases/download/v1/x.tgz"},
		"a forge's repository":   {Entry{Resolved: "https://github.com/acme/x" + hash}, locked.FromGit, "https://github.com/acme/x"},
		"a repository":           {Entry{Resolved: "https://git.example.com/acme/x.git" + hash}, locked.FromGit, "https://git.example.com/acme/x.git"},
		"git over ssh":           {Entry{Resolved: "git+ssh://git@git.example.com/acme/x.git" + hash}, locked.FromGit, "git+ssh://git.example.com/acme/x.git"},
		"git with a password":    {Entry{Resolved: "git+https://me:secret@git.example.com/acme/x.git" + hash}, locked.FromGit, "git+https://git.example.com/acme/x.git"},
		"git in scp's form":      {Entry{Resolved: "git@git.example.com:acme/x.git" + hash}, locked.FromGit, "git.example.com:acme/x.git"},
		"ssh in scp's form":      {Entry{Resolved: "git+ssh://git@git.example.com:acme/x.git" + hash}, locked.FromGit, "git.example.com:acme/x.git"},
		"git's own protocol":     {Entry{Resolved: "git://git.example.com/x" + hash}, locked.FromGit, "git://git.example.com/x"},
		"git of a file":          {Entry{Resolved: "git+file:///srv/x.git"}, locked.FromGit, "git+file:///srv/x.git"},
		"a short form":           {Entry{Resolved: "github:acme/x"}, locked.FromGit, "github:acme/x"},
		"a tarball":              {Entry{Resolved: "file:vendor/x-1.0.0.tgz"}, locked.FromFile, "file:vendor/x-1.0.0.tgz"},
		"a tarball, unclean":     {Entry{Resolved: "file:./vendor//x.tar.gz"}, locked.FromFile, "file:vendor/x.tar.gz"},
		"a tarball, escaped":     {Entry{Resolved: "file:vendor/a%20b.TGZ"}, locked.FromFile, "file:vendor/a b.TGZ"},
		"a folder":               {Entry{Resolved: "file:kit"}, locked.FromFolder, "file:kit"},
		"a link":                 {Entry{Resolved: "kit", Link: true}, locked.FromFolder, "file:kit"},
		"the folder itself":      {Entry{Path: "kit"}, locked.FromFolder, "file:kit"},
		"another scheme":         {Entry{Resolved: "ftp://me@files.example.com/x.tgz"}, locked.FromUnknown, "ftp://files.example.com/x.tgz"},
		"no host":                {Entry{Resolved: "https:///x.tgz"}, locked.FromUnknown, "https:///x.tgz"},
		"no address in any form": {Entry{Resolved: "me:secret@x"}, locked.FromUnknown, "x"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := test.entry
			if e.Path == "" {
				e.Path = "node_modules/x"
			}
			e.Name, e.Version = "x", "1.0.0"
			got := e.Origin()
			if got.From != test.from || got.Shown() != test.shown {
				t.Errorf("%s %q, want %s %q", got.From, got.Shown(), test.from, test.shown)
			}
			if strings.Contains(got.Shown(), "secret") {
				t.Error("a secret is shown")
			}
		})
	}
}

// npm itself is asked which registry its default is: an entry that lies there means
// whichever registry is configured, but only where it is that very version's.
func TestDefaultRegistryIsNpms(t *testing.T) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("no npm here")
	}
	list := exec.Command(npm, "config", "get", "registry", "--userconfig", t.TempDir()+"/user", "--globalconfig", t.TempDir()+"/global")
	list.Dir, list.Env = t.TempDir(), []string{"HOME=" + t.TempDir(), "PATH=" + "/usr/local/bin:/usr/bin:/bin"}
	out, err := list.Output()
	if err != nil {
		t.Skipf("npm says nothing: %v", err)
	}
	base := strings.TrimSpace(string(out))
	u, err := url.Parse(base)
	if err != nil || !IsDefaultRegistry(u) {
		t.Errorf("npm's own default registry is not known as such")
	}
	scoped := Entry{Path: "node_modules/a", Name: "@acme/a", Version: "1.0.0+x", Resolved: base + "@acme/a/-/a-1.0.0.tgz"}
	if got := scoped.Origin(); got.From != locked.FromRegistry {
		t.Errorf("a package of it comes from %s", got.From)
	}
	scoped.Name = "@acme/b"
	if got := scoped.Origin(); got.From != locked.FromAddress {
		t.Errorf("another package's tarball comes from %s", got.From)
	}
}

func TestPlace(t *testing.T) {
	tests := []struct{ address, name, version, want string }{
		{"https://registry.example.com/oak/-/oak-1.0.0.tgz", "oak", "1.0.0", "https://registry.example.com/"},
		{"https://registry.example.com/npm/@acme/oak/-/oak-1.0.0.tgz", "@acme/oak", "1.0.0", "https://registry.example.com/npm/"},
		{"https://registry.example.com/npm/@acme%2foak/-/oak-1.0.0.tgz", "@acme/oak", "1.0.0", "https://registry.example.com/npm/"},
		{"https://registry.example.com/elm/-/elm-1.0.0.tgz", "oak", "1.0.0", "https://registry.example.com/elm/-/elm-VERSION.tgz"},
		{"https://me:secret@files.example.com/v1.0.0/oak-1.0.0.tgz?token=secret", "oak", "1.0.0", "https://files.example.com/vVERSION/oak-VERSION.tgz"},
		{"https://files.example.com/oak.tgz", "oak", "", "https://files.example.com/oak.tgz"},
	}
	for _, test := range tests {
		if got := Place(test.address, test.name, test.version); got != test.want {
			t.Errorf("Place(%q) = %q, want %q", test.address, got, test.want)
		}
	}
}

func FuzzOrigin(f *testing.F) {
	for _, resolved := range []string{"https://me:secret@files.example.com/x.tgz?secret#secret", "git@host:a/b#secret", "file:../x.tgz", "ssh://secret@", "::secret@x"} {
		f.Add(resolved)
	}
	f.Fuzz(func(t *testing.T, resolved string) {
		e := &Entry{Path: "node_modules/x", Name: "x", Version: "1.0.0", Resolved: resolved}
		o := e.Origin()
		if o.From == locked.FromAddress {
			u, err := url.Parse(o.Shown())
			if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Host == "" {
				t.Errorf("%q is shown as %q", resolved, o.Shown())
			}
		}
		if (o.From == locked.FromFile || o.From == locked.FromFolder) && o.InProject() && !filepath.IsLocal(o.Address) {
			t.Errorf("%q leaves the project", o.Address)
		}
		_ = Place(resolved, "x", "1.0.0")
	})
}
