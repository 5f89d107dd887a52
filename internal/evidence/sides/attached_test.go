package sides

import (
	"encoding/json"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestPredicateOfAnotherImageIsRefused(t *testing.T) {
	statement := `{"predicateType":"` + predicateType + `","subject":[{"digest":{"sha256":"aa"}}],"predicate":{}}`
	bundle, err := json.Marshal(map[string]any{"dsseEnvelope": map[string]any{
		"payload": []byte(statement), "payloadType": "application/vnd.in-toto+json",
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := predicate(bundle, v1.Hash{Algorithm: "sha256", Hex: "bb"}); err == nil {
		t.Error("a BOM of another image was taken")
	}
	if doc, err := predicate(bundle, v1.Hash{Algorithm: "sha256", Hex: "aa"}); err != nil || string(doc) != "{}" {
		t.Errorf("%q, %v", doc, err)
	}
}
