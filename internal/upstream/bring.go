package upstream

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"sync"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/npm/registry"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Fetcher brings artefacts of a kind other than npm's.
type Fetcher interface {
	// Fetch writes the artefact's bytes and checks upstream's integrity where there
	// is one. What is written counts only if it returns nil.
	Fetch(ctx context.Context, a snapshot.Artefact, w io.Writer) error
	// Index computes the file index document of the artefact's bytes, nil where
	// its kind has none.
	Index(r io.Reader) ([]byte, error)
}

// BringOptions say where from and how.
type BringOptions struct {
	Store    *cas.Store
	Client   *registry.Client // for kinds npm and node; nil where Offline
	Fetchers map[snapshot.Kind]Fetcher
	Events   event.Sink // nil drops them
	Workers  int        // at once; 0 means 16
	Offline  bool       // bring nothing: say what is missing

	// Origin is what the lockfile says about where an npm artefact comes from; nil means
	// that no lockfile is at hand. nbuild.lock has no addresses.
	Origin func(a snapshot.Artefact) (Package, bool)
	Files  Tarballs // the project's own
}

// Bring brings what the store lacks of lock. It returns all problems at once, in the
// order of nbuild.lock.
func Bring(ctx context.Context, lock *snapshot.Lock, o BringOptions) error {
	if o.Events == nil {
		o.Events = event.Discard
	}
	if o.Workers <= 0 {
		o.Workers = 16
	}
	var missing []snapshot.Artefact
	for a := range lock.All() {
		if !Has(o.Store, a) {
			missing = append(missing, a)
		}
	}
	size := int64(0)
	for _, a := range missing {
		size += a.Size
	}
	o.Events.Emit(event.Event{Kind: event.Plan, Phase: "vendor", Done: lock.Len() - len(missing), Total: lock.Len(), TotalBytes: size})
	if len(missing) == 0 {
		return nil
	}
	if o.Offline {
		return offline(missing)
	}
	errs := make([]error, len(missing))
	done := lock.Len() - len(missing)
	var mu sync.Mutex
	Each(len(missing), o.Workers, func(i int) bool {
		a := missing[i]
		cached := false
		cached, errs[i] = o.bring(ctx, a)
		if errs[i] == nil {
			mu.Lock()
			done++
			e := event.Event{Kind: event.Transfer, Phase: "vendor", Name: a.ID(), Digest: a.SHA256.String(), Bytes: a.Size, Cached: cached, Done: done, Total: lock.Len()}
			o.Events.Emit(e)
			mu.Unlock()
		}
		return ctx.Err() == nil && !Hopeless(errs[i])
	})
	return Join(ctx, oneIndex(errs))
}

// oneIndex makes one problem of those of file indexes that differ, however many: they
// have one cause, an nbuild.lock that another nbuild wrote, and one remedy.
func oneIndex(errs []error) []error {
	first, more := -1, 0
	for i, err := range errs {
		var p *diag.Problem
		if !errors.As(err, &p) || p.Code != CodeIndex {
			continue
		}
		if first < 0 {
			first = i
			continue
		}
		more++
		errs[i] = nil
	}
	var p *diag.Problem
	if more > 0 && errors.As(errs[first], &p) {
		p.What += ", nor are those of " + diag.Count(more, "more package")
	}
	return errs
}

// Has reports whether a store holds an artefact and the index that it names, and that its
// line was compared with its manifest.
func Has(store *cas.Store, a snapshot.Artefact) bool {
	if size, ok := store.Stat(a.SHA256); !ok || size != a.Size {
		return false
	}
	index, named := a.Index()
	if !named {
		return true
	}
	if doc, named := vouched(a); named {
		if _, ok := store.Stat(cas.Sum(doc)); !ok {
			return false
		}
	}
	_, ok := store.Stat(index)
	return ok
}

// offline lists what is missing.
func offline(missing []snapshot.Artefact) error {
	names := make([]string, 0, min(len(missing), bounds.Problems))
	for _, a := range missing[:cap(names)] {
		names = append(names, a.ID())
	}
	if rest := len(missing) - len(names); rest > 0 {
		names = append(names, fmt.Sprintf("and %d more", rest))
	}
	return &diag.Problem{
		Code: CodeOffline, What: "not in the store: " + diag.Count(len(missing), "artefact") + " of the snapshot",
		Why:    "nothing may be fetched now, and these are needed:\n" + strings.Join(names, "\n"),
		Remedy: "run `nbuild vendor` once where there is a network",
	}
}

// bring makes the store hold an artefact and its index. It reports whether the
// bytes were there already.
func (o BringOptions) bring(ctx context.Context, a snapshot.Artefact) (bool, error) {
	fetcher, err := o.fetcher(a)
	if err != nil {
		return false, err
	}
	if size, ok := o.Store.Stat(a.SHA256); ok && size == a.Size {
		if err := o.index(ctx, a, fetcher); !errors.Is(err, cas.ErrCorrupt) && !errors.Is(err, cas.ErrNotFound) {
			return true, err
		}
	}
	if err := o.fetch(ctx, a, fetcher); err != nil {
		return false, err
	}
	if err := o.index(ctx, a, fetcher); err != nil {
		return false, fmt.Errorf("indexing %s: %w", a.ID(), err)
	}
	return false, nil
}

func (o BringOptions) fetcher(a snapshot.Artefact) (Fetcher, error) {
	if f := o.Fetchers[a.Kind]; f != nil {
		return f, nil
	}
	if fromNPM(a) && o.Client != nil {
		return NPM{Client: o.Client, Origin: o.Origin, Files: o.Files}, nil
	}
	return nil, &diag.Problem{
		Code: CodeNoFetcher, What: "nothing here brings " + a.ID(),
		Why:    "artefacts of that kind come from the project or from another machine's store",
		Remedy: "run `nbuild pin` to make it again, or set NBUILD_STORE to a store that has it",
	}
}

// fetch brings the bytes and commits them only if they are the pinned ones.
func (o BringOptions) fetch(ctx context.Context, a snapshot.Artefact, f Fetcher) error {
	w, err := o.Store.Create(ctx)
	if err != nil {
		return err
	}
	t := &tries{ctx: ctx, store: o.Store, w: w, sum: sha256.New()}
	defer func() { t.w.Abort() }()
	counted := func(w io.Writer) io.Writer { return event.Counting(w, o.Events, "vendor", a.ID()) }
	if again, ok := f.(restarter); ok {
		err = again.fetch(ctx, a, func() (io.Writer, error) {
			w, err := t.begin()
			if err != nil {
				return nil, err
			}
			return counted(w), nil
		})
	} else {
		err = f.Fetch(ctx, a, counted(t))
	}
	if err != nil {
		return err
	}
	if got := cas.Digest(t.sum.Sum(nil)); got != a.SHA256 || t.size != a.Size {
		return &diag.Problem{
			Code: CodeOther, What: a.ID() + " is not what nbuild.lock says",
			Why:    fmt.Sprintf("%d bytes came with the SHA-256 %s, pinned are %d bytes with %s; nothing was kept", t.size, got, a.Size, a.SHA256),
			Remedy: "look in the history of nbuild.lock who changed the line; `nbuild pin --update " + diag.Word(a.Renewal()) + "` pins it anew, to be reviewed",
		}
	}
	_, _, err = t.w.Commit()
	return err
}

// index computes the file index again, compares it with the pinned one and stores
// it.
func (o BringOptions) index(ctx context.Context, a snapshot.Artefact, f Fetcher) error {
	want, named := a.Index()
	if !named {
		return nil
	}
	blob, err := o.Store.Open(ctx, a.SHA256)
	if err != nil {
		return err
	}
	defer func() { _ = blob.Close() }()
	doc, err := f.Index(blob)
	if err != nil {
		return explain(a, err)
	}
	if got := cas.Sum(doc); got != want {
		return &diag.Problem{
			Code: CodeIndex, What: "the file index of " + a.ID() + " is not the one in nbuild.lock",
			Why:    fmt.Sprintf("computed is %s, pinned is %s: the line was edited, or another version of nbuild wrote it", got, want),
			Remedy: "run `nbuild pin`, which makes it anew of the pinned bytes, and review the diff of nbuild.lock",
		}
	}
	if _, err = o.Store.PutBytes(ctx, doc); err != nil {
		return err
	}
	return o.compare(ctx, a)
}

// tries is where the bytes of one artefact go, anew with each try.
type tries struct {
	ctx   context.Context // of the one fetch
	store *cas.Store
	w     *cas.Writer
	sum   hash.Hash
	size  int64
}

func (t *tries) begin() (io.Writer, error) {
	if t.size == 0 {
		return t, nil
	}
	t.w.Abort()
	w, err := t.store.Create(t.ctx)
	if err != nil {
		return nil, err
	}
	t.w, t.size = w, 0
	t.sum.Reset()
	return t, nil
}

func (t *tries) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	t.sum.Write(p[:n])
	t.size += int64(n)
	return n, err
}
