package image

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// What a header says is what a reader of tar reads, at every length at which another form
// of it begins; and where USTAR has room, it is one block.
func TestHeadersReadBackAtEveryLength(t *testing.T) {
	at := func(n int) string { return strings.Repeat("n", n) }
	var headers []header
	for _, n := range []int{1, 99, 100, 101, 154, 155, 156, 157, 255, 256, 257, 300} {
		for _, slash := range []int{0, 1, 50, 99, 100, 101, 154, 155, 156, 157} {
			name := at(n)
			if slash > 0 && slash < n-1 {
				name = name[:slash] + "/" + name[slash+1:]
			}
			headers = append(headers, header{name: name, kind: typeFile, mode: 0o644, size: int64(n)}, header{name: name + "/", kind: typeDir, mode: 0o755})
		}
		headers = append(headers, header{name: "l", link: at(n), kind: typeLink, mode: 0o777}, header{name: "l", link: "é" + at(n), kind: typeLink, mode: 0o777}, header{name: "é" + at(n), kind: typeFile, mode: 0o755})
	}
	for _, size := range []int64{0, 1, 511, 512, 513, maxOctal - 1, maxOctal, maxOctal + 1, 1 << 40} {
		headers = append(headers, header{name: "f", kind: typeFile, mode: 0o644, size: size})
	}
	for _, h := range headers {
		raw := appendHeader(nil, h, 1234567890)
		if len(raw)%block != 0 {
			t.Fatalf("%+v: %d bytes", h, len(raw))
		}
		got, err := tar.NewReader(bytes.NewReader(append(raw, zeros[:]...))).Next()
		if err != nil {
			t.Errorf("%+v: %v", h, err)
			continue
		}
		if got.Name != h.name || got.Linkname != h.link || got.Size != h.size || got.Mode != h.mode || got.Typeflag != h.kind || got.ModTime.Unix() != 1234567890 || got.Uid+got.Gid != 0 || got.Uname+got.Gname != "" {
			t.Errorf("%+v is read as %+v", h, got)
		}
		_, _, fits := splitName(h.name)
		if one := fits && len(h.link) <= 100 && ascii(h.link) && h.size <= maxOctal; one != (len(raw) == block) {
			t.Errorf("%+v takes %d bytes", h, len(raw))
		}
	}
	for name, want := range map[string][2]string{
		at(100): {"", at(100)}, at(1) + "/" + at(100): {at(1), at(100)}, at(155) + "/" + at(100): {at(155), at(100)}, "a/b/" + at(100): {"a/b", at(100)}, at(80) + "/" + at(10) + "/" + at(20): {at(80) + "/" + at(10), at(20)},
		at(156) + "/" + at(100): {}, at(1) + "/" + at(101): {}, at(101): {}, "/" + at(100): {}, "é": {},
	} {
		prefix, rest, ok := splitName(name)
		if prefix != want[0] || rest != want[1] || ok != (want[1] != "") {
			t.Errorf("%.20q of %d is %d and %d, %t", name, len(name), len(prefix), len(rest), ok)
		}
	}
	for n := range 1200 {
		text := record("path", at(n))
		var size int
		if _, err := fmt.Sscanf(text, "%d path=", &size); err != nil || size != len(text) {
			t.Fatalf("a record of %d bytes says that it has %d", len(text), size)
		}
	}
	for in, want := range map[string]string{"a": "a", "é": "", "aéb": "ab", at(101): at(100), strings.Repeat("é", 200) + "x": "x"} {
		if got := cut(in); got != want {
			t.Errorf("%.10q is cut to %.10q", in, got)
		}
	}
}

// What has a place in a layer: clean paths below the root, links that stay below it, modes
// without set-id bits, and nothing that deletes what a lower layer has.
func TestWhatHasAPlaceInALayer(t *testing.T) {
	deep := func(elements int) string { return "a" + strings.Repeat("/a", elements-1) }
	for path, ok := range map[string]bool{
		"a": true, "a/b": true, "...": true, "a..b": true, ".w": true, "a.wh.b": true, ".whx": true, strings.Repeat("a", bounds.Path): true, deep(bounds.PathDepth): true, "é": true,
		"": false, ".": false, "/": false, "/a": false, "..": false, "../a": false, "a/../b": false, "a/..": false, "a//b": false, "a/": false, "./a": false, "a/.": false,
		strings.Repeat("a", bounds.Path+1): false, deep(bounds.PathDepth + 1): false, "a\x00": false, "a\xff": false, ".wh.a": false, "a/.wh.b": false, ".wh..wh..opq": false,
	} {
		if why := checkPath(path); (why == "") != ok {
			t.Errorf("%.30q: %s", path, why)
		}
	}
	for _, test := range []struct {
		at, target string
		ok         bool
	}{
		{"a", "b", true}, {"a/b", "../c", true}, {"a/b", "..", true}, {"a", ".", true}, {"a", "/etc", true}, {"a", "/../../x", true}, {"a/b/c", "../../d", true}, {"a", "b/../c", true}, {"a", "./b//c", true}, {"a", strings.Repeat("b", bounds.Path), true},
		{"a", "..", false}, {"a", "../b", false}, {"a/b", "../..", false}, {"a/b", "c/../../../d", false}, {"a/b", "../../a", false}, {"a", strings.Repeat("b", bounds.Path+1), false}, {"a", "b\x00", false}, {"a", "b\xff", false},
	} {
		if why := checkLink(test.at, test.target); (why == "") != test.ok {
			t.Errorf("%s to %.30q: %s", test.at, test.target, why)
		}
	}
	for name, test := range map[string]struct {
		f  File
		ok bool
	}{
		"0644": {File{Mode: 0o644}, true}, "0755": {File{Mode: 0o755}, true}, "0600": {File{Mode: 0o600}, false}, "0777": {File{Mode: 0o777}, false}, "set-id": {File{Mode: 0o4755}, false}, "no mode": {File{}, false},
		"a directory": {File{Dir: true, Mode: 0o755}, true}, "one of anybody": {File{Dir: true, Mode: 0o1777}, true}, "a hidden one": {File{Dir: true, Mode: 0o700}, true}, "with a group": {File{Dir: true, Mode: 0o2755}, false}, "with a user": {File{Dir: true, Mode: 0o4755}, false},
		"as large as may be": {File{Mode: 0o644, Size: bounds.FetchFile}, true}, "larger": {File{Mode: 0o644, Size: bounds.FetchFile + 1}, false}, "smaller than nothing": {File{Mode: 0o644, Size: -1}, false},
		"a link": {File{Link: "x", Mode: 0o600}, true}, "a link out": {File{Link: "../x"}, false},
	} {
		if why := test.f.check("file"); (why == "") != test.ok {
			t.Errorf("%s: %s", name, why)
		}
		if why := test.f.check("../file"); why == "" {
			t.Errorf("%s: it may leave the root", name)
		}
	}
	for name, test := range map[string]struct{ in, want File }{
		"a file": {File{Data: []byte("abc")}, File{Mode: 0o644, Size: 3}}, "a program": {File{Data: []byte("abc"), Mode: 0o755, Size: 9}, File{Mode: 0o755, Size: 3}}, "a link": {File{Link: "x", Mode: 1, Size: 9}, File{Link: "x", Mode: 0o777}},
		"a directory": {File{Dir: true, Size: 9}, File{Dir: true, Mode: 0o755}}, "a directory with a mode": {File{Dir: true, Mode: 0o700}, File{Dir: true, Mode: 0o700}},
	} {
		if got := test.in.normal(); got.Mode != test.want.Mode || got.Size != test.want.Size || got.Link != test.want.Link || got.Dir != test.want.Dir {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Members have one order, whatever they are given in: the last ones last, then by path, and
// those of one path by everything else that they are known by.
func TestMembersHaveOneOrder(t *testing.T) {
	want := []Member{
		{Path: "a", Name: "a", Owner: "x", Key: cas.Digest{1}}, {Path: "a", Name: "a", Owner: "x", Key: cas.Digest{2}}, {Path: "a", Name: "a", Owner: "y"}, {Path: "a", Name: "b", Owner: "a"}, {Path: "b", Name: "a"},
		{Path: "A", Name: "a", Last: true}, {Path: "a", Name: "a", Last: true},
	}
	given := slices.Clone(want)
	slices.Reverse(given)
	got := sorted(given)
	for i := range want {
		if compareMembers(got[i], want[i]) != 0 || got[i].Key != want[i].Key || got[i].Last != want[i].Last {
			t.Errorf("number %d is %+v", i, got[i])
		}
	}
	if !given[0].Last {
		t.Error("the caller's list was sorted")
	}
}

// A codec is a format with a level that it has.
func TestACodecIsAFormatAndALevel(t *testing.T) {
	for c, want := range map[Codec]string{
		{}: "klauspost-gzip-5/", {Gzip, 1}: "klauspost-gzip-1/", {Gzip, 9}: "klauspost-gzip-9/", {Zstd, 0}: "klauspost-zstd-3/", {Zstd, 1}: "klauspost-zstd-1/", {Zstd, 22}: "klauspost-zstd-22/", {"", 2}: "klauspost-gzip-2/",
		{Gzip, 10}: "", {Gzip, -1}: "", {Zstd, 23}: "", {Zstd, -1}: "", {"xz", 1}: "",
	} {
		if got := c.ID(); want == "" && got != "" || !strings.HasPrefix(got, want) || want != "" && got != want+compressor {
			t.Errorf("%+v: %q", c, got)
		}
	}
	if (Codec{Format: Zstd}).mediaType() != types.OCILayerZStd || (Codec{Format: Gzip}).mediaType() != types.OCILayer {
		t.Error("a layer is called something else than it is")
	}
}

// What can't be an image is refused, and an image has its own layers and no others.
func TestAnImageHasADateAndAPlatform(t *testing.T) {
	s := newStore(t)
	whole := spec(t, s)
	for name, change := range map[string]func(*Spec){
		"no date":         func(s *Spec) { s.Date = time.Time{} },
		"a date of zero":  func(s *Spec) { s.Date = time.Unix(0, 0) },
		"no system":       func(s *Spec) { s.Platform.OS = "" },
		"no architecture": func(s *Spec) { s.Platform.Architecture = "" },
		"too many layers": func(s *Spec) { s.Layers = slices.Repeat(s.Layers[:1], bounds.Layers+1) },
	} {
		changed := whole
		change(&changed)
		if _, err := Assemble(changed); err == nil {
			t.Errorf("%s: it is an image", name)
		}
	}
	most := whole
	most.Layers, most.Date = slices.Repeat(whole.Layers[:1], bounds.Layers), time.Unix(1, 0)
	if _, err := Assemble(most); err != nil {
		t.Errorf("as many layers as may be: %v", err)
	}
	img := assemble(t, whole)
	for i, l := range img.Own() {
		digest, _ := l.Digest()
		diff, _ := l.DiffID()
		byDigest, err := img.LayerByDigest(digest)
		byDiff, errDiff := img.LayerByDiffID(diff)
		if err != nil || errDiff != nil || byDigest != v1.Layer(l) || byDiff != v1.Layer(l) {
			t.Errorf("layer %d: %v, %v", i, err, errDiff)
		}
		if _, err := img.LayerByDigest(diff); err == nil {
			t.Errorf("layer %d is found by another name", i)
		}
	}
	config, err := img.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	if l, err := img.LayerByDigest(config); err != nil {
		t.Errorf("its configuration: %v", err)
	} else if got, err := l.Digest(); err != nil || got != config {
		t.Errorf("its configuration is %s, %v", got, err)
	}
	if img.Platform().String() != amd64.String() || len(img.Own()) != 3 {
		t.Errorf("%s, %d layers", img.Platform(), len(img.Own()))
	}
}

// What was kept of a layer that was assembled before saves work and decides nothing: spoilt
// or foreign, it gives the same layer.
func TestWhatIsKeptOfALayerDecidesNothing(t *testing.T) {
	members := many(3 * checkpoint)
	changed := slices.Clone(members)
	changed[len(changed)-1] = Member{Name: "changed", Path: changed[len(changed)-1].Path, Owner: "x", Key: cas.Sum([]byte("changed")), Files: func(_ context.Context, yield func(File) error) error { return yield(text("f", "changed")) }}
	want, err := build(t, newStore(t), changed, Options{Name: "l"}).Digest()
	if err != nil {
		t.Fatal(err)
	}
	for name, kept := range map[string]string{"as it was": "", "no JSON": "{", "empty": "{}", "another hash": `{"plain":"AAAA","body":"AAAA","plainSize":1,"bodySize":1}`, "sizes alone": `{"plainSize":7,"bodySize":7}`} {
		s := newStore(t)
		build(t, s, members, Options{Name: "l"})
		if kept != "" {
			if _, err := parseState([]byte(kept)); err == nil {
				t.Errorf("%s is a state", name)
			}
			spoilt, err := filepath.Glob(filepath.Join(s.Dir(), "results", prefixResult, "*", "*"))
			if err != nil || len(spoilt) < 2 {
				t.Fatalf("%d checkpoints, %v", len(spoilt), err)
			}
			for _, path := range spoilt {
				key, err := cas.ParseDigest(filepath.Base(path))
				if err != nil {
					t.Fatal(err)
				}
				if err := s.PutResult(t.Context(), prefixResult, key, []byte(kept)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got, err := build(t, s, changed, Options{Name: "l"}).Digest(); err != nil || got != want {
			t.Errorf("%s: %s, want %s, %v", name, got, want, err)
		}
	}
}

// The files of a member are a copy, in their order, each with the digest of its content;
// what names no content is not packed.
func TestFilesOfAMemberAreACopy(t *testing.T) {
	given := []File{text("b", "b"), {Path: "c", Link: "b"}, {Path: "d", Dir: true}, text("a", "a"), {Path: "e", Data: []byte("e"), SHA256: cas.Sum([]byte("known"))}}
	m := Files(given, "app", "n", "o")
	if given[0].Path != "b" {
		t.Error("the caller's list was sorted")
	}
	given[0], given[3] = text("z", "z"), text("y", "y")
	want := map[string]cas.Digest{"a": cas.Sum([]byte("a")), "b": cas.Sum([]byte("b")), "c": {}, "d": {}, "e": cas.Sum([]byte("known"))}
	var paths []string
	list := func(m Member) error {
		return m.Files(t.Context(), func(f File) error {
			paths = append(paths, f.Path)
			if f.SHA256 != want[f.Path] {
				t.Errorf("%s has the digest %s", f.Path, f.SHA256)
			}
			return nil
		})
	}
	if err := list(m); err != nil || strings.Join(paths, "") != "abcde" {
		t.Errorf("%q, %v", paths, err)
	}
	stop := errors.New("stop")
	if err := m.Files(t.Context(), func(File) error { return stop }); err != stop {
		t.Errorf("%v", err)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("a")), nil }
	if err := list(Files([]File{{Path: "a", Open: open}}, "", "n", "o")); err == nil {
		t.Error("a content that no key names is packed")
	}
	if err := list(Files([]File{{Path: "a", Open: open, SHA256: cas.Sum([]byte("a"))}}, "", "n", "o")); err != nil {
		t.Error(err)
	}
}

// What is digested below a root is regular files, and none stays open.
func TestWhatIsDigestedIsRegularFiles(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would close what is forgotten
	dir := t.TempDir()
	for name, text := range map[string]string{"a": "aa", "b": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "d"), 0o700), os.Symlink("/etc/hostname", filepath.Join(dir, "out"))); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	given := []snapshot.Entry{{Path: "a"}, {Path: "b", Size: 9}, {Path: "l", Link: "a"}}
	got, err := Digested(t.Context(), root, given)
	if err != nil || got[0].SHA256 != cas.Sum([]byte("aa")) || got[0].Size != 2 || got[1].SHA256 != cas.Sum(nil) || got[1].Size != 0 || !got[2].SHA256.IsZero() || !given[0].SHA256.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	for _, path := range []string{"d", "none", "out", "../a"} {
		if got, err := Digested(t.Context(), root, []snapshot.Entry{{Path: path}}); err == nil {
			t.Errorf("%s: %+v", path, got)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Digested(ended, root, given); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context: %v", err)
	}
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("this machine does not say which files are open")
	}
	for _, fd := range all {
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(to, dir+"/") {
			t.Errorf("%s is open", to)
		}
	}
}

// A record of a packed member says three things, or nothing.
func TestARecordOfAMemberSaysThreeThings(t *testing.T) {
	p := packed{cas.Sum([]byte("x")), 7, 9}
	if got, ok := parsePacked(p.text()); !ok || got != p {
		t.Errorf("%+v, %t", got, ok)
	}
	digest := p.Digest.String()
	for _, text := range []string{"", digest, digest + " 7", digest + " 7 9 1", "x 7 9", digest + " x 9", digest + " 7 x", digest[1:] + " 7 9"} {
		if got, ok := parsePacked([]byte(text)); ok {
			t.Errorf("%q is %+v", text, got)
		}
	}
}
