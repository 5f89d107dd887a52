package snapshot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
)

// The first line, by version less one. Version 2 has what npm's packages need:
// permission bits as they are, and `command` lines.
var indexHeaders = [...]string{"nbuild-index 1", "nbuild-index 2"}

// ErrIndex reports a file index that is not in its form.
var ErrIndex = errors.New("malformed file index")

// EncodeIndex writes the document. The facts come first, so that who wants only
// them need not read on: a header, `package JSON`, `bundled PATH JSON` lines by
// path, then `MODE SIZE SHA256 PATH` or `link PATH TARGET` lines by path. In version 2
// a `command SIZE SHA256` line may follow a file. Names are percent-encoded as in
// nbuild.lock.
func EncodeIndex(x *Index) ([]byte, error) {
	var b bytes.Buffer
	version := max(x.Version, 1)
	b.WriteString(indexHeaders[version-1] + "\n")
	facts := func(word string, p *PackageFacts) error {
		var doc bytes.Buffer
		enc := json.NewEncoder(&doc)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(p); err != nil {
			return fmt.Errorf("encoding file index: %w", err)
		}
		b.WriteString(word + " ")
		b.Write(doc.Bytes())
		return nil
	}
	if x.Package != nil {
		if err := facts("package", x.Package); err != nil {
			return nil, err
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(x.Bundled)) {
		if err := facts("bundled "+escape(dir), x.Bundled[dir]); err != nil {
			return nil, err
		}
	}
	previous := ""
	for i, e := range x.Entries {
		if err := checkPath(e.Path); err != nil {
			return nil, err
		}
		if i > 0 && e.Path <= previous {
			return nil, fmt.Errorf("%w: %q is out of order", ErrIndex, e.Path)
		}
		previous = e.Path
		if e.Link != "" {
			fmt.Fprintf(&b, "link %s %s\n", escape(e.Path), escape(e.Link))
			continue
		}
		fmt.Fprintf(&b, "%o %d %s %s\n", e.Mode, e.Size, e.SHA256, escape(e.Path))
		if e.Command != nil && version > 1 {
			fmt.Fprintf(&b, "command %d %s\n", e.Command.Size, e.Command.SHA256)
		}
	}
	if b.Len() > bounds.FileIndex {
		return nil, fmt.Errorf("%w: %d bytes, over the bound of %d", ErrIndex, b.Len(), bounds.FileIndex)
	}
	return b.Bytes(), nil
}

// DecodeIndex reads a document that EncodeIndex wrote.
func DecodeIndex(src []byte) (*Index, error) {
	x, rest, err := decodeFacts(src)
	if err != nil {
		return nil, err
	}
	x.Entries = make([]Entry, 0, bytes.Count(rest, []byte("\n")))
	previous := ""
	text := string(rest)
	for len(text) > 0 {
		raw, after, ended := strings.Cut(text, "\n")
		text = after
		if more, err := x.decodeCommand(raw); more || err != nil {
			if err == nil && !ended {
				err = fmt.Errorf("%w: %q is cut", ErrIndex, raw)
			}
			if err != nil {
				return nil, err
			}
			continue
		}
		e, err := decodeEntry(raw)
		if err != nil {
			return nil, err
		}
		if !ended || len(x.Entries) > 0 && e.Path <= previous {
			return nil, fmt.Errorf("%w: %q is out of order or cut", ErrIndex, e.Path)
		}
		previous = e.Path
		x.Entries = append(x.Entries, e)
	}
	return x, nil
}

// DecodeFacts reads the facts of the artefact and of what it bundles, and leaves
// Entries empty.
func DecodeFacts(src []byte) (*Index, error) {
	x, _, err := decodeFacts(src)
	return x, err
}

// FactsOf returns the part of a document that DecodeFacts reads: the document of an
// artefact without entries.
func FactsOf(src []byte) ([]byte, error) {
	_, rest, err := decodeFacts(src)
	if err != nil {
		return nil, err
	}
	return src[:len(src)-len(rest)], nil
}

func decodeFacts(src []byte) (*Index, []byte, error) {
	if len(src) > bounds.FileIndex {
		return nil, nil, fmt.Errorf("%w: %d bytes, over the bound of %d", ErrIndex, len(src), bounds.FileIndex)
	}
	head, rest, _ := bytes.Cut(src, []byte("\n"))
	version := slices.Index(indexHeaders[:], string(head)) + 1
	if version == 0 {
		return nil, nil, fmt.Errorf("%w: the first line is not %q", ErrIndex, indexHeaders[len(indexHeaders)-1])
	}
	x := &Index{Version: version}
	for len(rest) > 0 {
		raw, after, _ := bytes.Cut(rest, []byte("\n"))
		word, doc, _ := bytes.Cut(raw, []byte(" "))
		switch string(word) {
		case "package":
			if x.Package != nil || x.Bundled != nil {
				return nil, nil, fmt.Errorf("%w: a second package", ErrIndex)
			}
			x.Package = new(PackageFacts)
			if err := json.Unmarshal(doc, x.Package); err != nil {
				return nil, nil, fmt.Errorf("%w: %w", ErrIndex, err)
			}
		case "bundled":
			name, doc, _ := bytes.Cut(doc, []byte(" "))
			dir, err := unescape(string(name))
			if err != nil {
				return nil, nil, fmt.Errorf("%w: %w", ErrIndex, err)
			}
			p := new(PackageFacts)
			if err := json.Unmarshal(doc, p); err != nil {
				return nil, nil, fmt.Errorf("%w: %w", ErrIndex, err)
			}
			if x.Bundled == nil {
				x.Bundled = map[string]*PackageFacts{}
			}
			x.Bundled[dir] = p
		default:
			return x, rest, nil
		}
		rest = after
	}
	return x, nil, nil
}

// IndexVersion returns the version of a document by how it begins, 0 where it is none.
func IndexVersion(head []byte) int {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return slices.Index(indexHeaders[:], string(line)) + 1
}

// decodeCommand reads the line that version 2 has beside entries, and reports whether
// raw was one.
func (x *Index) decodeCommand(raw string) (bool, error) {
	word, rest, _ := strings.Cut(raw, " ")
	if x.Version < 2 || word != "command" {
		return false, nil
	}
	size, sum, _ := strings.Cut(rest, " ")
	var c Content
	var err error
	if c.Size, err = strconv.ParseInt(size, 10, 64); err == nil {
		c.SHA256, err = cas.ParseDigest(sum)
	}
	n := len(x.Entries)
	if err != nil || c.Size < 0 || n == 0 || x.Entries[n-1].Command != nil || x.Entries[n-1].Link != "" {
		return true, fmt.Errorf("%w: %q", ErrIndex, raw)
	}
	x.Entries[n-1].Command = &c
	return true, nil
}

func decodeEntry(raw string) (Entry, error) {
	var e Entry
	word, rest, _ := strings.Cut(raw, " ")
	if word == "link" {
		name, target, ok := strings.Cut(rest, " ")
		var err error
		if e.Path, err = unescape(name); err == nil {
			e.Link, err = unescape(target)
		}
		if err != nil || !ok || e.Link == "" {
			return e, fmt.Errorf("%w: %q", ErrIndex, raw)
		}
		return e, checkPath(e.Path)
	}
	size, rest, _ := strings.Cut(rest, " ")
	sum, name, ok := strings.Cut(rest, " ")
	mode, err := strconv.ParseUint(word, 8, 12)
	if err != nil || !ok {
		return e, fmt.Errorf("%w: %q", ErrIndex, raw)
	}
	e.Mode = uint32(mode)
	if e.Size, err = strconv.ParseInt(size, 10, 64); err != nil || e.Size < 0 {
		return e, fmt.Errorf("%w: size %q", ErrIndex, size)
	}
	if e.SHA256, err = cas.ParseDigest(sum); err != nil {
		return e, fmt.Errorf("%w: %w", ErrIndex, err)
	}
	if e.Path, err = unescape(name); err != nil {
		return e, fmt.Errorf("%w: %w", ErrIndex, err)
	}
	return e, checkPath(e.Path)
}

// checkPath refuses a path that is not relative, clean and below its root.
func checkPath(p string) error {
	switch {
	case p == "" || p == "." || p[0] == '/' || p == ".." || strings.HasPrefix(p, "../") || path.Clean(p) != p,
		strings.ContainsRune(p, 0):
		return fmt.Errorf("%w: path %q leaves its root or is not clean", ErrIndex, p)
	case len(p) > bounds.Path:
		return fmt.Errorf("%w: path of %d bytes, over the bound of %d", ErrIndex, len(p), bounds.Path)
	}
	return nil
}
