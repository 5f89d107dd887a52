package debian

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/debian/debversion"
)

// errIndex reports a Packages index that does not parse.
var errIndex = errors.New("malformed index of packages")

// candidate is one package that a suite has (DebianRepository/Format, "Packages").
type candidate struct {
	name, version    string
	source           string // name=version of the source package
	depends          string // Pre-Depends and Depends, unparsed
	breaks           string // Conflicts and Breaks, unparsed
	provides         string // unparsed
	file             string // path below the archive's root
	sum              cas.Digest
	size             int64
	suite, component string
	date             string // of the release, RFC 3339
}

// readPackages reads an index that is verified already, and hands out each package
// of it.
func readPackages(packed []byte, name, arch string, take func(candidate)) error {
	r, err := inflate(packed, name)
	if err != nil {
		return fmt.Errorf("%w: %w", errIndex, err)
	}
	defer r.Close()
	limited := &limitedReader{r: r, left: bounds.DebIndex}
	for p, err := range paragraphs(limited) {
		if err != nil {
			return fmt.Errorf("%w: %w", errIndex, err)
		}
		c, err := newCandidate(p, arch)
		if err != nil {
			return fmt.Errorf("%w: %.80q: %w", errIndex, p.get("Package"), err)
		}
		take(c)
	}
	return nil
}

func newCandidate(p paragraph, arch string) (candidate, error) {
	c := candidate{
		name: p.get("Package"), version: p.get("Version"), file: p.get("Filename"), provides: p.get("Provides"),
		depends: joined(p.get("Pre-Depends"), p.get("Depends")),
		breaks:  joined(p.get("Conflicts"), p.get("Breaks")),
	}
	if !packageName(c.name) {
		return c, errors.New("it names no package")
	}
	if err := debversion.Check(c.version); err != nil {
		return c, err
	}
	if got := p.get("Architecture"); got != arch && got != "all" {
		return c, fmt.Errorf("it is for %.20q", got)
	}
	if err := checkPoolPath(c.file); err != nil {
		return c, err
	}
	var err error
	if c.sum, err = cas.ParseDigest(p.get("SHA256")); err != nil {
		return c, err
	}
	if c.size, err = strconv.ParseInt(p.get("Size"), 10, 64); err != nil || c.size <= 0 {
		return c, fmt.Errorf("its size is %.20q", p.get("Size"))
	}
	c.source, err = sourceOf(p)
	return c, err
}

// sourceOf returns name=version of the source package: "Source: glibc (2.41-12)",
// or the package itself where nothing is said (Debian Policy §5.6.1).
func sourceOf(p paragraph) (string, error) {
	name, version := p.get("Package"), p.get("Version")
	if text := p.get("Source"); text != "" {
		first, rest, bounded := strings.Cut(text, " (")
		name = first
		if bounded {
			version = strings.TrimSuffix(rest, ")")
		}
	}
	if !packageName(name) || debversion.Check(version) != nil {
		return "", fmt.Errorf("its source is %.80q", p.get("Source"))
	}
	return name + "=" + version, nil
}

// checkPoolPath refuses a path that is not below an archive's pool.
func checkPoolPath(file string) error {
	elements := strings.Split(file, "/")
	for _, e := range elements {
		if e == "" || e == "." || e == ".." || strings.ContainsAny(e, "\\?#\x00") {
			return fmt.Errorf("its file is %.80q", file)
		}
	}
	if len(file) > bounds.Path || len(elements) < 2 || elements[0] != "pool" || !strings.HasSuffix(file, ".deb") {
		return fmt.Errorf("its file is %.80q", file)
	}
	return nil
}

func joined(fields ...string) string {
	return strings.Join(slices.DeleteFunc(fields, func(f string) bool { return f == "" }), ", ")
}

// xzDictionary is the least that the decompressor takes in bytes, whatever the archive
// asks for. Where the archive asks for more it gets more.
const xzDictionary = 1 << 16

// inflate opens what is packed, by its name's extension.
func inflate(packed []byte, name string) (io.ReadCloser, error) {
	src := bytes.NewReader(packed)
	switch {
	case strings.HasSuffix(name, ".xz"):
		r, err := xz.ReaderConfig{DictCap: xzDictionary}.NewReader(bytes.NewReader(fitted(packed)))
		if err != nil {
			return nil, err
		}
		return io.NopCloser(r), nil
	case strings.HasSuffix(name, ".gz"):
		return gzip.NewReader(src)
	case strings.HasSuffix(name, ".zst"):
		d, err := zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return io.NopCloser(src), nil
}

// errBound reports what unpacks to more than it may.
var errBound = errors.New("it unpacks to more than is allowed")

// limitedReader fails where more than left bytes come.
type limitedReader struct {
	r    io.Reader
	left int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errBound
	}
	return n, err
}
