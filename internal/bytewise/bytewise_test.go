package bytewise_test

import (
	"archive/tar"
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/bytewise"
)

func TestTheFirstRegionIsShown(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	tests := []struct {
		name         string
		first, again string
		want         *bytewise.Region
	}{
		{"equal", long, long, nil},
		{"both empty", "", "", nil},
		{"one byte", "a1\n", "a2\n", &bytewise.Region{Offset: 1, First: bytewise.Excerpt{3, "61310a", "a1."}, Again: bytewise.Excerpt{3, "61320a", "a2."}}},
		{"one ends", "ab", "abc", &bytewise.Region{Offset: 2, First: bytewise.Excerpt{2, "6162", "ab"}, Again: bytewise.Excerpt{3, "616263", "abc"}}},
		{"late, and long", long + "A" + long, long + "\xff", &bytewise.Region{
			Offset: 100_000, From: 99_984,
			First: bytewise.Excerpt{200_001, strings.Repeat("78", 16) + "41" + strings.Repeat("78", 31), strings.Repeat("x", 16) + "A" + strings.Repeat("x", 31)},
			Again: bytewise.Excerpt{100_001, strings.Repeat("78", 16) + "ff", strings.Repeat("x", 16) + "."},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := bytewise.First(strings.NewReader(test.first), iotest.HalfReader(strings.NewReader(test.again)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := bytewise.First(strings.NewReader("a"), iotest.ErrReader(io.ErrNoProgress)); err == nil {
		t.Error("a stream that can't be read was taken")
	}
}

func TestArchivesAreComparedByEntry(t *testing.T) {
	at := time.Unix(1000, 0)
	pack := func(headers ...tar.Header) func() (io.ReadCloser, error) {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, h := range headers {
			text := h.PAXRecords["text"] // a place for the contents, taken out again
			h.PAXRecords, h.Size = nil, int64(len(text))
			if err := w.WriteHeader(&h); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil }
	}
	file := func(name, text string, change ...func(*tar.Header)) tar.Header {
		h := tar.Header{Name: name, Mode: 0o644, ModTime: at, Typeflag: tar.TypeReg, PAXRecords: map[string]string{"text": text}}
		for _, c := range change {
			c(&h)
		}
		return h
	}
	base := []tar.Header{file("a", "one"), file("b", "two")}
	tests := []struct {
		name  string
		again []tar.Header
		want  []bytewise.Difference
	}{
		{"equal", base, nil},
		{"contents", []tar.Header{file("a", "one"), file("b", "twe")}, []bytewise.Difference{{
			Path: "b", Kind: bytewise.Content,
			Region: &bytewise.Region{Offset: 2, First: bytewise.Excerpt{3, "74776f", "two"}, Again: bytewise.Excerpt{3, "747765", "twe"}},
		}}},
		{"a mode", []tar.Header{file("a", "one", func(h *tar.Header) { h.Mode = 0o755 }), base[1]}, []bytewise.Difference{{Path: "a", Kind: bytewise.Mode, First: "0644", Again: "0755"}}},
		{"an owner", []tar.Header{file("a", "one", func(h *tar.Header) { h.Uid = 7 }), base[1]}, []bytewise.Difference{{Path: "a", Kind: bytewise.Owner, First: "0:0 :", Again: "7:0 :"}}},
		{"a time", []tar.Header{file("a", "one", func(h *tar.Header) { h.ModTime = at.Add(time.Second) }), base[1]}, []bytewise.Difference{{Path: "a", Kind: bytewise.Time, First: "1970-01-01T00:16:40Z", Again: "1970-01-01T00:16:41Z"}}},
		{"a link", []tar.Header{{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "b", ModTime: at}, base[1]}, []bytewise.Difference{{Path: "a", Kind: bytewise.Type, First: "0", Again: "2"}}},
		{"one gone, one new", []tar.Header{base[0], file("c", "two")}, []bytewise.Difference{{Path: "b", Kind: bytewise.Missing}, {Path: "c", Kind: bytewise.Added}}},
		{"the order", []tar.Header{base[1], base[0]}, []bytewise.Difference{{Path: ".", Kind: bytewise.Order}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, more, err := bytewise.Archives(pack(base...), pack(test.again...))
			if err != nil || more {
				t.Fatal(more, err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	var many []tar.Header
	for n := range 2 * bytewise.Most {
		many = append(many, file(strings.Repeat("n", n+1), ""))
	}
	if got, more, err := bytewise.Archives(pack(many...), pack()); err != nil || !more || len(got) != bytewise.Most {
		t.Errorf("%d differences, %v, %v", len(got), more, err)
	}
}
