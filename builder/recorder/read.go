package recorder

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// ErrFull is held by an error of Read where a process loaded more than is recorded.
var ErrFull = errors.New("more was loaded than is recorded")

// line is one observation, of whatever kind.
type line struct {
	T      string     `json:"t"`
	File   string     `json:"file"`
	Format string     `json:"format"`
	SHA256 cas.Digest `json:"sha256"`
	Size   int64      `json:"size"`
	From   string     `json:"from"`
	To     string     `json:"to"`
	Way    string     `json:"way"`
	Local  bool       `json:"local"`
	Text   string     `json:"text"`
	Node   string     `json:"node"`
}

// Read reads what processes wrote below a folder. A last line that was cut short,
// because its process was killed, is left out; anything else that is not the
// recorder's is an error.
func Read(dir string) (*Record, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the record: %w", err)
	}
	defer root.Close()
	folder, err := root.Open(".")
	if err != nil {
		return nil, fmt.Errorf("opening the record: %w", err)
	}
	defer folder.Close()
	entries, err := folder.ReadDir(-1)
	if err != nil {
		return nil, fmt.Errorf("reading the record: %w", err)
	}
	r := &Record{}
	left := int64(bounds.TraceRecord)
	for _, e := range entries {
		src, err := readFile(root, e.Name(), left)
		if err != nil {
			return nil, fmt.Errorf("reading the record: %w", err)
		}
		left -= int64(len(src))
		if err := r.parse(src); err != nil {
			return nil, fmt.Errorf("reading %s of the record: %w", e.Name(), err)
		}
	}
	r.sort()
	return r, nil
}

func readFile(root *os.Root, name string, limit int64) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(src)) > limit {
		err = fmt.Errorf("%w: over %d bytes", ErrFull, bounds.TraceRecord)
	}
	return src, err
}

// parse adds what one process wrote. One that loaded nothing, such as the parent of
// test processes, saw all the strings that there were.
func (r *Record) parse(src []byte) error {
	blind, loads := r.Blind, len(r.Loads)
	defer func() { r.Blind = blind || r.Blind && len(r.Loads) > loads }()
	for len(src) > 0 {
		text, rest, whole := bytes.Cut(src, []byte("\n"))
		if !whole {
			return nil
		}
		src = rest
		var l line
		if err := strictjson.Decode(text, bounds.TraceRecord, &l); err != nil {
			return err
		}
		if err := r.add(&l); err != nil {
			return err
		}
	}
	return nil
}

func (r *Record) add(l *line) error {
	for _, p := range []string{l.File, l.From, l.To} {
		if len(p) > bounds.Path || !utf8.ValidString(p) {
			return fmt.Errorf("%.80q is no path", p)
		}
	}
	if l.T != "process" && !isAbs(l.From) {
		l.From = ""
	}
	switch l.T {
	case "process":
		r.Processes++
	case "load":
		if !isAbs(l.File) || l.SHA256.IsZero() || l.Size < 0 {
			return fmt.Errorf("a load of %.80q", l.File)
		}
		r.Loads = append(r.Loads, Load{l.File, l.Format, l.SHA256, l.Size})
	case "changed":
		r.Changed = append(r.Changed, l.File)
	case "edge":
		if !isAbs(l.To) {
			return fmt.Errorf("an edge to %.80q", l.To)
		}
		r.Edges = append(r.Edges, Edge{l.From, l.To})
	case "code":
		r.Codes = append(r.Codes, Code{l.Way, l.SHA256, l.Size, l.From, l.Local, strings.ToValidUTF8(l.Text, "\uFFFD")})
	case "wasm":
		r.Binaries = append(r.Binaries, Binary{l.SHA256, l.From})
	case "blind":
		r.Blind = true
	case "full":
		return ErrFull
	default:
		return fmt.Errorf("an observation %.20q", l.T)
	}
	return nil
}

func isAbs(p string) bool { return strings.HasPrefix(p, "/") && path.Clean(p) == p }
