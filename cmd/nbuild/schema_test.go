package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemasEnv says to the scripts' nbuild where docs/schemas is.
const schemasEnv = "NBUILD_TEST_SCHEMAS"

// exitShape is the exit code of a run in a script whose answer is not in its shape.
const exitShape = 99

// held runs the command and, with --json, holds every object that it prints on
// stdout to the schema of docs/schemas that the object names. So each script that
// asks for JSON is a test of the shape as well.
func held(s surroundings, schemas string) int {
	defer noting(&s, os.Getenv(codesEnv))()
	if !slices.Contains(s.args, "--json") {
		return run(s)
	}
	var printed bytes.Buffer
	to := s.stdout
	s.stdout = &printed
	code := run(s)
	if _, err := to.Write(printed.Bytes()); err != nil {
		return 1
	}
	if err := shaped(printed.Bytes(), schemas); err != nil {
		fmt.Fprintln(s.stderr, err)
		return exitShape
	}
	return code
}

// shaped validates JSON objects, one after the other. A CycloneDX document has a
// schema of its own, which `sbom validate` applies.
func shaped(printed []byte, schemas string) error {
	for dec := json.NewDecoder(bytes.NewReader(printed)); dec.More(); {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return fmt.Errorf("stdout with --json is no JSON: %w", err)
		}
		var head struct {
			Schema    string `json:"schema"`
			BOMFormat string `json:"bomFormat"`
		}
		if err := json.Unmarshal(raw, &head); err != nil {
			return fmt.Errorf("stdout with --json is no object: %w", err)
		}
		if head.BOMFormat == "CycloneDX" {
			continue
		}
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		schema, err := c.Compile(filepath.Join(schemas, schemaFile(head.Schema)))
		if err != nil {
			return fmt.Errorf("the answer names the schema %q: %w", head.Schema, err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			return err
		}
		if err := schema.Validate(doc); err != nil {
			return fmt.Errorf("the answer is not in its shape: %w\n%s", err, raw)
		}
	}
	return nil
}

// schemaFile is the file of nbuild.pin/v1: nbuild.pin.v1.schema.json.
func schemaFile(name string) string {
	return strings.ReplaceAll(name, "/", ".") + ".schema.json"
}

// schemasDir is docs/schemas, absolute.
func schemasDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "..", "..", "docs", "schemas"), nil
}
