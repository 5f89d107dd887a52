package sides

import (
	"bytes"
	"cmp"
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
	var odd error
	for i, digest := range digests {
		if i > 0 && digest == digests[i-1] {
			continue
		}
		// What nobody signed is looked at where nothing was signed.
		bundled := agreement{name: name, open: func(raw []byte) ([]byte, error) { return predicate(raw, digest) }}
		if err := oci.EachBundle(ctx, store, digest, []string{predicateType}, bundled.add); err != nil || bundled.doc != nil {
			return bundled.doc, err
		}
		plain := agreement{name: name, open: func(raw []byte) ([]byte, error) { return raw, nil }}
		if err := oci.EachBOM(ctx, store, digest, plain.add); err != nil || plain.doc != nil {
			return plain.doc, err
		}
		odd = cmp.Or(odd, bundled.odd, plain.odd)
	}
	if odd != nil {
		return nil, noBOM(name, "nothing that is attached to it can be read as one: "+odd.Error())
	}
	return nil, noBOM(name, "no BOM is attached to it")
}

// agreement is the one BOM that all of those say which are attached to an image. They may
// differ in what is not of the image, as in the version of nbuild that wrote them. Where
// they say different things, none is chosen: who can attach one must not choose what is
// compared. What is no BOM of the image, whatever else it is, says nothing.
type agreement struct {
	name string
	open func(raw []byte) ([]byte, error) // takes the BOM out, nil where there is none
	doc  []byte                           // the first by its bytes
	by   v1.Hash                          // the referrer that carries it
	says *sbom.Inventory
	odd  error // of the first that could not be read
}

// add takes what is attached. It keeps one document, so that memory holds two at most.
func (a *agreement) add(found oci.Attachment) error {
	doc, err := found.Content, found.Err
	if err != nil && !found.Junk {
		return fmt.Errorf("reading the BOM of %s: %w", a.name, err)
	}
	if err == nil {
		doc, err = a.open(doc)
	}
	var says *sbom.Inventory
	switch {
	case err != nil:
	case doc == nil || bytes.Equal(doc, a.doc):
		return nil
	default:
		var bom *sbom.BOM
		if bom, err = sbom.Parse(doc, a.name); err == nil {
			says = bom.Inventory()
		}
	}
	switch {
	case err != nil:
		a.odd = cmp.Or(a.odd, fmt.Errorf("%s: %w", found.Digest, err))
	case a.doc == nil:
		a.doc, a.by, a.says = doc, found.Digest, says
	case !a.says.Equal(says):
		return noBOM(a.name, fmt.Sprintf("BOMs are attached to it that say different things, %s and %s, and which one counts is not known", a.by, found.Digest))
	case bytes.Compare(doc, a.doc) < 0:
		a.doc, a.by = doc, found.Digest
	}
	return nil
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
