package tarball

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/snapshot"
)

const manifestText = `{"name":"a","version":"1.0.0"}`

// file is a member for pack: a regular file with a body unless it says otherwise.
func file(name, body string) tar.Header {
	return tar.Header{Name: name, Mode: 0o644, Typeflag: tar.TypeReg, PAXRecords: map[string]string{"NBUILD.body": body}}
}

// pack makes a .tgz of members, with a package.json before them.
func pack(t testing.TB, members ...tar.Header) []byte {
	t.Helper()
	return compress(t, packTar(t, append([]tar.Header{file("package/package.json", manifestText)}, members...)...))
}

func packTar(t testing.TB, members ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range members {
		body := h.PAXRecords["NBUILD.body"]
		h.PAXRecords = nil
		h.Size = int64(len(body))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func compress(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// content is what was read.
func content(t *testing.T) func(body []byte, err error) []byte {
	return func(body []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
}

// unpack gives path to "MODE CONTENT", by way of Index and Unpack.
func unpack(t *testing.T, tgz []byte) map[string]string {
	t.Helper()
	x, err := Index(bytes.NewReader(tgz), Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Unpack(bytes.NewReader(tgz), x)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Verify(); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for i, e := range x.Entries {
		mode, ok := map[uint32]string{0o644: "-", 0o755: "x"}[e.Mode]
		if !ok {
			mode = fmt.Sprintf("%o", e.Mode)
		}
		got[e.Path] = mode + " " + string(content(t)(c.Bytes(i)))
	}
	return got
}

func TestIndexLaysOutAsNPM(t *testing.T) {
	long := strings.Repeat("long/", 40) + "name.js"
	exe := file("package/run.sh", "run")
	exe.Mode = 0o755
	mode := func(name string, m int64) tar.Header {
		h := file("package/"+name, "m")
		h.Mode = m
		return h
	}
	link := tar.Header{Name: "package/link", Typeflag: tar.TypeSymlink, Linkname: "run.sh"}
	tests := []struct {
		name    string
		members []tar.Header
		want    map[string]string
	}{
		{"first element goes whatever its name", []tar.Header{file("node-x/a", "1"), file("./b/c", "2")}, map[string]string{"a": "- 1", "b/c": "- 2"}},
		{"a file beside the folder is left out", []tar.Header{file("stray", "1")}, map[string]string{}},
		{"folders alone are left out", []tar.Header{{Name: "package/tmp/", Mode: 0o755, Typeflag: tar.TypeDir}, file("package/lib/a", "1")}, map[string]string{"lib/a": "- 1"}},
		{"a dot is an element", []tar.Header{file("./a", "1"), file("././b", "2")}, map[string]string{"a": "- 1", "b": "- 2"}},
		{"prefixes may differ", []tar.Header{file("one/a", "1"), file("two/b", "2")}, map[string]string{"a": "- 1", "b": "- 2"}},
		{"doubled slashes and dots", []tar.Header{file("package//a/./b", "1")}, map[string]string{"a/b": "- 1"}},
		{"modes as npm leaves them", []tar.Header{mode("a", 0o744), mode("b", 0o754), mode("c", 0o750), mode("d", 0o664), mode("e", 0o600), mode("f", 0), mode("g", 0o100), mode("h", 0o777)},
			map[string]string{"a": "744 m", "b": "754 m", "c": "754 m", "d": "- m", "e": "- m", "f": "- m", "g": "744 m", "h": "x m"}},
		{"set-id and sticky bits are left out", []tar.Header{mode("a", 0o4755), mode("b", 0o2644), mode("c", 0o1777)}, map[string]string{"a": "x m", "b": "- m", "c": "x m"}},
		{"the first mode of a name given twice", []tar.Header{mode("a", 0o744), mode("a", 0o644)}, map[string]string{"a": "744 m"}},
		{"links are dropped", []tar.Header{exe, link}, map[string]string{"run.sh": "x run"}},
		{"gitignore becomes npmignore", []tar.Header{file("package/.gitignore", "g"), file("package/d/.gitignore", "d")},
			map[string]string{".npmignore": "- g", "d/.npmignore": "- d"}},
		{"gitignore yields to npmignore before it", []tar.Header{file("package/.npmignore", "n"), file("package/.gitignore", "g")},
			map[string]string{".npmignore": "- n"}},
		{"and to npmignore behind it", []tar.Header{file("package/.gitignore", "g"), file("package/.npmignore", "n")},
			map[string]string{".npmignore": "- n"}},
		{"and to one before a second gitignore", []tar.Header{file("package/.gitignore", "g"), file("package/.npmignore", "n"), file("package/.gitignore", "g")},
			map[string]string{".npmignore": "- n"}},
		{"but only to one with its own first element", []tar.Header{file("package/.npmignore", "n"), file("other/.gitignore", "g")},
			map[string]string{".npmignore": "- g"}},
		{"the same twice is once", []tar.Header{file("package/a", "1"), file("package/a", "1")}, map[string]string{"a": "- 1"}},
		{"long names", []tar.Header{file("package/"+long, "1")}, map[string]string{long: "- 1"}},
		{"names beyond ASCII", []tar.Header{file("package/ü/é.js", "1")}, map[string]string{"ü/é.js": "- 1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want["package.json"] = "- " + manifestText
			if diff := cmp.Diff(tt.want, unpack(t, pack(t, tt.members...))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCommandsHaveALineFeedAlone(t *testing.T) {
	long := "#!" + strings.Repeat("n", shebangReach)
	tests := []struct{ body, want string }{
		{"#!/usr/bin/env node\r\nx\r\n", "#!/usr/bin/env node\nx\r\n"},
		{"#!n\r\r\n", "#!n\r\n"},
		{"#!n\r\n\xe2\x82\r\n\xff\xff", "#!n\n\ufffd\r\n\ufffd\ufffd"},
		{"#!\r\n", ""},
		{"#!n\n\r\n", ""},
		{"#!n\r", ""},
		{" #!n\r\n", ""},
		{"\ufeff#!n\r\n", ""},
		{"n\r\n", ""},
		{long + "\r\n", ""},
		{long[:shebangReach-2] + "\r\n", long[:shebangReach-2] + "\n"},
		{long[:shebangReach-1] + "\r\n", ""},
		{"", ""},
	}
	for _, tt := range tests {
		got, changed := command([]byte(tt.body))
		if string(got) != tt.want || changed != (tt.want != "") {
			t.Errorf("%q: got %q, %v, want %q", tt.body, got, changed, tt.want)
		}
	}
}

// TestDecode has Node's own answers: Buffer.from(BYTES).toString() in code points.
func TestDecode(t *testing.T) {
	for raw, want := range map[string]string{
		"a\xc3\xa9":                            "a\u00e9",
		"\xc3(":                                "\ufffd(",
		"\xe2\x82":                             "\ufffd",
		"\xe2\x82x":                            "\ufffdx",
		"\xe0\x80\x80":                         "\ufffd\ufffd\ufffd",
		"\xed\xa0\x80":                         "\ufffd\ufffd\ufffd",
		"\xf0\x9f\x98":                         "\ufffd",
		"\xf0\x9f\x98\xe2\x82\xac":             "\ufffd\u20ac",
		"\xf0\x80\x80\x80":                     "\ufffd\ufffd\ufffd\ufffd",
		"\xf4\x90\x80\x80":                     "\ufffd\ufffd\ufffd\ufffd",
		"\xf5\x80":                             "\ufffd\ufffd",
		"\xff\xfe":                             "\ufffd\ufffd",
		"\xc0\xaf":                             "\ufffd\ufffd",
		"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41": "\ufffd\ufffd\ufffd\ufffdA",
	} {
		if got := decode([]byte(raw)); got != want {
			t.Errorf("%x: got %+q, want %+q", raw, got, want)
		}
	}
}

func TestWhereAPackageJSONStandsIsTold(t *testing.T) {
	tests := map[string]struct {
		members []tar.Header
		want    string
	}{
		"below a dot":      {[]tar.Header{file("./package/package.json", manifestText), file("./package/a", "1")}, `"package/package.json" is left of "./package/package.json"`},
		"below no folder":  {[]tar.Header{file("package.json", manifestText), file("lib/a.js", "1")}, `nothing is left of "package.json"`},
		"and nothing else": {[]tar.Header{file("package.json", manifestText)}, `nothing is left of "package.json"`},
		"not there":        {[]tar.Header{file("package/a", "1")}, "npm leaves no package.json at its top"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Index(bytes.NewReader(compress(t, packTar(t, tt.members...))), Options{})
			if !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestIndexTellsFilesAndCommandsApart(t *testing.T) {
	tgz := compress(t, packTar(t,
		file("package/package.json", `{"name":"@s/a","version":"1","bin":"./cli.js","bundleDependencies":["b"]}`),
		file("package/cli.js", "#!/usr/bin/env node\r\nx\r\n"),
		file("package/other.js", "#!/usr/bin/env node\r\n"),
		file("package/node_modules/b/package.json", `{"name":"b","version":"2","bin":{"b":"../b.js"}}`),
		file("package/node_modules/b/b.js", "#!node\r\n"),
		file("package/node_modules/b/test/package.json", `{"name":"fixture","bin":"package.json"}`),
	))
	x, err := Index(bytes.NewReader(tgz), Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Unpack(bytes.NewReader(tgz), x)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, e := range x.Entries {
		if e.Command != nil {
			as := e.AsCommand()
			got = append(got, fmt.Sprintf("%s %o %d %q", e.Path, as.Mode, as.Size, content(t)(c.Command(i))))
			if cas.Sum(content(t)(c.Command(i))) != as.SHA256 || e.Mode != 0o644 {
				t.Errorf("%s: the index has another digest or mode", e.Path)
			}
		}
	}
	want := []string{
		`cli.js 755 23 "#!/usr/bin/env node\nx\r\n"`,
		`node_modules/b/b.js 755 7 "#!node\n"`,
		`other.js 755 20 "#!/usr/bin/env node\n"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"b": "b.js"}, x.Bundled["node_modules/b"].Bin); diff != "" {
		t.Error(diff)
	}
}

func TestIndexRefusesHostileArchives(t *testing.T) {
	kind := func(name string, k byte, link string) tar.Header {
		return tar.Header{Name: name, Typeflag: k, Linkname: link}
	}
	tests := []struct {
		name    string
		members []tar.Header
	}{
		{"parent path", []tar.Header{file("package/../../etc/passwd", "x")}},
		{"parent path in the middle", []tar.Header{file("package/a/../b", "x")}},
		{"parent path with backslashes", []tar.Header{file(`package/a\..\..\b`, "x")}},
		{"absolute path", []tar.Header{file("/etc/passwd", "x")}},
		{"drive letter", []tar.Header{file("package/c:evil", "x")}},
		{"link out", []tar.Header{kind("package/l", tar.TypeSymlink, "../../etc")}},
		{"link out from a folder", []tar.Header{kind("package/d/l", tar.TypeSymlink, "../../x")}},
		{"link to an absolute path", []tar.Header{kind("package/l", tar.TypeSymlink, "/etc/passwd")}},
		{"hard link out", []tar.Header{kind("package/l", tar.TypeLink, "package/../../etc/passwd")}},
		{"device", []tar.Header{kind("package/d", tar.TypeChar, "")}},
		{"block device", []tar.Header{kind("package/d", tar.TypeBlock, "")}},
		{"pipe", []tar.Header{kind("package/d", tar.TypeFifo, "")}},
		{"two contents", []tar.Header{file("package/a", "1"), file("package/a", "2")}},
		{"two contents by two first elements", []tar.Header{file("package/a", "1"), file("other/a", "2")}},
		{"names that differ by case", []tar.Header{file("package/a.js", "1"), file("package/A.js", "2")}},
		{"names that differ by how an accent is written", []tar.Header{file("package/\u00e9.js", "1"), file("package/e\u0301.js", "2")}},
		{"names that differ by full case folding", []tar.Header{file("package/stra\u00dfe", "1"), file("package/STRASSE", "2")}},
		{"names that differ by what is not seen", []tar.Header{file("package/a", "1"), file("package/a\u200d", "2")}},
		{"two contents of an ignore file", []tar.Header{file("package/.gitignore", "1"), file("package/.gitignore", "2")}},
		{"two contents of an ignore file that yields", []tar.Header{file("package/.gitignore", "1"), file("package/.npmignore", "n"), file("package/.gitignore", "2")}},
		{"a folder's entry that is a file", []tar.Header{file("package/a", "1"), kind("package/A/", tar.TypeDir, "")}},
		{"a file with a link's target", []tar.Header{kind("package/a", tar.TypeReg, "b")}},
		{"a name that is too long", []tar.Header{file("package/"+strings.Repeat("n", 256), "1")}},
		{"a name that is too long in bytes", []tar.Header{file("package/"+strings.Repeat("\u00e9", 128), "1")}},
		{"a folder's name that is too long", []tar.Header{kind("package/"+strings.Repeat("n", 256)+"/", tar.TypeDir, "")}},
		{"a path that leaves no room", []tar.Header{file("package/"+strings.Repeat(strings.Repeat("d", 200)+"/", 16)+"f", "1")}},
		{"folders that differ by case", []tar.Header{file("package/lib/a", "1"), file("package/Lib/b", "2")}},
		{"a file that is a folder", []tar.Header{file("package/a", "1"), file("package/a/b", "2")}},
		{"too deep", []tar.Header{file("package/"+strings.Repeat("d/", 200)+"f", "1")}},
		{"too long", []tar.Header{file("package/"+strings.Repeat("d", 5000), "1")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Index(bytes.NewReader(pack(t, tt.members...)), Options{})
			if !errors.Is(err, ErrHostile) {
				t.Errorf("got %v, want ErrHostile", err)
			}
		})
	}
}

func TestIndexStopsBombs(t *testing.T) {
	bomb := pack(t, file("package/zeros", strings.Repeat("\x00", 1<<20)))
	tests := []struct {
		name    string
		archive []byte
		o       Options
	}{
		{"unpacked bytes", bomb, Options{Unpacked: 1 << 19}},
		{"compressed bytes", bomb, Options{Compressed: 100}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Index(bytes.NewReader(tt.archive), tt.o); !errors.Is(err, ErrHostile) {
				t.Errorf("got %v, want ErrHostile", err)
			}
		})
	}
}

// TestABombIsRefusedWithoutBeingHeld measures what a refusal costs: the size of a bomb
// must not be its price.
func TestABombIsRefusedWithoutBeingHeld(t *testing.T) {
	small := pack(t)
	zeros := compress(t, make([]byte, 400<<20))
	noise := make([]byte, 6<<20)
	for i := range noise { // a ratio that is allowed, over the bound on the whole
		noise[i] = byte(i * i >> 7)
	}
	mixed := compress(t, bytes.Repeat(noise, 20))
	tests := map[string][]byte{
		"one member":                   zeros,
		"several members":              slices.Concat(small, zeros, zeros, zeros),
		"a small member last":          slices.Concat(zeros, zeros, small),
		"a trailer that lies":          append(zeros[:len(zeros)-4:len(zeros)-4], 0, 1, 0, 0),
		"over the bound, slowly":       bytes.Repeat(mixed, 10),
		"an archive of archives' ends": slices.Concat(small, compress(t, make([]byte, 1<<20)), zeros),
	}
	for name, tgz := range tests {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Index(bytes.NewReader(tgz), Options{})
			runtime.ReadMemStats(&after)
			if !errors.Is(err, ErrHostile) {
				t.Errorf("got %v, want ErrHostile", err)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 200<<20 {
				t.Errorf("allocated %d MiB for %d KiB", took>>20, len(tgz)>>10)
			}
		})
	}
}

func TestWhatIsLargeAndHonestIsRead(t *testing.T) {
	words := make([]byte, 80<<20)
	for i := range words {
		words[i] = byte(i * i >> 9)
	}
	plain := packTar(t, file("package/package.json", manifestText), file("package/a", string(words)))
	for name, tgz := range map[string][]byte{"one member": compress(t, plain), "two members": append(compress(t, plain[:70<<20]), compress(t, plain[70<<20:])...)} {
		t.Run(name, func(t *testing.T) {
			if got := unpack(t, tgz)["a"]; got != "- "+string(words) {
				t.Errorf("got %d bytes", len(got))
			}
		})
	}
}

func TestIndexRefusesMalformedArchives(t *testing.T) {
	whole := pack(t, file("package/a", strings.Repeat("abc ", 1000)))
	plain := packTar(t, file("package/package.json", manifestText), file("package/a", strings.Repeat("x", 2000)))
	broken := bytes.Clone(plain)
	broken[1024+3]++ // a byte of the second header's name
	tests := []struct {
		name    string
		archive []byte
	}{
		{"empty", nil},
		{"junk", []byte(strings.Repeat("junk", 500))},
		{"cut gzip", whole[:len(whole)-20]},
		{"cut tar", compress(t, plain[:2000])},
		{"checksum", compress(t, broken)},
		{"no package.json", compress(t, packTar(t, file("package/a", "1")))},
		{"package.json is no JSON", compress(t, packTar(t, file("package/package.json", "{")))},
		{"package.json is no object", compress(t, packTar(t, file("package/package.json", "[]")))},
		{"nothing", compress(t, packTar(t))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Index(bytes.NewReader(tt.archive), Options{}); !errors.Is(err, ErrMalformed) {
				t.Errorf("got %v, want ErrMalformed", err)
			}
		})
	}
}

func TestIndexReadsConcatenatedGzipAndTrailingBytes(t *testing.T) {
	plain := packTar(t, file("package/package.json", manifestText), file("package/a", "1"))
	both := append(compress(t, plain[:700]), compress(t, plain[700:])...)
	for name, tgz := range map[string][]byte{"two members": both, "zeros after": append(both, make([]byte, 600)...), "plain tar": plain} {
		t.Run(name, func(t *testing.T) {
			if got := unpack(t, tgz)["a"]; got != "- 1" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestFacts(t *testing.T) {
	tests := []struct {
		name, manifest string
		want           snapshot.PackageFacts
	}{
		{"plain", `{"name":"a","version":"v1.0.0","license":"MIT","type":"module"}`,
			snapshot.PackageFacts{Name: "a", Version: "1.0.0", License: "MIT", Type: "module"}},
		{"objects", "\xef\xbb\xbf" + `{"name":"a","license":{"type":"BSD"},"author":{"name":"N","email":"n@example.com"},"repository":{"url":"u"}}`,
			snapshot.PackageFacts{Name: "a", License: "BSD", Author: "N <n@example.com>", Repository: "u"}},
		{"old licences", `{"name":"a","licenses":[{"type":"MIT"},{"type":"GPL-2.0"}]}`,
			snapshot.PackageFacts{Name: "a", License: "(MIT OR GPL-2.0)"}},
		{"keys are exact", `{"name":"a","NAME":"b","Version":"2"}`, snapshot.PackageFacts{Name: "a"}},
		{"scripts that run", `{"name":"a","scripts":{"test":"t","install":"i","postinstall":1}}`,
			snapshot.PackageFacts{Name: "a", Scripts: map[string]string{"install": "i"}}},
		{"bin leaves no folder", `{"name":"a","bin":{"../x":"../../y","":"z","q":""}}`,
			snapshot.PackageFacts{Name: "a", Bin: map[string]string{"x": "y"}}},
		{"exports", `{"name":"a","exports":{ ".": "./a.js" }}`,
			snapshot.PackageFacts{Name: "a", Exports: []byte(`{".":"./a.js"}`)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := readManifest([]byte(tt.manifest))
			if err != nil {
				t.Fatal(err)
			}
			got := m.facts()
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLicencesOfEveryForm(t *testing.T) {
	tests := []struct{ manifest, want string }{
		{`{"license":"MIT"}`, "MIT"},
		{`{"license":" (MIT OR Apache-2.0) "}`, "(MIT OR Apache-2.0)"},
		{`{"license":"SEE LICENSE IN LICENCE.txt"}`, "SEE LICENSE IN LICENCE.txt"},
		{`{"license":"UNLICENSED","licenses":["MIT"]}`, "UNLICENSED"},
		{`{"license":{"type":"ISC","url":"u"}}`, "ISC"},
		{`{"license":{"name":"ISC"}}`, "ISC"},
		{`{"license":["MIT",{"type":"ISC"},"MIT"]}`, "(MIT OR ISC)"},
		{`{"license":["MIT OR ISC","BSD"]}`, "((MIT OR ISC) OR BSD)"},
		{`{"licenses":"MIT"}`, "MIT"},
		{`{"licenses":{"type":"ISC"}}`, "ISC"},
		{`{"licenses":[{"type":"MIT","url":"u"}]}`, "MIT"},
		{`{"license":null,"licenses":{"type":"ISC"}}`, "ISC"},
		{`{"license":null,"licenses":[{"type":"MIT"}]}`, "MIT"},
		{`{"license":"","licenses":["MIT"]}`, "MIT"},
		{`{"license":{},"licenses":["MIT"]}`, "MIT"},
		{`{"license":[],"licenses":["MIT"]}`, "MIT"},
		{`{"license":[null,{"url":"u"}],"licenses":["MIT"]}`, "MIT"},
		{`{"license":{"type":null},"licenses":["MIT"]}`, "MIT"},
		{`{"license":true,"licenses":7}`, ""},
		{`{"license":[["MIT"]]}`, ""},
		{`{"license":null}`, ""},
		{`{}`, ""},
	}
	for _, tt := range tests {
		m, err := readManifest([]byte(tt.manifest))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.license(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.manifest, got, tt.want)
		}
	}
}

func TestIndexTellsNativesLicencesAndGyp(t *testing.T) {
	x, err := Index(bytes.NewReader(pack(t,
		file("package/build/x.node", "\x7fELF\x02\x01\x01\x00rest"),
		file("package/fake.node", "text, no code"),
		file("package/m.txt", "\x00asm\x01\x00\x00\x00"),
		file("package/LICENSE", "MIT"), file("package/license.js", "x"), file("package/binding.gyp", "{}"),
	)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := x.Package
	if diff := cmp.Diff([]string{"build/x.node", "m.txt"}, p.Natives); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"LICENSE"}, p.LicenseFiles); diff != "" {
		t.Error(diff)
	}
	if !p.Gyp {
		t.Error("binding.gyp is not reported")
	}
}

func TestUnpackRefusesAnotherArchivesIndex(t *testing.T) {
	x, err := Index(bytes.NewReader(pack(t, file("package/a", "1"))), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, member := range map[string]tar.Header{"other path": file("package/b", "1"), "other size": file("package/a", "12")} {
		if _, err := Unpack(bytes.NewReader(pack(t, member)), x); !errors.Is(err, ErrOtherIndex) {
			t.Errorf("%s: got %v, want ErrOtherIndex", name, err)
		}
	}
	c, err := Unpack(bytes.NewReader(pack(t, file("package/a", "2"))), x)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Verify(); !errors.Is(err, ErrOtherIndex) {
		t.Errorf("other content: got %v, want ErrOtherIndex", err)
	}
}

// FuzzIndex holds the invariant: what Index takes, Unpack gives, every path stays
// below its root, and the index survives its own encoding.
func FuzzIndex(f *testing.F) {
	f.Add(packTar(f, file("package/package.json", manifestText), file("package/a", "1")))
	f.Add(packTar(f, file("package/package.json", `{"name":"a","bin":"c"}`), file("package/c", "#!x\r\n")))
	f.Add(pack(f, tar.Header{Name: "package/l", Typeflag: tar.TypeSymlink, Linkname: "a"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		o := Options{Unpacked: 1 << 20}
		x, err := Index(bytes.NewReader(b), o)
		if err != nil {
			if !errors.Is(err, ErrHostile) && !errors.Is(err, ErrMalformed) {
				t.Fatalf("error of no class: %v", err)
			}
			return
		}
		c, err := Unpack(bytes.NewReader(b), x)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Verify(); err != nil {
			t.Fatal(err)
		}
		doc, err := snapshot.EncodeIndex(x)
		if err != nil {
			t.Fatal(err)
		}
		again, err := snapshot.DecodeIndex(doc)
		if err != nil {
			t.Fatal(err)
		}
		if doc2, err := snapshot.EncodeIndex(again); err != nil || cas.Sum(doc2) != cas.Sum(doc) {
			t.Fatalf("the index changed in encoding: %v", err)
		}
	})
}
