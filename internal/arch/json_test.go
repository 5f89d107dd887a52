package arch

import (
	"go/ast"
	"strconv"
	"strings"
	"testing"
)

// Why a file reads JSON by itself and not through internal/strictjson.
const (
	asNode   = "read as npm and Node read it, who take the last of two equal keys, and without a struct, whose keys encoding/json takes in any case"
	spelled  = "written anew and compared with what came: there is one spelling of each document"
	ownStore = "a result of the store, which nbuild wrote under the digest of what determines it"
	ownPipe  = "what nbuild and its own helper say to each other, over a pipe that nothing else has"
	ownText  = "nbuild's own: it is embedded, or made by a library a moment ago"
)

// readers are the files that do.
var readers = map[string]string{
	"attest/bundle.go":                        spelled,
	"builder/execution/result.go":             ownStore,
	"builder/guard/meanings.go":               spelled,
	"builder/guard/setup.go":                  spelled,
	"builder/image/build.go":                  ownStore,
	"builder/image/checkpoint.go":             ownStore,
	"builder/launch/listing.go":               ownStore,
	"builder/launch/unbuiltfacts.go":          ownStore,
	"builder/sandbox/helper/attend.go":        ownPipe,
	"builder/sandbox/helper/inner.go":         ownPipe,
	"builder/sandbox/helper/outer.go":         ownPipe,
	"builder/sandbox/protocol/carry.go":       ownPipe,
	"builder/starts.go":                       ownStore,
	"internal/evidence/production/kept.go":    ownStore,
	"internal/evidence/project/lockfiles.go":  "asks whether package.json is JSON at all, to explain a broken lockfile",
	"internal/hclfile/cost.go":                "finds the places of texts in HCL's JSON form; HCL's own parser reads it, and refuses an attribute twice",
	"internal/hclfile/depth.go":               "looks how deep HCL's JSON form nests, before HCL's own parser reads it",
	"internal/hclfile/parse.go":               "HCL's JSON form, by HCL's own parser, which refuses an attribute twice",
	"internal/js/typescript/translate.go":     ownText,
	"internal/npm/registry/npmrc.go":          asNode,
	"internal/npm/replica/published.go":       ownStore,
	"internal/npm/tarball/facts.go":           asNode,
	"internal/npm/tarball/published.go":       asNode,
	"internal/npm/tarball/manifest.go":        asNode,
	"internal/operation/rebuild/order.go":     ownPipe,
	"internal/operation/rebuild/start.go":     ownPipe,
	"internal/predicate/exact.go":             spelled,
	"internal/predicate/time.go":              "one string, of a document that strictjson has read",
	"internal/resolution/manifest.go":         asNode,
	"internal/snapshot/indextext.go":          ownStore,
	"internal/sources/text.go":                spelled,
	"internal/sources/tracefile/tracefile.go": spelled,
	"internal/strictyaml/parse.go":            "the one reader of YAML: it walks the parser's nodes and refuses a key twice, aliases, tags and merge keys",
	"internal/upstream/named.go":              ownStore,
	"internal/upstream/nodeneeds.go":          ownStore,
	"sbom/dynamism/locate.go":                 asNode,
	"sbom/dynamism/reach/value.go":            asNode,
	"sbom/schema/compile.go":                  "the schemas, and a BOM that package sbom has held to strictjson",
	"sbom/schema/schema.go":                   ownText,
}

// decoders are what reads a document of JSON or YAML, by package and function; "" is any
// use of the package.
var decoders = map[string][]string{
	"encoding/json":          {"Unmarshal", "NewDecoder", "Valid"},
	"encoding/json/v2":       {"Unmarshal", "UnmarshalRead", "UnmarshalDecode"},
	"encoding/json/jsontext": {"NewDecoder", "Value"},
	"google.golang.org/protobuf/encoding/protojson": {"Unmarshal", "UnmarshalOptions"},
	"github.com/CycloneDX/cyclonedx-go":             {"NewBOMDecoder"},
	"github.com/hashicorp/hcl/v2/json":              {""},
	"github.com/hashicorp/hcl/v2/hclparse":          {""},
	"github.com/santhosh-tekuri/jsonschema/v6":      {"UnmarshalJSON"},
	"github.com/google/go-containerregistry/pkg/v1": {"ParseManifest", "ParseIndexManifest", "ParseConfigFile"},
	"gopkg.in/yaml.v2":                              {""},
	"gopkg.in/yaml.v3":                              {""},
	"go.yaml.in/yaml/v3":                            {""},
	"sigs.k8s.io/yaml":                              {""},
	"github.com/goccy/go-yaml":                      {""},
	"github.com/tidwall/gjson":                      {""},
	"github.com/buger/jsonparser":                   {""},
}

// TestJSONFromOutsideIsReadByTheOneStrictReader finds every other reader: what two
// readers could understand differently shows one thing to a gate and another to
// production, a second "components" in a BOM for one. Each that stands has its reason
// above, and none stands there that is gone.
func TestJSONFromOutsideIsReadByTheOneStrictReader(t *testing.T) {
	found := map[string]bool{}
	for _, s := range sources(t) {
		if s.pkg == "internal/strictjson" || s.pkg == "internal/rehearsal" {
			continue
		}
		names := map[string][]string{} // by the name in this file: its decoders
		for _, i := range s.file.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			functions, reads := decoders[path]
			if !reads {
				continue
			}
			if functions[0] == "" || i.Name != nil && (i.Name.Name == "." || i.Name.Name == "_") {
				found[s.name] = true
				continue
			}
			name := path[strings.LastIndexByte(path, '/')+1:]
			switch {
			case i.Name != nil:
				name = i.Name.Name
			case strings.HasPrefix(name, "v") && len(name) == 2:
				rest := strings.Split(path, "/")
				name = rest[len(rest)-2]
			case name == "cyclonedx-go":
				name = "cyclonedx"
			}
			names[name] = append(names[name], functions...)
			if path == "github.com/google/go-containerregistry/pkg/v1" && i.Name == nil {
				names["v1"] = functions
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Obj == nil {
				for _, f := range names[x.Name] {
					if f == sel.Sel.Name {
						found[s.name] = true
						if readers[s.name] == "" {
							t.Errorf("%s reads with %s.%s; read it with strictjson, or say in readers why not", s.set.Position(sel.Pos()), x.Name, f)
						}
					}
				}
			}
			return true
		})
	}
	for name := range found {
		if readers[name] == "" {
			t.Errorf("%s reads JSON or YAML by itself; read it with strictjson, or say in readers why not", name)
		}
	}
	for name := range readers {
		if !found[name] {
			t.Errorf("%s is listed as a reader, and reads nothing by itself", name)
		}
	}
}
