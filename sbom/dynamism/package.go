package dynamism

import (
	"maps"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// manifest is the file that findings by package point at.
const manifest = "package.json"

// gypFile is the file that makes npm run node-gyp.
const gypFile = "binding.gyp"

// OfPackage returns the findings by package that its facts show, sorted. Lines are not
// known from facts; Locate adds them.
func OfPackage(facts *snapshot.PackageFacts) []source.Finding {
	if facts == nil {
		return nil
	}
	var fs []source.Finding
	for _, event := range slices.Sorted(maps.Keys(facts.Scripts)) {
		fs = append(fs, source.Finding{Kind: source.InstallScript, File: manifest, Excerpt: event + ": " + facts.Scripts[event]})
	}
	// npm runs node-gyp by itself only where neither script is there (npm docs,
	// "scripts": npm install).
	if facts.Gyp && facts.Scripts["install"] == "" && facts.Scripts["preinstall"] == "" {
		fs = append(fs, source.Finding{Kind: source.ImplicitGyp, File: gypFile, Excerpt: "node-gyp rebuild"})
	}
	for _, name := range facts.Natives {
		if strings.HasSuffix(strings.ToLower(name), ".node") {
			fs = append(fs, source.Finding{Kind: source.NativeAddon, File: name, Excerpt: name})
		}
		fs = append(fs, source.Finding{Kind: source.PrebuiltBinary, File: name, Excerpt: name})
	}
	source.Sort(fs)
	return fs
}
