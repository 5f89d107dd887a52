package inventory

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom/dynamism"
)

// Collector makes and keeps inventories. It is safe for use by many goroutines.
type Collector struct {
	store    *cas.Store
	calls    bool
	workers  int
	analysed atomic.Int64
}

// Options say what is collected. The zero value is findings alone, on every
// processor.
type Options struct {
	Calls   bool // what rules ask about as well
	Workers int  // packages that are analysed at once; 0 is one a processor
}

// New makes a collector that keeps its results in a store.
func New(store *cas.Store, o Options) *Collector {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return &Collector{store: store, calls: o.Calls, workers: o.Workers}
}

// Analysed returns how many artefacts were analysed so far, because nothing was
// kept of them.
func (c *Collector) Analysed() int { return int(c.analysed.Load()) }

// Artefact returns the packages of a pinned artefact: its own, whose Path is "", and
// those that it bundles. Errors hold cas.ErrNotFound where neither a result nor the
// artefact and its file index are in the store.
func (c *Collector) Artefact(ctx context.Context, a snapshot.Artefact) ([]dynamism.Package, error) {
	return c.artefact(ctx, a, nil)
}

func (c *Collector) artefact(ctx context.Context, a snapshot.Artefact, spare chan struct{}) ([]dynamism.Package, error) {
	named, ok := a.Index()
	if !ok {
		return nil, fmt.Errorf("nbuild.lock names no file index of %s", a.ID())
	}
	if kept, ok := c.kept(ctx, named); ok {
		return kept, nil
	}
	index, err := snapshot.IndexOf(ctx, c.store, a)
	if err != nil {
		return nil, err
	}
	blob, err := c.store.Open(ctx, a.SHA256)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", a.ID(), err)
	}
	defer blob.Close()
	contents, err := tarball.Unpack(blob, index)
	if err != nil {
		return nil, fmt.Errorf("unpacking %s: %w", a.ID(), err)
	}
	defer contents.Close()
	content := func(i int) ([]byte, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return contents.Bytes(i)
	}
	return c.analyse(ctx, named, index, content, spare)
}

// Files returns the packages of files that stand in no artefact, as Artefact does.
// Content is asked for those of the index that are looked into, if nothing is kept of
// files that are all the same.
func (c *Collector) Files(ctx context.Context, index *snapshot.Index, content func(i int) ([]byte, error)) ([]dynamism.Package, error) {
	return c.files(ctx, index, content, nil)
}

func (c *Collector) files(ctx context.Context, index *snapshot.Index, content func(i int) ([]byte, error), spare chan struct{}) ([]dynamism.Package, error) {
	doc, err := snapshot.EncodeIndex(index)
	if err != nil {
		return nil, err
	}
	named := cas.Sum(doc)
	if kept, ok := c.kept(ctx, named); ok {
		return kept, nil
	}
	return c.analyse(ctx, named, index, content, spare)
}

func (c *Collector) analyse(ctx context.Context, named cas.Digest, index *snapshot.Index, content func(i int) ([]byte, error), spare chan struct{}) ([]dynamism.Package, error) {
	packages, err := dynamism.OfArtefact(index, content, dynamism.Options{Spare: spare})
	if err != nil {
		return nil, err
	}
	c.analysed.Add(1)
	if err := c.keep(ctx, named, packages); err != nil {
		return nil, err
	}
	if !c.calls {
		for i := range packages {
			packages[i].Calls = nil
		}
	}
	return packages, nil
}

// resultKind is the kind of results in the store.
const resultKind = "inventory"

// inline is how long a record may be that stands in the result itself; a longer one
// is a blob that the result names.
const inline = 60 << 10

// key is the digest of what determines a result.
func key(index cas.Digest) cas.Digest {
	return cas.Sum([]byte("nbuild-inventory " + dynamism.Version + "\n" + index.String() + "\n"))
}

// kept returns what was kept of an artefact. What is damaged, or whose blob was
// pruned, counts as absent: it is made again.
func (c *Collector) kept(ctx context.Context, index cas.Digest) ([]dynamism.Package, bool) {
	record, ok := c.read(ctx, index)
	if !ok {
		return nil, false
	}
	return parse(record, c.calls)
}

// record writes what was found: the findings with their length first, so that who
// wants findings alone leaves the rest, then the calls where they are wanted.
func record(packages []dynamism.Package, calls bool) []byte {
	findings := dynamism.EncodeFindings(packages)
	out := append(binary.AppendUvarint(nil, uint64(len(findings))), findings...)
	if calls {
		out = append(out, dynamism.EncodeCalls(packages)...)
	}
	return out
}

// parse reads what record wrote, with the calls where they are wanted.
func parse(record []byte, calls bool) ([]dynamism.Package, bool) {
	n, width := binary.Uvarint(record)
	if width <= 0 || n > uint64(len(record)-width) {
		return nil, false
	}
	packages, err := dynamism.DecodeFindings(record[width : width+int(n)])
	if err != nil || calls && dynamism.DecodeCalls(record[width+int(n):], packages) != nil {
		return nil, false
	}
	return packages, true
}

func (c *Collector) read(ctx context.Context, index cas.Digest) ([]byte, bool) {
	value, ok := c.store.Result(resultKind, key(index))
	if !ok || len(value) == 0 {
		return nil, false
	}
	if value[0] == 0 {
		return value[1:], true
	}
	digest, err := cas.ParseDigest(string(value[1:]))
	if err != nil {
		return nil, false
	}
	record, err := c.store.Read(ctx, digest, bounds.Record)
	return record, err == nil
}

// keep records findings and calls in one result: one file a package costs half of two.
func (c *Collector) keep(ctx context.Context, index cas.Digest, packages []dynamism.Package) error {
	record := record(packages, true)
	if len(record) > bounds.Record {
		return nil // it is made again each time
	}
	if len(record) <= inline {
		return c.store.PutResult(ctx, resultKind, key(index), append([]byte{0}, record...))
	}
	digest, err := c.store.PutBytes(ctx, record)
	if err != nil {
		return err
	}
	return c.store.PutResult(ctx, resultKind, key(index), append([]byte{1}, digest.String()...))
}
