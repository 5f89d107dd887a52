package sbom

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// schemas are the specification's own, see schema/NOTICE.
//
//go:embed schema/*.schema.json
var schemas embed.FS

// schemaBase is where the schemas say they live, so that they find each other. It
// is a name: nothing is fetched from there.
const schemaBase = "http://cyclonedx.org/schema/"

// versions are the versions of CycloneDX that Validate knows.
var versions = []string{"1.5", "1.6", "1.7"}

// Validate holds a document to the JSON schema of the version that it says it is,
// formats included, and to what the schema can't say: that each bom-ref names one
// thing and that each dependency names something. It returns every problem, up to
// bounds.Problems, in the order of their places; none means valid. File is the
// document's name in problems.
func Validate(raw []byte, file string) diag.Problems {
	pos := diag.Pos{File: file}
	if len(raw) > bounds.BOM {
		return diag.Problems{unreadable(pos, fmt.Errorf("%d bytes, over the bound of %d", len(raw), bounds.BOM))}
	}
	if err := strictjson.Check(raw, (*bomDocument)(nil)); err != nil {
		return diag.Problems{unreadable(position(raw, pos, err), err)}
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return diag.Problems{unreadable(pos, err)}
	}
	top, ok := doc.(map[string]any)
	if !ok {
		return diag.Problems{unreadable(pos, errors.New("it is no JSON object"))}
	}
	version, _ := top["specVersion"].(string)
	if !slices.Contains(versions, version) {
		return diag.Problems{unsupported(pos, version)}
	}
	schema, err := compiled(version)
	if err != nil {
		return diag.Problems{unreadable(pos, err)}
	}
	if err := schema.Validate(doc); err != nil {
		return violations(pos, version, err)
	}
	return references(pos, top)
}

func unreadable(pos diag.Pos, err error) *diag.Problem {
	return &diag.Problem{
		Code: CodeUnreadable, Pos: pos,
		What:   "the BOM can't be read",
		Why:    "a BOM is one JSON object of a bounded size, so that every reader sees the same",
		Remedy: "write it again with the tool it came from, or `nbuild sbom > bom.json`",
		Err:    err,
	}
}

func unsupported(pos diag.Pos, version string) *diag.Problem {
	what := "the BOM names no CycloneDX version"
	if version != "" {
		what = fmt.Sprintf("the BOM says CycloneDX %q", version)
	}
	return &diag.Problem{
		Code: CodeVersion, Pos: pos, What: what,
		Why:    "nbuild holds schemas of " + strings.Join(versions, ", ") + "; what can't be checked is not called valid",
		Remedy: "write it as CycloneDX JSON 1.6, for example with `nbuild sbom --spec-version 1.6`",
	}
}

// position finds the line and column of a syntax error in raw, if it is one.
func position(raw []byte, pos diag.Pos, err error) diag.Pos {
	var syntax *strictjson.Error
	if !errors.As(err, &syntax) || syntax.Offset > len(raw) {
		return pos
	}
	before := raw[:syntax.Offset]
	pos.Line = 1 + bytes.Count(before, []byte("\n"))
	pos.Column = len(before) - bytes.LastIndexByte(before, '\n')
	return pos
}

// violations lists the leaves of a schema error: the innermost places where the
// document breaks a rule.
func violations(pos diag.Pos, version string, err error) diag.Problems {
	var root *jsonschema.ValidationError
	if !errors.As(err, &root) {
		return diag.Problems{unreadable(pos, err)}
	}
	printer := message.NewPrinter(language.English)
	var ps diag.Problems
	var walk func(e *jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		if len(ps) >= bounds.Problems {
			return
		}
		for _, c := range e.Causes {
			walk(c)
		}
		if len(e.Causes) > 0 {
			return
		}
		at := "/" + strings.Join(e.InstanceLocation, "/")
		ps = append(ps, &diag.Problem{
			Code: CodeInvalid, Pos: pos,
			What:   fmt.Sprintf("%s: %s", at, e.ErrorKind.LocalizedString(printer)),
			Why:    "the schema of CycloneDX " + version + " refuses it, and so do tools that check what they read",
			Remedy: "correct the value at " + at + ", or write the BOM again with `nbuild sbom`",
		})
	}
	walk(root)
	slices.SortStableFunc(ps, func(a, b *diag.Problem) int { return strings.Compare(a.What, b.What) })
	return slices.CompactFunc(ps, func(a, b *diag.Problem) bool { return a.What == b.What })
}

// compiled returns the schema of a version, compiled once a process.
func compiled(version string) (*jsonschema.Schema, error) {
	i := slices.Index(versions, version)
	return compilers[i]()
}

var compilers = []func() (*jsonschema.Schema, error){
	sync.OnceValues(func() (*jsonschema.Schema, error) { return compile(versions[0]) }),
	sync.OnceValues(func() (*jsonschema.Schema, error) { return compile(versions[1]) }),
	sync.OnceValues(func() (*jsonschema.Schema, error) { return compile(versions[2]) }),
}

func compile(version string) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseLoader(loader{})
	name := "bom-" + version + ".schema.json"
	schema, err := c.Compile(schemaBase + name)
	if err != nil {
		return nil, fmt.Errorf("compiling %s: %w", name, err)
	}
	return schema, nil
}

// loader finds the schemas in the binary and nowhere else.
type loader struct{}

// Load reads one embedded schema by its address.
func (loader) Load(url string) (any, error) {
	name, ok := strings.CutPrefix(url, schemaBase)
	if !ok {
		return nil, fmt.Errorf("no schema %s here", url)
	}
	raw, err := schemas.ReadFile("schema/" + name)
	if err != nil {
		return nil, fmt.Errorf("reading schema: %w", err)
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(raw))
}
