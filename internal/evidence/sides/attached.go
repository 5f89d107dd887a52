package sides

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/sbom"
)

// predicateType is what a statement that carries a BOM says it carries
// (docs/formats.md, "Statements").
const predicateType = "https://cyclonedx.org/bom"

// attached returns the BOM that stands beside the first of the digests that has
// one: the image's own, else that of the index it is in.
func attached(ctx context.Context, store oci.Store, name string, digests ...v1.Hash) (*sbom.BOM, error) {
	doc, err := document(ctx, store, name, digests...)
	if err != nil {
		return nil, err
	}
	return sbom.Parse(doc, name)
}

// Document returns the BOM that is attached to an image, as it was attached. A verdict
// says whose word it is: its signature is not looked at.
func Document(ctx context.Context, o Options, name string) ([]byte, error) {
	store, found, err := loader{options: o}.find(ctx, name)
	if err != nil {
		return nil, err
	}
	doc, err := document(ctx, store, name, found)
	if noBOMs(err) {
		one, selectErr := oci.Select(ctx, store, found, o.platform())
		if selectErr != nil {
			return nil, selectErr
		}
		doc, err = document(ctx, store, name, one)
	}
	return doc, err
}

// noBOMs reports whether an error says that there is no one BOM.
func noBOMs(err error) bool {
	return slices.ContainsFunc(diag.All(err), func(p *diag.Problem) bool { return p.Code == CodeNoBOM })
}

func document(ctx context.Context, store oci.Store, name string, digests ...v1.Hash) ([]byte, error) {
	for i, digest := range digests {
		if i > 0 && digest == digests[i-1] {
			continue
		}
		found, err := oci.Bundles(ctx, store, digest, []string{predicateType})
		if err != nil {
			return nil, err
		}
		for _, u := range found.Unread {
			if u.PredicateType == predicateType {
				return nil, fmt.Errorf("reading the BOM of %s: %w", name, u.Err)
			}
		}
		var docs [][]byte
		for _, a := range found.Bundles {
			doc, err := predicate(a.Bundle, digest)
			if err != nil {
				return nil, fmt.Errorf("reading the bundle %s: %w", a.Digest, err)
			}
			if doc != nil {
				docs = append(docs, doc)
			}
		}
		if len(docs) == 0 { // what nobody signed is looked at where nothing was signed
			if docs, err = oci.BOMs(ctx, store, digest); err != nil {
				return nil, err
			}
		}
		if len(docs) > 0 {
			return one(name, docs)
		}
	}
	return nil, noBOM(name, "no BOM is attached to it")
}

// one returns the first, by its bytes, of BOMs that all say the same. They may differ
// in what is not of the image, as in the version of nbuild that wrote them. Where they
// say different things, none is chosen: who can attach one must not choose what is
// compared.
func one(name string, docs [][]byte) ([]byte, error) {
	slices.SortFunc(docs, bytes.Compare)
	docs = slices.CompactFunc(docs, bytes.Equal)
	if len(docs) == 1 {
		return docs[0], nil
	}
	var first *sbom.Inventory
	for _, doc := range docs {
		bom, err := sbom.Parse(doc, name)
		if err != nil {
			return nil, err
		}
		v := bom.Inventory()
		if first == nil {
			first = v
		}
		if !first.Equal(v) {
			return nil, noBOM(name, fmt.Sprintf("%d BOMs are attached to it that say different things, and which one counts is not known", len(docs)))
		}
	}
	return docs[0], nil
}

func noBOM(name, why string) error {
	return &diag.Problem{
		Code: CodeNoBOM, What: "there is no one BOM of " + diag.Clean(name), Why: why,
		Remedy: "name a BOM file, which `nbuild sbom` prints in the image's checkout, or sign the image's own: a BOM that `nbuild release` signed goes before any that nobody signed",
	}
}

// predicate takes the BOM out of a Sigstore bundle (v0.3) that holds a DSSE
// envelope of an in-toto Statement about the subject; nil where the statement is
// about something else. The signature is not looked at.
func predicate(bundle []byte, subject v1.Hash) ([]byte, error) {
	var b struct {
		Envelope struct {
			Payload     []byte `json:"payload"`
			PayloadType string `json:"payloadType"`
		} `json:"dsseEnvelope"`
	}
	if err := strictjson.Decode(bundle, bounds.Statement, &b); err != nil {
		return nil, fmt.Errorf("decoding bundle: %w", err)
	}
	if b.Envelope.PayloadType != "application/vnd.in-toto+json" {
		return nil, nil
	}
	var statement struct {
		PredicateType string `json:"predicateType"`
		Subject       []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
		Predicate json.RawMessage `json:"predicate"`
	}
	if err := strictjson.Decode(b.Envelope.Payload, bounds.Statement, &statement); err != nil {
		return nil, fmt.Errorf("decoding statement: %w", err)
	}
	if statement.PredicateType != predicateType {
		return nil, nil
	}
	for _, s := range statement.Subject {
		if s.Digest["sha256"] == subject.Hex {
			return statement.Predicate, nil
		}
	}
	return nil, fmt.Errorf("its statement is about another image than %s", subject)
}
