package pin

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/nbuild/nbuild/internal/debian"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/evidence/images"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/upstream"
	"github.com/nbuild/nbuild/pipelines"
)

// archive is Debian's archive as this host reaches it: the mirrors that its apt
// knows first.
func archive(host machine.Host) (*debian.Archive, error) {
	again := host.Retry()
	if again.Backoff == 0 {
		again.Backoff = 300 * time.Millisecond // there is another mirror to ask
	}
	a := &debian.Archive{Retry: again, Client: &http.Client{Transport: host.Transport()}, Now: host.Now()}
	var err error
	if host.Debian.Keys == "" {
		a.Mirrors, err = debian.Mirrors(etc())
		return a, err
	}
	a.Mirrors, a.Snapshots = host.Debian.Mirrors, host.Debian.Snapshots
	a.Keyring, err = debian.ParseKeyring(host.Debian.Keys)
	return a, err
}

// etc is where apt keeps its sources.
func etc() fs.FS { return os.DirFS("/etc/apt") }

// debian pins the packages of bases that are made of them.
func (r *pinner) debian(ctx context.Context) ([]snapshot.Artefact, error) {
	suite, wanted := "", map[string]bool{}
	for _, b := range r.project.Bases {
		if b.Image != "" || !r.project.Uses(b.Name) {
			continue
		}
		if suite != "" && suite != b.Suite {
			return nil, &diag.Problem{
				Code: upstream.CodeNoNode, Pos: b.At, What: fmt.Sprintf("two bases want the suites %s and %s", suite, b.Suite),
				Why: "a snapshot pins packages of one suite", Remedy: "give both bases the same suite",
			}
		}
		suite = b.Suite
		for _, name := range b.Packages {
			wanted[name] = true
		}
	}
	if suite == "" {
		return nil, nil
	}
	for _, name := range debian.RuntimePackages {
		wanted[name] = true
	}
	if err := r.forNode(ctx, wanted); err != nil {
		return nil, err
	}
	request := debian.Request{
		Suites: []string{suite}, Platforms: r.project.Platforms, Packages: slices.Sorted(maps.Keys(wanted)), Exclude: debian.RuntimeExcludes,
		Steps: r.project.StepsOnDebian(), Compiler: r.project.CompilesOnDebian(), Compiling: r.project.Compiling(),
	}
	if request.Steps {
		for _, name := range debian.StepPackages {
			wanted[name] = true
		}
	}
	if request.Compiler {
		for _, name := range debian.Compilers(request.Compiling) {
			wanted[name] = true
		}
	}
	if kept, ok := r.keptDebs(suite, wanted); ok {
		return kept, nil
	}
	source, err := archive(r.host)
	if err != nil {
		return nil, err
	}
	for a := range r.previous.Of(snapshot.KindDebIndex) {
		if t, err := time.Parse(time.RFC3339, a.Facts["date"]); err == nil && a.Name == suite {
			request.NotBefore = t
		}
	}
	resolved, err := source.Resolve(ctx, r.store, request)
	if err != nil {
		return nil, err
	}
	size := int64(0)
	for _, a := range resolved.Debs {
		size += a.Size
	}
	r.host.Events.Emit(event.Event{Kind: event.Plan, Phase: "pin", Name: "Debian packages", Total: len(resolved.Debs), TotalBytes: size})
	var all []snapshot.Artefact
	for _, a := range resolved.Indexes {
		all = append(all, a.Answering(r.project.Debs()))
	}
	for _, a := range resolved.Debs {
		pinned, err := source.Pin(ctx, r.store, a)
		if err != nil {
			return nil, err
		}
		r.host.Events.Emit(event.Event{Kind: event.Transfer, Phase: "pin", Name: a.ID(), Bytes: a.Size})
		all = append(all, pinned)
	}
	return all, nil
}

// forNode adds the packages of the libraries that Node itself asks for: Node 26 wants
// one more than those before it. A library whose package is not known is left to the
// build, which looks for it in what the packages hold.
func (r *pinner) forNode(ctx context.Context, wanted map[string]bool) error {
	for _, node := range r.nodes {
		libraries, err := upstream.NodeNeeds(ctx, node, r.npmOptions())
		if err != nil {
			return err
		}
		for _, l := range libraries {
			if name, known := debian.Library(l); known {
				wanted[name] = true
			}
		}
	}
	return nil
}

// keptDebs returns what is pinned already, where it answers the same request: the
// suite, the platforms and every wanted name.
func (r *pinner) keptDebs(suite string, wanted map[string]bool) ([]snapshot.Artefact, bool) {
	if r.update("debian") {
		return nil, false
	}
	var kept []snapshot.Artefact
	for a := range r.previous.Of(snapshot.KindDebIndex) {
		if a.Name != suite || !a.Answers(r.project.Debs()) {
			return nil, false
		}
		kept = append(kept, a.Answering(r.project.Debs()))
	}
	have := map[string]bool{}
	for a := range r.previous.Of(snapshot.KindDeb) {
		if !slices.Contains(r.project.Platforms, a.Platform) || r.update(a.Name) {
			return nil, false
		}
		have[a.Platform+" "+a.Name] = true
		kept = append(kept, a)
	}
	for _, platform := range r.project.Platforms {
		for name := range wanted {
			if !have[platform+" "+name] {
				return nil, false
			}
		}
	}
	return kept, len(have) > 0
}

// bases pins images of registries: by digest for each platform, and what they are
// made of, into the store.
func (r *pinner) bases(ctx context.Context) ([]snapshot.Artefact, error) {
	var all []snapshot.Artefact
	var problems diag.Problems
	for i := range r.project.Bases {
		b := &r.project.Bases[i]
		if b.Image == "" || !r.project.Uses(b.Name) {
			continue
		}
		more, err := r.base(ctx, b)
		if ps := diag.All(err); len(ps) > 0 {
			problems = append(problems, ps...)
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, problems.Err()
}

func (r *pinner) base(ctx context.Context, b *pipelines.Base) ([]snapshot.Artefact, error) {
	var kept []snapshot.Artefact
	for _, platform := range r.project.Platforms {
		if a, ok := r.previous.Find(snapshot.KindBase, b.Name, "", platform); ok && !r.update(b.Name) && a.Answers(b.Image) {
			kept = append(kept, a.Answering(b.Image))
		}
	}
	if len(kept) == len(r.project.Platforms) {
		return kept, nil
	}
	ref, place, err := images.OpenStore(r.host, b.Image)
	if err != nil {
		return nil, err
	}
	at, err := oci.Find(ctx, place, ref)
	if err != nil {
		return nil, err
	}
	var all []snapshot.Artefact
	for _, platform := range r.project.Platforms {
		base, err := oci.PullBase(ctx, place, at.Digest, platform, r.store, r.host.Events)
		if err != nil {
			return nil, err
		}
		pinned := snapshot.Artefact{
			Kind: snapshot.KindBase, Name: b.Name, Platform: platform, SHA256: base.Manifest, Size: base.Size, Integrity: base.Index.OCI(),
		}
		all = append(all, pinned.Answering(b.Image))
	}
	return all, nil
}

// missing reports which bases and fetches a snapshot lacks, or has for another text of
// build.hcl.
func missing(p *project.Project, lock *snapshot.Lock) diag.Problems {
	problems := p.Outdated(lock)
	lacks := func(at diag.Pos, what string) {
		problems = append(problems, &diag.Problem{
			Code: upstream.CodeUnpinned, Pos: at, What: what + " is not pinned", Why: "every byte that enters an image is in nbuild.lock", Remedy: "run `nbuild pin`",
		})
	}
	has := func(kind snapshot.Kind, fits func(snapshot.Artefact) bool) bool {
		for a := range lock.Of(kind) {
			if fits(a) {
				return true
			}
		}
		return false
	}
	for _, b := range p.Bases {
		if !p.Uses(b.Name) {
			continue
		}
		for _, platform := range p.Platforms {
			on := func(a snapshot.Artefact) bool { return a.Platform == platform }
			if b.Image != "" {
				if _, ok := lock.Find(snapshot.KindBase, b.Name, "", platform); !ok {
					lacks(b.At, fmt.Sprintf("base %q for %s", b.Name, platform))
				}
			} else if !has(snapshot.KindNode, on) || !has(snapshot.KindDeb, on) {
				lacks(b.At, fmt.Sprintf("base %q for %s", b.Name, platform))
			}
		}
	}
	if _, first := firstTool(lock); p.Compiles() && !first {
		lacks(diag.Pos{File: p.File}, "npm, which runs install scripts and builds addons,")
	}
	for _, f := range p.Fetches {
		if _, ok := lock.Find(snapshot.KindFetch, f.Name, "", ""); !ok {
			lacks(f.At, fmt.Sprintf("fetch %q", f.Name))
		}
	}
	return problems
}

// firstTool is a tool of a snapshot.
func firstTool(lock *snapshot.Lock) (snapshot.Artefact, bool) {
	for a := range lock.Of(snapshot.KindTool) {
		return a, true
	}
	return snapshot.Artefact{}, false
}
