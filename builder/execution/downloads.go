package execution

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/pipelines"
)

// downloaders are what install scripts bring prebuilt machine code with, by the words of
// their commands.
var downloaders = []string{"prebuild-install", "node-pre-gyp", "node-pre-gyp-github", "prebuildify-ci", "install-artifact-from-github", "napi-postinstall", "cmake-js", "neon"}

// Downloader returns the program among the words of install scripts that is known to bring
// prebuilt machine code from a server, "" where none is.
func Downloader(run []pipelines.Lifecycle) string {
	for _, l := range run {
		for word := range strings.FieldsFuncSeq(l.Text, func(r rune) bool { return strings.ContainsRune(" \t\n|&;()", r) }) {
			if slices.Contains(downloaders, word) {
				return word
			}
		}
	}
	return ""
}

// ways says what else there is for a package whose scripts do not end well: a file that
// they would bring from elsewhere has to be pinned, as everything has.
func ways(name string, s *pipelines.InstallScripts) string {
	return fmt.Sprintf("; where it asks a server for a file, name that in a block `fetch \"%s\" { url = \"https://…\" }`, give `layer` of the image `from = fetch.%s` and `to` the path where the package loads it, and write `unbuilt %q` in place of the script block", word(name), word(name), name)
}

// word makes a label of a package's name.
func word(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, name), "-")
}
