package image

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
)

// Options say how a layer is made. The zero value works.
type Options struct {
	Name    string     // of the layer, for annotations and history
	Codec   Codec      // gzip at its default level
	Workers int        // members packed at a time; 0 means GOMAXPROCS
	Below   []Anchor   // what the layers below have, from their Anchors
	Lease   *cas.Lease // keeps the layer's blobs from being pruned, if set

	whole int64 // of tests: see packer
}

const layerResult = "layer"

// layerRecord is what the store keeps of a layer under its key.
type layerRecord struct {
	Digest   cas.Digest `json:"digest"`   // of the compressed bytes
	DiffID   cas.Digest `json:"diffID"`   // of the tar stream
	Size     int64      `json:"size"`     // of the compressed bytes
	Plain    int64      `json:"plain"`    // bytes of the tar stream
	Document cas.Digest `json:"document"` // of the layerDocument
}

// NewLayer assembles a layer of members, in whatever order they are given, and
// dates every entry. Members that the store has packed before are not packed
// again, and of a layer that it has assembled before nothing is read at all.
//
// Problems (diag.Problems): two different files at one path, a path that is two
// things, a path or mode that no layer may hold, a file that changed.
func NewLayer(ctx context.Context, store *cas.Store, date time.Time, members []Member, o Options) (*Layer, error) {
	codec, err := o.Codec.normal()
	if err != nil {
		return nil, err
	}
	mtime := date.Unix()
	if mtime <= 0 || mtime > maxOctal {
		return nil, fmt.Errorf("a layer can't be dated %s", date.UTC().Format(time.RFC3339))
	}
	b := &assembly{
		packer:  packer{store: store, codec: codec, mtime: mtime, whole: cmp.Or(o.whole, wholeLimit)},
		options: o,
		members: sorted(members),
	}
	layer, err := b.layer(ctx)
	if err != nil {
		return nil, fmt.Errorf("assembling layer: %w", err)
	}
	if o.Lease != nil {
		held := make([]cas.Digest, len(layer.doc.Members))
		for i, m := range layer.doc.Members {
			held[i] = m.Digest
		}
		if err := o.Lease.Hold(append(held, layer.record.Document)...); err != nil {
			return nil, err
		}
	}
	return layer, nil
}

// assembly is one layer in the making.
type assembly struct {
	packer
	options Options
	members []Member
}

func (a *assembly) layer(ctx context.Context) (*Layer, error) {
	key := a.key()
	if record, doc, ok := a.recall(ctx, key); ok {
		return a.finish(record, doc), nil
	}
	plan, err := plan(ctx, a.members, a.options.Below)
	if err != nil {
		return nil, err
	}
	record, doc, err := a.assemble(ctx, plan)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	if record.Document, err = a.store.PutBytes(ctx, text); err != nil {
		return nil, err
	}
	if text, err = json.Marshal(record); err != nil {
		return nil, err
	}
	return a.finish(record, doc), a.store.PutResult(ctx, layerResult, key, text)
}

// key is the digest of all that determines the layer and what is reported about it.
func (a *assembly) key() cas.Digest {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%d\n", normalisation, a.codec.ID(), a.mtime)
	for _, b := range a.options.Below {
		fmt.Fprintf(h, "below %q %o %q\n", b.Path, b.Mode, b.Link)
	}
	for _, m := range a.members {
		fmt.Fprintf(h, "member %s %q %t %q %q\n", m.Key, m.Path, m.Last, m.Name, m.Owner)
	}
	return cas.Digest(h.Sum(nil))
}

// recall finds a layer that was assembled before and whose members are all there.
func (a *assembly) recall(ctx context.Context, key cas.Digest) (layerRecord, layerDocument, bool) {
	var record layerRecord
	var doc layerDocument
	text, ok := a.store.Result(layerResult, key)
	if !ok || json.Unmarshal(text, &record) != nil {
		return record, doc, false
	}
	text, err := a.store.Read(ctx, record.Document, bounds.FileIndex)
	if err != nil || json.Unmarshal(text, &doc) != nil || len(doc.Members) != len(a.members) {
		return record, doc, false
	}
	for _, m := range doc.Members {
		if !a.has(m) {
			return record, doc, false
		}
	}
	return record, doc, true
}

func (a *assembly) finish(record layerRecord, doc layerDocument) *Layer {
	l := &Layer{store: a.store, codec: a.codec, name: a.options.Name, record: record, doc: doc}
	l.shares = make([]Share, len(a.members))
	for i, m := range a.members {
		l.shares[i] = Share{Path: m.Path, Name: m.Name, Owner: m.Owner, Digest: doc.Members[i].Digest, Size: doc.Members[i].Size}
	}
	return l
}

// slot is one packed member on its way to the hashes.
type slot struct {
	packed      packed
	body, plain *bytes.Buffer
	err         error
}

// assemble packs the shares, several at a time, and hashes them in order.
func (a *assembly) assemble(ctx context.Context, plan *planner) (layerRecord, layerDocument, error) {
	shares := plan.shares
	doc := layerDocument{Members: make([]packed, len(shares)), Anchors: plan.anchors, Warnings: warnings(plan.warnings)}
	prefixes := a.prefixes(shares)
	run, start := a.resume(shares, prefixes, doc.Members)

	ctx, cancel := context.WithCancel(ctx)
	slots, take, done := a.packAll(ctx, shares, start)
	defer done()
	defer cancel()
	for i := start; i < len(shares); i++ {
		s := <-slots[i]
		if s.err == nil {
			s.err = run.add(ctx, &a.packer, s)
		}
		if s.err != nil {
			return layerRecord{}, doc, s.err
		}
		doc.Members[i] = s.packed
		a.release(s.body, s.plain)
		take(i)
		if (i+1)%checkpoint == 0 {
			if err := a.mark(ctx, prefixes[i], run); err != nil {
				return layerRecord{}, doc, err
			}
		}
	}
	end, err := a.codec.end()
	if err != nil {
		return layerRecord{}, doc, err
	}
	run.write(end, zeros[:])
	return layerRecord{
		Digest: cas.Digest(run.body.Sum(nil)),
		DiffID: cas.Digest(run.plain.Sum(nil)),
		Size:   run.bodySize,
		Plain:  run.plainSize,
	}, doc, nil
}

// packAll packs shares from start on. Share i arrives in slots[i]; take(i) is called
// once it is no longer needed and lets others begin, so that no more than a few a
// worker, and no more bytes than inMemory or one share, are in memory. Done returns when
// all work has ended; cancel ctx before.
func (a *assembly) packAll(ctx context.Context, shares []share, start int) (slots []chan slot, take func(i int), done func()) {
	workers := a.options.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	slots = make([]chan slot, len(shares))
	for i := range slots {
		slots[i] = make(chan slot, 1)
	}
	window := semaphore.NewWeighted(inMemory)
	weight := func(i int) int64 { return min(max(shares[i].size, inMemory/int64(4*workers)), inMemory) }
	queue := make(chan int)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(queue)
		for i := start; i < len(shares); i++ {
			if window.Acquire(ctx, weight(i)) != nil {
				return // the run has ended
			}
			queue <- i
		}
	})
	for range workers {
		wg.Go(func() {
			for i := range queue {
				var s slot
				s.packed, s.body, s.plain, s.err = a.pack(ctx, shares[i])
				slots[i] <- s
			}
		})
	}
	return slots, func(i int) { window.Release(weight(i)) }, wg.Wait
}

// add hashes a packed member.
func (r *running) add(ctx context.Context, k *packer, s slot) error {
	if s.body != nil {
		r.write(s.body.Bytes(), s.plain.Bytes())
		return nil
	}
	blob, err := k.store.Open(ctx, s.packed.Digest)
	if err != nil {
		return err
	}
	defer blob.Close()
	d, err := k.codec.decoder(io.TeeReader(blob, r.body))
	if err != nil {
		return fmt.Errorf("reading member: %w", err)
	}
	defer d.Close()
	n, err := io.Copy(r.plain, d)
	if err == nil && n != s.packed.Plain {
		err = cas.Damaged(s.packed.Digest)
	}
	if err != nil {
		return fmt.Errorf("reading member %s: %w", s.packed.Digest, err)
	}
	r.plainSize += n
	r.bodySize += s.packed.Size
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
