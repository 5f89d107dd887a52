package damage

import (
	"strings"
	"testing"
	"unicode/utf16"
)

// wideText writes a text as UTF-16, big-endian or not.
func wideText(text string, big bool) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(text)) {
		if big {
			b.WriteByte(byte(u >> 8))
			b.WriteByte(byte(u))
			continue
		}
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func TestOf(t *testing.T) {
	const conflict = "{\n<<<<<<< HEAD\n\"a\": 1\n=======\n\"a\": 2\n>>>>>>> feature\n}\n"
	tests := []struct {
		name, src string
		kind      Kind
		line      int
		what      string
	}{
		{"a merge", conflict, Merge, 2, "holds an unresolved merge of HEAD and feature, in lines 2 to 6"},
		{"of Windows", strings.ReplaceAll(conflict, "\n", "\r\n"), Merge, 2, "holds an unresolved merge of HEAD and feature, in lines 2 to 6"},
		{"of three sides", strings.Replace(conflict, "=======", "||||||| base\n\"a\": 0\n=======", 1), Merge, 2, "holds an unresolved merge of HEAD and feature, in lines 2 to 8"},
		{"two conflicts", conflict + conflict, Merge, 2, "holds an unresolved merge of HEAD and feature, in lines 2 to 6 and at 1 more places"},
		{"without names", strings.NewReplacer(" HEAD", "", " feature", "").Replace(conflict), Merge, 2, "holds an unresolved merge of a side without a name and a side without a name, in lines 2 to 6"},
		{"with a name that is none", strings.Replace(conflict, "HEAD", "\x1b[31mHEAD", 1), Merge, 2, ""},
		{"half a merge", "<<<<<<< HEAD\n1\n=======\n2\n", "", 0, ""},
		{"markers out of order", ">>>>>>> a\n=======\n<<<<<<< b\n", "", 0, ""},
		{"brackets in a string", `{"a": "<<<<<<< HEAD ======= >>>>>>> x"`, "", 0, ""},
		{"empty", "", Empty, 1, "is empty"},
		{"white space", " \r\n\t\n", Empty, 1, "is empty"},
		{"Git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", LFS, 1, "is a pointer of Git LFS and not the file itself"},
		{"a page", "\n<!DOCTYPE html><html>", Page, 1, "is a page for a browser"},
		{"an old page", "<HTML><head>", Page, 1, "is a page for a browser"},
		{"XML", "\xef\xbb\xbf<?xml version=\"1.0\"?><Error/>", Page, 1, "is a page for a browser"},
		{"UTF-16", "\xff\xfe" + wideText("{}", false), UTF16, 1, "is written in UTF-16"},
		{"UTF-16, big-endian", "\xfe\xff" + wideText("{}", true), UTF16, 1, "is written in UTF-16"},
		{"UTF-16 without a mark", wideText("{}", true), UTF16, 1, "is written in UTF-16"},
		{"zeros", "\x00\x00\x00", "", 0, ""},
		{"JSON", "{}", "", 0, ""},
		{"junk", "junk", "", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, ok := Of([]byte(tt.src))
			if ok != (tt.kind != "") || d.Kind != tt.kind || d.Line != tt.line || tt.what != "" && d.What != tt.what {
				t.Errorf("%+v, %t", d, ok)
			}
			if ok && d.Why == "" || strings.Contains(d.What, "\x1b") {
				t.Errorf("%+v", d)
			}
		})
	}
}

// FuzzOf: whatever a file holds, the place is one of its lines and the words are
// printable.
func FuzzOf(f *testing.F) {
	f.Add([]byte("<<<<<<< a\n=======\n>>>>>>> b\n"))
	f.Add([]byte("\xff\xfe"))
	f.Fuzz(func(t *testing.T, src []byte) {
		d, ok := Of(src)
		if ok && (d.Line < 1 || d.Line > strings.Count(string(src), "\n")+1 || len(d.What) > 1000 || strings.ContainsAny(d.What, "\n\x1b\x00")) {
			t.Errorf("%+v", d)
		}
	})
}
