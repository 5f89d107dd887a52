package dynamism

import (
	"maps"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/snapshot"
)

// manifest is the file that findings by package point at.
const manifest = "package.json"

// gypFile is the file that makes npm run node-gyp.
const gypFile = "binding.gyp"

// OfPackage returns the findings by package that its facts tell, sorted. Lines are
// not known from facts; Locate adds them.
func OfPackage(facts *snapshot.PackageFacts) []Finding {
	if facts == nil {
		return nil
	}
	var fs []Finding
	for _, event := range slices.Sorted(maps.Keys(facts.Scripts)) {
		fs = append(fs, Finding{Kind: InstallScript, File: manifest, Excerpt: event + ": " + facts.Scripts[event]})
	}
	// npm runs node-gyp by itself only where neither script is there (npm docs,
	// "scripts": npm install).
	if facts.Gyp && facts.Scripts["install"] == "" && facts.Scripts["preinstall"] == "" {
		fs = append(fs, Finding{Kind: ImplicitGyp, File: gypFile, Excerpt: "node-gyp rebuild"})
	}
	for _, name := range facts.Natives {
		if strings.HasSuffix(strings.ToLower(name), ".node") {
			fs = append(fs, Finding{Kind: NativeAddon, File: name, Excerpt: name})
		}
		fs = append(fs, Finding{Kind: PrebuiltBinary, File: name, Excerpt: name})
	}
	sortFindings(fs)
	return fs
}
