package replica

import (
	"context"
	"crypto/sha1" // which documents have beside a strong digest, for old clients
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// published is what documents say of a version that its tarball tells.
type published struct {
	Manifest   map[string]json.RawMessage `json:"manifest"` // tarball.Published
	Integrity  string                     `json:"integrity"`
	Shasum     string                     `json:"shasum"`
	Files      int                        `json:"files"`
	Unpacked   int64                      `json:"unpacked"` // in bytes
	Shrinkwrap bool                       `json:"shrinkwrap,omitempty"`
	Script     bool                       `json:"script,omitempty"` // an install runs something of it
}

// publishedAs names what is kept of a tarball in the store.
const publishedAs = "npm-published-1"

// read reads what tarballs say, each once: it is kept in the store.
func read(ctx context.Context, store *cas.Store, of []snapshot.Artefact) ([]*published, error) {
	says, errs := make([]*published, len(of)), make([]error, len(of))
	next := make(chan int)
	var work sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() {
			for i := range next {
				says[i], errs[i] = readOne(ctx, store, of[i])
			}
		})
	}
	for i := range of {
		next <- i
	}
	close(next)
	work.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", of[i].ID(), err)
		}
	}
	return says, nil
}

func readOne(ctx context.Context, store *cas.Store, a snapshot.Artefact) (*published, error) {
	record, err := store.Joined(ctx, publishedAs, []cas.Digest{a.SHA256}, bounds.Published, func() ([]byte, error) {
		p, err := unpack(ctx, store, a)
		if err != nil {
			return nil, err
		}
		return json.Marshal(p)
	})
	if err != nil {
		return nil, err
	}
	p := &published{}
	if err := json.Unmarshal(record, p); err != nil {
		return nil, err
	}
	return p, nil
}

// unpack reads a tarball to its end, which holds it to its digest.
func unpack(ctx context.Context, store *cas.Store, a snapshot.Artefact) (*published, error) {
	index, err := snapshot.IndexOf(ctx, store, a)
	if err != nil {
		return nil, err
	}
	blob, err := store.Open(ctx, a.SHA256)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	weak, strong := sha1.New(), sha512.New()
	both := io.TeeReader(blob, io.MultiWriter(weak, strong))
	contents, err := tarball.Unpack(both, index)
	if err != nil {
		return nil, err
	}
	defer contents.Close()
	if _, err := io.Copy(io.Discard, both); err != nil {
		return nil, err
	}
	p := &published{
		Integrity: "sha512-" + base64.StdEncoding.EncodeToString(strong.Sum(nil)), Shasum: hex.EncodeToString(weak.Sum(nil)), Files: len(index.Entries),
		Script: len(index.Package.Scripts) > 0 || index.Package.Gyp,
	}
	for i, e := range index.Entries {
		p.Unpacked += e.Size
		p.Shrinkwrap = p.Shrinkwrap || e.Path == "npm-shrinkwrap.json"
		if e.Path != "package.json" {
			continue
		}
		text, err := contents.Bytes(i)
		if err != nil {
			return nil, err
		}
		if p.Manifest, err = tarball.Published(text); err != nil {
			return nil, err
		}
	}
	if p.Manifest == nil {
		return nil, errors.New("it has no package.json")
	}
	for k, v := range p.Manifest { // the text of a tarball, which is let go of
		p.Manifest[k] = slices.Clone(v)
	}
	return p, nil
}
