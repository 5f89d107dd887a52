package sources_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The frozen samples are of the shapes that docs/schemas describes.
func TestTheSamplesAreInTheirShapes(t *testing.T) {
	for sample, name := range map[string]string{
		"testdata/sample.json":            "nbuild.sources.v1",
		"tracefile/testdata/sample.trace": "nbuild.trace-file.v1",
	} {
		schema, err := jsonschema.NewCompiler().Compile("../../docs/schemas/" + name + ".schema.json")
		if err != nil {
			t.Fatal(err)
		}
		src, err := os.ReadFile(sample)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(src))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", sample, err)
		}
	}
}
