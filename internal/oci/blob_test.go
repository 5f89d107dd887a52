package oci

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/internal/diag"
)

// What comes of a blob is what its descriptor says, whatever pieces it comes in: never
// more than its size, and an error in place of the end where it is anything else.
func TestABlobIsWhatItsDescriptorSays(t *testing.T) {
	text := strings.Repeat("blob.", 100)
	desc := v1.Descriptor{Digest: hash([]byte(text)), Size: int64(len(text))}
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		comes string
		after error // what the reader ends with
		want  error
	}{
		"as it says":          {text, nil, nil},
		"nothing":             {"", nil, ErrMismatch},
		"a byte less":         {text[:len(text)-1], nil, ErrMismatch},
		"a byte more":         {text + "x", nil, ErrMismatch},
		"much more":           {text + text, nil, ErrMismatch},
		"another byte":        {"B" + text[1:], nil, ErrMismatch},
		"a broken connection": {text[:10], broken, broken},
		"broken at its end":   {text, broken, broken},
	} {
		for how, wrap := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "by bytes": iotest.OneByteReader, "by halves": iotest.HalfReader, "the end with the last": iotest.DataErrReader,
		} {
			var in io.Reader = strings.NewReader(test.comes)
			if test.after != nil {
				in = io.MultiReader(in, iotest.ErrReader(test.after))
			}
			r := verifying(io.NopCloser(wrap(in)), desc)
			if n, err := r.Read(nil); n != 0 || err != nil {
				t.Errorf("%s, %s: reading nothing gives %d, %v", name, how, n, err)
			}
			got, err := io.ReadAll(r)
			if !errors.Is(err, test.want) {
				t.Errorf("%s, %s: %v, want %v", name, how, err, test.want)
			}
			if len(got) > len(text) || !strings.HasPrefix(test.comes, string(got)) || test.want == nil && string(got) != text {
				t.Errorf("%s, %s: %d bytes came", name, how, len(got))
			}
			for range 2 { // what it came to stays so
				want := test.want
				if want == nil {
					want = io.EOF
				}
				if n, err := r.Read(make([]byte, 8)); n != 0 || !errors.Is(err, want) {
					t.Errorf("%s, %s: after its end %d, %v", name, how, n, err)
				}
			}
		}
	}
}

// A blob is read on from where its connection broke, as often as a request is tried,
// from registries that send a part and from those that send all of it again.
func TestABlobIsReadOnFromWhereItBroke(t *testing.T) {
	content := []byte(strings.Repeat("0123456789", 1000))
	for name, test := range map[string]struct {
		breaks []int // how many bytes come before each break, "length" with them
		answer string
		want   diag.Code // "" where it is read
	}{
		"no break":                        {nil, "part", ""},
		"one break":                       {[]int{100}, "part", ""},
		"a break before the first byte":   {[]int{0}, "part", ""},
		"two breaks":                      {[]int{100, 4000}, "part", ""},
		"three breaks":                    {[]int{100, 4000, 1}, "part", CodeUnreachable},
		"all of it again":                 {[]int{100, 4000}, "whole", ""},
		"no ranges at all":                {[]int{100}, "refuse", ""},
		"another length":                  {[]int{100}, "short", CodeMismatch},
		"the break is behind its end":     {[]int{len(content)}, "chunked", ""},
		"... and there is another after":  {[]int{100, len(content) - 100}, "chunked", ""},
		"other bytes when it is asked on": {[]int{100}, "other", CodeMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			l := &lie{path: "/blobs/" + hash(content).String(), answer: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				n := int(asked.Add(1)) - 1
				from, status := 0, http.StatusOK
				if ask := r.Header.Get("Range"); ask != "" && test.answer != "whole" {
					if test.answer == "refuse" {
						w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
						return
					}
					var to int
					if _, err := fmt.Sscanf(ask, "bytes=%d-%d", &from, &to); err != nil || to != len(content)-1 {
						t.Errorf("it asks for %q: %v", ask, err)
					}
					status = http.StatusPartialContent
				}
				rest := content[from:]
				if from > 0 && test.answer == "other" {
					rest = bytes.ToUpper(bytes.Replace(rest, []byte("5"), []byte("x"), 1))
				}
				length := len(rest)
				if from > 0 && test.answer == "short" {
					length--
				}
				if test.answer != "chunked" {
					w.Header().Set("Content-Length", fmt.Sprint(length))
				}
				w.WriteHeader(status)
				if test.answer == "refuse" && n > 0 || n >= len(test.breaks) {
					_, _ = w.Write(rest[:length])
					return
				}
				_, _ = w.Write(rest[:test.breaks[n]])
				flush(w)
				panic(http.ErrAbortHandler)
			}}
			r := serve(t, true, l.wrap)
			l.armed.Store(true)
			body, err := r.Blob(t.Context(), v1.Descriptor{MediaType: types.OCILayer, Digest: hash(content), Size: int64(len(content))})
			var got []byte
			if err == nil {
				got, err = io.ReadAll(body)
				body.Close()
			}
			if code(err) != test.want || err == nil && !bytes.Equal(got, content) {
				t.Errorf("%d bytes after %d requests, %v", len(got), asked.Load(), err)
			}
			if most := int32(len(test.breaks)) + 2; asked.Load() > most {
				t.Errorf("it was asked for %d times", asked.Load())
			}
		})
	}
}
