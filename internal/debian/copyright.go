package debian

import (
	"bytes"
	"maps"
	"slices"
	"strings"
)

// license reads a machine-readable copyright file (DEP-5, version 1.0) and joins
// the licences of its files, those of the packaging aside, to one SPDX expression.
// It is "" where the file is prose, as many still are. Names that SPDX does not
// have become LicenseRef-debian-NAME.
func license(src []byte) string {
	found := map[string]bool{}
	first := true
	for p, err := range paragraphs(bytes.NewReader(src)) {
		if err != nil || first && !strings.Contains(p.get("Format"), "copyright-format") {
			return ""
		}
		first = false
		files, text := strings.Fields(p.get("Files")), p.get("License")
		packaging := len(files) > 0
		for _, f := range files {
			packaging = packaging && strings.HasPrefix(f, "debian/")
		}
		if len(files) == 0 || packaging {
			continue
		}
		short, _, _ := strings.Cut(text, "\n")
		e := expression(short)
		if strings.Contains(e, " OR ") {
			found["("+e+")"] = true
			continue
		}
		for part := range strings.SplitSeq(e, " AND ") {
			if part != "" {
				found[part] = true
			}
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(found)), " AND ")
}

// expression turns DEP-5's "A or B", "A and B, or C" and "A with X exception" into
// SPDX. In DEP-5 "and" binds stronger than "or", unless a comma comes before it;
// with a comma the whole is one reference, rather than a guess.
func expression(short string) string {
	words := strings.Fields(short)
	if len(words) == 0 {
		return ""
	}
	if strings.Contains(short, ",") {
		return reference(short)
	}
	var out []string
	for start := 0; start < len(words); {
		end := start
		for end < len(words) && !strings.EqualFold(words[end], "or") && !strings.EqualFold(words[end], "and") {
			end++
		}
		if end == start {
			return reference(short)
		}
		out = append(out, identifier(words[start:end]))
		if end == len(words)-1 {
			return reference(short)
		}
		if end < len(words) {
			out = append(out, strings.ToUpper(words[end]))
		}
		start = end + 1
	}
	return strings.Join(out, " ")
}

// spdx maps DEP-5's short names to SPDX's where they differ.
var spdx = map[string]string{
	"expat": "MIT", "mit": "MIT", "isc": "ISC", "zlib": "Zlib", "cc0": "CC0-1.0", "cc0-1.0": "CC0-1.0",
	"apache-2.0": "Apache-2.0", "artistic-2.0": "Artistic-2.0", "artistic": "Artistic-1.0-Perl",
	"bsd-2-clause": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause", "bsd-4-clause": "BSD-4-Clause",
	"bsl-1.0": "BSL-1.0", "fsfap": "FSFAP", "unicode-dfs-2016": "Unicode-DFS-2016", "openssl": "OpenSSL", "fsful": "FSFUL", "fsfullr": "FSFULLR",
	"mpl-1.1": "MPL-1.1", "mpl-2.0": "MPL-2.0", "python-2.0": "PSF-2.0", "psf-2": "PSF-2.0", "w3c": "W3C", "unlicense": "Unlicense",
	"perl": "(Artistic-1.0-Perl OR GPL-1.0-or-later)",
}

// identifier is the SPDX form of one licence's name.
func identifier(words []string) string {
	name := strings.ToLower(words[0])
	if len(words) > 1 {
		return reference(strings.Join(words, "-"))
	}
	if id, ok := spdx[name]; ok {
		return id
	}
	for _, family := range []string{"agpl", "lgpl", "gpl", "gfdl"} {
		version, ok := strings.CutPrefix(name, family+"-")
		if !ok {
			continue
		}
		suffix := "-only"
		if v, later := strings.CutSuffix(version, "+"); later {
			version, suffix = v, "-or-later"
		}
		if !strings.Contains(version, ".") {
			version += ".0"
		}
		if gnu[family+"-"+version] {
			return strings.ToUpper(family) + "-" + version + suffix
		}
	}
	return reference(words[0])
}

// gnu are the GNU licences that SPDX has with -only and -or-later.
var gnu = map[string]bool{
	"gpl-1.0": true, "gpl-2.0": true, "gpl-3.0": true, "lgpl-2.0": true, "lgpl-2.1": true, "lgpl-3.0": true,
	"agpl-1.0": true, "agpl-3.0": true,
}

// reference is a licence that SPDX has no name for (SPDX 2.3, annex D).
func reference(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r < 128 && (digit(byte(r)) || letter(byte(r)) || r == '.' || r == '-') {
			return r
		}
		return '-'
	}, name)
	return "LicenseRef-debian-" + clean[:min(len(clean), 80)]
}
