package image

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"golang.org/x/mod/modfile"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
)

var update = flag.Bool("update", false, "rewrite golden files")

var date = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newStore(t testing.TB) *cas.Store {
	t.Helper()
	s, err := cas.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func build(t testing.TB, s *cas.Store, members []Member, o Options) *Layer {
	t.Helper()
	l, err := NewLayer(t.Context(), s, date, members, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func text(path, content string) File { return File{Path: path, Data: []byte(content)} }

// sample is a small service: a skeleton, two packages of which one has another
// inside, a project and bin links.
func sample() []Member {
	return []Member{
		Files([]File{text("server.js", "listen()"), text("package.json", "{}"), {Path: "bin/run", Mode: 0o755, Data: []byte("#!/bin/sh\n")}}, "app", "project files", "layer.app"),
		Files([]File{text("index.js", "a"), text("lib/x.js", strings.Repeat("x", 1000))}, "app/node_modules/a", "npm a@1.0.0", "npm.deps"),
		Files([]File{text("index.js", "b")}, "app/node_modules/a/node_modules/b", "npm b@1.0.0", "npm.deps"),
		Files([]File{text("index.js", "a-b")}, "app/node_modules/a-b", "npm a-b@1.0.0", "npm.deps"),
		Bins(map[string]string{"app/node_modules/.bin/a": "../a/index.js"}, "npm.deps"),
		Files([]File{{Path: "tmp", Dir: true, Mode: 0o1777}, {Path: "bin", Link: "usr/bin"}, text("etc/passwd", "root:x:0:0:root:/root:/sbin/nologin\n")}, "", "skeleton", "base.runtime"),
	}
}

// listing renders a tar stream, an entry a line.
func listing(t testing.TB, r io.Reader) string {
	t.Helper()
	var b strings.Builder
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || !h.ModTime.Equal(date) {
			t.Errorf("%s: owner %d:%d %q:%q, time %s", h.Name, h.Uid, h.Gid, h.Uname, h.Gname, h.ModTime)
		}
		body, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%c %04o %d %s", h.Typeflag, h.Mode, h.Size, h.Name)
		if h.Linkname != "" {
			fmt.Fprintf(&b, " -> %s", h.Linkname)
		}
		if len(body) > 0 && len(body) < 20 {
			fmt.Fprintf(&b, " %q", body)
		}
		b.WriteByte('\n')
	}
}

func uncompressed(t testing.TB, l *Layer) string {
	t.Helper()
	r, err := l.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return listing(t, r)
}

func compressed(t testing.TB, l *Layer) []byte {
	t.Helper()
	r, err := l.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s changed (-want +got):\n%s", file, diff)
	}
}

func TestLayerMatchesItsGolden(t *testing.T) {
	golden(t, "layer.txt", []byte(uncompressed(t, build(t, newStore(t), sample(), Options{}))))
}

// TestCompressedBytesHold shows when a codec changed: then compressor is to be raised,
// and the golden files with it.
func TestCompressedBytesHold(t *testing.T) {
	for _, format := range []Format{Gzip, Zstd} {
		l := build(t, newStore(t), sample(), Options{Codec: Codec{Format: format}})
		golden(t, "layer.tar."+string(format), compressed(t, l))
		digest, _ := l.Digest()
		diffID, _ := l.DiffID()
		golden(t, "layer."+string(format)+".digests", fmt.Appendf(nil, "%s\n%s\n%s\n", l.Codec(), digest, diffID))
	}
}

func TestCompressorIsTheOneInGoMod(t *testing.T) {
	src, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.ParseLax("go.mod", src, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Require {
		if r.Mod.Path == "github.com/klauspost/compress" && r.Mod.Version != compressor {
			t.Errorf("go.mod has %s; raise the constant from %s and look at the golden files", r.Mod.Version, compressor)
		}
	}
}

func TestLayerIsValid(t *testing.T) {
	for _, format := range []Format{Gzip, Zstd} {
		t.Run(string(format), func(t *testing.T) {
			l := build(t, newStore(t), many(200), Options{Codec: Codec{Format: format}})
			if format == Gzip {
				if err := validate.Layer(l); err != nil {
					t.Error(err)
				}
			}
			sum, err := l.Digest()
			if err != nil || sum.Hex != cas.Sum(compressed(t, l)).String() {
				t.Errorf("Digest = %s, %v", sum, err)
			}
			r, _ := l.Uncompressed()
			defer r.Close()
			plain, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			if id, _ := l.DiffID(); id.Hex != cas.Sum(plain).String() || l.UncompressedSize() != int64(len(plain)) {
				t.Errorf("DiffID = %s, %d bytes of %d", id, l.UncompressedSize(), len(plain))
			}
		})
	}
}

// many is n packages.
func many(n int) []Member {
	all := make([]Member, n)
	for i := range all {
		name := fmt.Sprintf("p%03d", i)
		all[i] = Files([]File{text("package.json", name), text("lib/index.js", strings.Repeat(name, i))}, "app/node_modules/"+name, "npm "+name, "npm.deps")
	}
	return all
}

func TestEqualMembersGiveEqualBytes(t *testing.T) {
	for _, format := range []Format{Gzip, Zstd} {
		members := append(sample(), many(150)...)
		members = append(members, Files([]File{{Path: "big", Data: bytes.Repeat([]byte("0123456789abcdef"), 100_000)}}, "data", "big file", "fetch.data"))
		o := Options{Codec: Codec{Format: format}, whole: 1 << 20}
		shared := newStore(t)
		want := compressed(t, build(t, shared, members, o))
		shuffled := slices.Clone(members)
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		tests := map[string]func(t *testing.T) *Layer{
			"warm":     func(t *testing.T) *Layer { return build(t, shared, members, o) },
			"shuffled": func(t *testing.T) *Layer { return build(t, newStore(t), shuffled, o) },
			"one worker": func(t *testing.T) *Layer {
				o := o
				o.Workers = 1
				return build(t, newStore(t), members, o)
			},
			"eight workers, GOMAXPROCS 8": func(t *testing.T) *Layer {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(8))
				o := o
				o.Workers = 8
				return build(t, newStore(t), members, o)
			},
			"members known, layer not": func(t *testing.T) *Layer {
				s := newStore(t)
				build(t, s, members[:len(members)-1], o)
				return build(t, s, members, o)
			},
			"one blob lost": func(t *testing.T) *Layer {
				s := newStore(t)
				l := build(t, s, members, o)
				if err := s.Remove(t.Context(), l.Shares()[70].Digest); err != nil {
					t.Fatal(err)
				}
				return build(t, s, members, o)
			},
		}
		for name, test := range tests {
			t.Run(string(format)+", "+name, func(t *testing.T) {
				if got := compressed(t, test(t)); !bytes.Equal(got, want) {
					t.Errorf("%d other bytes than the %d of a cold build", len(got), len(want))
				}
			})
		}
	}
}

func TestWarmLayerOpensNoFile(t *testing.T) {
	s := newStore(t)
	build(t, s, sample(), Options{})
	members := sample()
	for i := range members {
		members[i].Files = nil
	}
	build(t, s, members, Options{})
}

func TestChangedMemberIsTheOnlyOnePacked(t *testing.T) {
	s := newStore(t)
	members := many(200)
	build(t, s, members, Options{})
	changed := slices.Clone(members)
	changed[150] = Files([]File{text("package.json", "{}")}, "app/node_modules/p150", "npm p150", "npm.deps")
	before, err := s.Usage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := build(t, s, changed, Options{})
	after, err := s.Usage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := after.Blobs - before.Blobs; n != 2 {
		t.Errorf("%d new blobs, want 2: the member and the layer's document", n)
	}
	if want := build(t, newStore(t), changed, Options{}); !bytes.Equal(compressed(t, got), compressed(t, want)) {
		t.Error("resumed from a checkpoint, the layer has other bytes than a cold one")
	}
	if diff := cmp.Diff(uncompressed(t, build(t, newStore(t), changed, Options{})), uncompressed(t, got)); diff != "" {
		t.Error(diff)
	}
}

func TestLayerRefusesADamagedMember(t *testing.T) {
	s := newStore(t)
	members := many(3)
	l := build(t, s, members, Options{})
	want := compressed(t, l)
	d := l.Shares()[1].Digest.String()
	name := filepath.Join(s.Dir(), "blobs", d[:2], d)
	body, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	body[len(body)/2] ^= 1
	os.Chmod(name, 0o600)
	if err := os.WriteFile(name, body, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := build(t, s, members, Options{}).Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.ReadAll(r); !errors.Is(err, cas.ErrCorrupt) {
		t.Errorf("reading a damaged layer: %v", err)
	}
	// A layer that has to be hashed anew makes the member anew.
	more := append(members, Files([]File{text("z", "z")}, "z", "z", "z"))
	build(t, s, more, Options{})
	if got := compressed(t, build(t, s, members, Options{})); !bytes.Equal(got, want) {
		t.Error("the damaged member was not replaced")
	}
}

func problem(t *testing.T, err error, code diag.Code) *diag.Problem {
	t.Helper()
	for _, p := range diag.All(err) {
		if p.Code == code {
			if p.Remedy == "" || p.What == "" {
				t.Errorf("%s has no remedy", p.What)
			}
			return p
		}
	}
	t.Fatalf("error %v, want %s", err, code)
	return nil
}

func TestLayerRefuses(t *testing.T) {
	one := func(f ...File) []Member { return []Member{Files(f, "", "member one", "layer.one")} }
	two := func(a, b File) []Member { return append(one(a), Files([]File{b}, "", "member two", "layer.two")) }
	tests := map[string]struct {
		members []Member
		below   []Anchor
		code    diag.Code
		says    []string
	}{
		"two contents":            {two(text("a", "1"), text("a", "2")), nil, CodeConflict, []string{"member one", "member two", `"a"`}},
		"two modes":               {two(text("a", "1"), File{Path: "a", Mode: 0o755, Data: []byte("1")}), nil, CodeConflict, nil},
		"a file and a link":       {two(text("a", ""), File{Path: "a", Link: "b"}), nil, CodeConflict, nil},
		"two directory modes":     {two(File{Path: "a", Dir: true, Mode: 0o700}, File{Path: "a", Dir: true, Mode: 0o1777}), nil, CodeConflict, nil},
		"file over directory":     {two(text("a/b", "1"), text("a", "2")), nil, CodeShape, []string{"a directory of member one"}},
		"directory over file":     {two(text("a", "1"), text("a/b", "2")), nil, CodeShape, []string{"a file of"}},
		"beneath a link":          {two(File{Path: "a", Link: "/etc"}, text("a/passwd", "2")), nil, CodeShape, []string{`link to "/etc"`}},
		"beneath a link below":    {one(text("lib/x", "1")), []Anchor{{Path: "lib", Link: "usr/lib"}}, CodeShape, []string{"a lower layer"}},
		"mode over one below":     {one(File{Path: "tmp", Dir: true, Mode: 0o700}), []Anchor{{Path: "tmp", Mode: 0o1777}}, CodeConflict, nil},
		"parent":                  {one(text("../a", "1")), nil, CodePath, nil},
		"parent inside":           {one(text("a/../../b", "1")), nil, CodePath, nil},
		"absolute":                {one(text("/etc/passwd", "1")), nil, CodePath, nil},
		"root":                    {one(text("", "1")), nil, CodePath, nil},
		"dot":                     {one(text("./a", "1")), nil, CodePath, nil},
		"NUL":                     {one(text("a\x00b", "1")), nil, CodePath, nil},
		"no UTF-8":                {one(text("a\xff", "1")), nil, CodePath, nil},
		"long":                    {one(text(strings.Repeat("a", 5000), "1")), nil, CodePath, nil},
		"deep":                    {one(text(strings.Repeat("a/", 200)+"b", "1")), nil, CodePath, nil},
		"whiteout":                {one(text("etc/.wh.passwd", "")), nil, CodePath, []string{".wh."}},
		"opaque whiteout":         {one(text(".wh..wh..opq", "")), nil, CodePath, nil},
		"link out":                {one(File{Path: "a/b", Link: "../../etc"}), nil, CodePath, nil},
		"link out by a detour":    {one(File{Path: "a", Link: "b/../../c"}), nil, CodePath, nil},
		"set-uid":                 {one(File{Path: "su", Mode: 0o4755}), nil, CodePath, nil},
		"set-gid directory":       {one(File{Path: "d", Dir: true, Mode: 0o2755}), nil, CodePath, nil},
		"content of another size": {[]Member{lying("12345", 4)}, nil, CodeChanged, nil},
		"content that is shorter": {[]Member{lying("12345", 6)}, nil, CodeChanged, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			_, err := NewLayer(t.Context(), s, date, test.members, Options{Below: test.below})
			p := problem(t, err, test.code)
			for _, want := range test.says {
				if !strings.Contains(p.What+p.Why, want) {
					t.Errorf("%q does not say %q", p.What+": "+p.Why, want)
				}
			}
		})
	}
}

// lying is a member that lists its one file with another size.
func lying(content string, size int64) Member {
	return Files([]File{{
		Path: "a", Size: size, SHA256: cas.Sum([]byte(content)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil },
	}}, "", "liar", "layer.liar")
}

func TestAllConflictsAreToldAtOnce(t *testing.T) {
	a := Files([]File{text("x", "1"), text("y", "1"), text("z", "same")}, "", "one", "layer.one")
	b := Files([]File{text("x", "2"), text("y", "2"), text("z", "same")}, "", "two", "layer.two")
	_, err := NewLayer(t.Context(), newStore(t), date, []Member{a, b}, Options{})
	if n := len(diag.All(err)); n != 2 {
		t.Errorf("%d problems, want 2: %v", n, err)
	}
}

func TestIdenticalFilesMerge(t *testing.T) {
	unknown := Member{Name: "two", Path: "app", Key: cas.Sum([]byte("two")), Owner: "two", Files: func(_ context.Context, yield func(File) error) error {
		return yield(text("a", "same")) // no SHA256: it is read and compared
	}}
	l := build(t, newStore(t), []Member{Files([]File{text("a", "same")}, "app", "one", "one"), unknown}, Options{})
	want := "5 0755 0 app/\n0 0644 4 app/a \"same\"\n"
	if diff := cmp.Diff(want, uncompressed(t, l)); diff != "" {
		t.Error(diff)
	}
}

func TestUpperLayerLeavesAnchorsAlone(t *testing.T) {
	s := newStore(t)
	base := build(t, s, sample(), Options{})
	want := []Anchor{{Path: "bin", Link: "usr/bin"}, {Path: "tmp", Mode: 0o1777}}
	if diff := cmp.Diff(want, base.Anchors()); diff != "" {
		t.Fatal(diff)
	}
	up := build(t, s, []Member{Files([]File{text("cache/a", "1")}, "tmp", "cache", "layer.cache")}, Options{Below: base.Anchors()})
	if diff := cmp.Diff("5 0755 0 tmp/cache/\n0 0644 1 tmp/cache/a \"1\"\n", uncompressed(t, up)); diff != "" {
		t.Error(diff)
	}
}

func TestModeThatIsAskedForWins(t *testing.T) {
	members := []Member{
		Files([]File{text("a", "1")}, "tmp", "one", "one"),
		Files([]File{{Path: "tmp", Dir: true, Mode: 0o1777}}, "", "two", "two"),
		Files([]File{text("b", "1")}, "tmp", "three", "three"),
	}
	want := "5 1777 0 tmp/\n0 0644 1 tmp/a \"1\"\n0 0644 1 tmp/b \"1\"\n"
	if diff := cmp.Diff(want, uncompressed(t, build(t, newStore(t), members, Options{}))); diff != "" {
		t.Error(diff)
	}
}

func TestNamesThatAreOneElsewhereAreAWarningColdAndWarm(t *testing.T) {
	for one, other := range map[string]string{"README": "readme", "caf\u00e9": "cafe\u0301", "STRASSE": "stra\u00dfe"} {
		s := newStore(t)
		members := []Member{Files([]File{text(one, "1"), text(other, "2")}, "app", "one", "one")}
		for _, run := range []string{"cold", "warm"} {
			w := build(t, s, members, Options{}).Warnings()
			if len(w) != 1 || w[0].Code != CodeCase || !strings.Contains(w[0].What, "app/"+one) && !strings.Contains(w[0].What, fmt.Sprintf("%q", "app/"+one)) {
				t.Errorf("%s, %s: warnings %v", one, run, w)
			}
		}
	}
}

func TestCancelledAssemblyLeavesAStoreThatServes(t *testing.T) {
	s := newStore(t)
	members := many(300)
	c, cancel := context.WithCancel(t.Context())
	defer cancel()
	stop := members[200]
	inner := stop.Files
	members[200].Files = func(ctx context.Context, yield func(File) error) error {
		return inner(ctx, func(f File) error {
			open := f.Data
			f.Open = func() (io.ReadCloser, error) {
				cancel()
				return io.NopCloser(bytes.NewReader(open)), nil
			}
			return yield(f)
		})
	}
	if _, err := NewLayer(c, s, date, members, Options{}); err == nil {
		t.Fatal("a cancelled assembly gave a layer")
	}
	got := compressed(t, build(t, s, many(300), Options{}))
	if want := compressed(t, build(t, newStore(t), many(300), Options{})); !bytes.Equal(got, want) {
		t.Error("the store gives other bytes after a cancelled assembly")
	}
}

func TestLayerRefusesADateOutOfRange(t *testing.T) {
	for name, d := range map[string]time.Time{"zero": {}, "1970": time.Unix(0, 0), "far": time.Unix(1<<34, 0)} {
		if _, err := NewLayer(t.Context(), newStore(t), d, sample(), Options{}); err == nil {
			t.Errorf("%s: a layer was dated %s", name, d)
		}
	}
}

func TestCodecRefusesUnknownLevels(t *testing.T) {
	for _, c := range []Codec{{Format: "xz"}, {Level: 10}, {Level: -1}, {Format: Zstd, Level: 23}} {
		if _, err := NewLayer(t.Context(), newStore(t), date, sample(), Options{Codec: c}); err == nil || c.ID() != "" {
			t.Errorf("%+v was taken, as %q", c, c.ID())
		}
	}
}
