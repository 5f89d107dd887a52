package debian

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/ulikunitz/xz"
)

// xzOf packs with a dictionary, in blocks.
func xzOf(t testing.TB, plain []byte, dictionary int, block int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := xz.WriterConfig{DictCap: dictionary, BlockSize: block}.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestABlockAsksForNoLargerDictionaryThanItFills(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, 300_000)
	for i := range text {
		text[i] = "abcd"[random.IntN(4)]
	}
	far := append(bytes.Repeat([]byte("x"), 200_000), text[:1000]...)
	far = append(far, append(make([]byte, 90_000), text[:1000]...)...)
	for name, c := range map[string]struct {
		plain []byte
		block int64
	}{
		"nothing":              {nil, 1 << 40},
		"a byte":               {[]byte("x"), 1 << 40},
		"a text":               {text, 1 << 40},
		"a text in blocks":     {text, 50_000},
		"a match from afar":    {far, 1 << 40},
		"zeros without an end": {make([]byte, 1<<20), 1 << 40},
	} {
		packed := xzOf(t, c.plain, 64<<20, c.block)
		got := fitted(packed)
		if len(c.plain) > 0 {
			size, _, ok := dictionary(got, xzHeaderSize)
			if want := dictionarySize(min(uint64(len(c.plain)), uint64(c.block))); !ok || size != want {
				t.Errorf("%s: the dictionary is %d, want %d", name, size, want)
			}
		}
		r, err := inflate(packed, "x.xz")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		plain, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(plain, c.plain) {
			t.Errorf("%s: %d bytes came back, %v", name, len(plain), err)
		}
		for i := range packed { // whatever is broken is not judged here
			_ = fitted(packed[:i])
			if i > 400 {
				break
			}
		}
	}
}

func FuzzFitted(f *testing.F) {
	f.Add(xzOf(f, []byte("some text, some text"), 1<<20, 8))
	f.Fuzz(func(t *testing.T, packed []byte) {
		got := fitted(packed)
		if len(got) != len(packed) {
			t.Errorf("%d bytes of %d", len(got), len(packed))
		}
	})
}
