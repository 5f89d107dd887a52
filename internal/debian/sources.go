package debian

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
)

// SnapshotArchive is Debian's archive of all that its archive ever held, by date.
const SnapshotArchive = "https://snapshot.debian.org/archive"

// Mirrors reads apt's own sources, which etc (the folder /etc/apt of the host)
// holds, and returns the archives they name, in apt's order, each once. They are
// candidates: whether one is Debian's is for its signed Release to say. What apt
// could not use over HTTP is left out, and so is a stanza that does not parse: it
// is apt's business. A host without apt has none.
func Mirrors(etc fs.FS) ([]string, error) {
	names := []string{"sources.list"}
	entries, err := fs.ReadDir(etc, "sources.list.d")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading apt sources: %w", err)
	}
	for _, e := range entries { // sorted by name
		names = append(names, "sources.list.d/"+e.Name())
	}
	var mirrors []string
	for _, name := range names {
		read := oneLine
		if strings.HasSuffix(name, ".sources") {
			read = stanzas
		} else if !strings.HasSuffix(name, ".list") {
			continue
		}
		src, err := readSources(etc, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("reading apt sources: %w", err)
		}
		for _, address := range read(src) {
			if m, ok := mirror(address); ok && !slices.Contains(mirrors, m) {
				mirrors = append(mirrors, m)
			}
		}
	}
	return mirrors, nil
}

func readSources(etc fs.FS, name string) ([]byte, error) {
	f, err := etc.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, bounds.AptSources+1))
	if err == nil && len(src) > bounds.AptSources {
		err = fmt.Errorf("%s is over the bound of %d bytes", name, bounds.AptSources)
	}
	return src, err
}

// oneLine reads "deb [options] URI suite component…" lines (sources.list(5)).
func oneLine(src []byte) []string {
	var found []string
	lines := bufio.NewScanner(bytes.NewReader(src))
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "deb")
		if !ok || rest == "" || rest[0] != ' ' && rest[0] != '\t' {
			continue
		}
		rest = strings.TrimSpace(rest)
		if strings.HasPrefix(rest, "[") {
			_, rest, _ = strings.Cut(rest, "]")
		}
		if words := strings.Fields(rest); len(words) > 1 {
			found = append(found, words[0])
		}
	}
	return found
}

// stanzas reads deb822 sources.
func stanzas(src []byte) []string {
	var kept []string
	for line := range strings.Lines(string(src)) {
		if !strings.HasPrefix(line, "#") {
			kept = append(kept, line)
		}
	}
	var found []string
	for p, err := range paragraphs(strings.NewReader(strings.Join(kept, ""))) {
		if err != nil {
			break
		}
		enabled := strings.ToLower(p.get("Enabled"))
		if enabled == "no" || enabled == "false" || !slices.Contains(strings.Fields(p.get("Types")), "deb") {
			continue
		}
		found = append(found, strings.Fields(p.get("URIs"))...)
	}
	return found
}

// mirror makes an archive's address uniform: no slash at its end.
func mirror(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return "", false
	}
	return strings.TrimRight(u.String(), "/"), true
}
