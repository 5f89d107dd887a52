package pipelines

import (
	"fmt"
	"slices"
	"strings"
)

// compiling are the programs of install scripts that ask a server for prebuilt machine code
// and compile where npm_config_build_from_source says so, as in the sandbox it does.
var compiling = []string{"prebuild-install", "node-pre-gyp", "install-artifact-from-github", "pkg-prebuilds-verify"}

// bringing are packages whose install scripts bring a program from a server that they can't
// make themselves.
var bringing = []string{
	"@prisma/engines", "@sentry/cli", "chromedriver", "cypress", "electron", "ffmpeg-static", "geckodriver", "phantomjs-prebuilt", "playwright", "puppeteer",
}

// Downloads says what install scripts of a package ask a server for, "" where they are not
// known to do so, and whether they compile where there is no server.
func Downloads(name string, run []Lifecycle) (what string, compiles bool) {
	for _, l := range run {
		for word := range strings.FieldsFuncSeq(l.Text, func(r rune) bool { return strings.ContainsRune(" \t\n|&;()", r) }) {
			if word == "node-gyp-build" {
				return "node-gyp-build takes machine code that the package ships, and in the sandbox compiles it from source", true
			}
			if slices.Contains(compiling, word) {
				return fmt.Sprintf("%s asks a server for machine code that was built before, and in the sandbox compiles it from source", word), true
			}
		}
	}
	if slices.Contains(bringing, name) {
		return "it brings a program from a server, and can't make that itself", false
	}
	return "", true
}

// AsFetch is how a file that install scripts would bring from a server comes into an image:
// pinned, and laid where the package looks for it.
func AsFetch(name string) string {
	label := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, name), "-")
	return fmt.Sprintf("fetch %q { url = \"https://…\" }, and in the image block layer %q { from = fetch.%s, to = \"/app/node_modules/%s/…\" } with an attribute a line, each to the file itself; then run `nbuild pin`",
		label, label, label, name)
}
