package remote

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	repb "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/builder/sandbox/protocol"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// outcome reads a result, and brings what it names into the store.
func (c *Client) outcome(ctx context.Context, j *execution.Job, r *repb.ActionResult) (*execution.Outcome, error) {
	sent, err := c.report(ctx, j, r)
	if err != nil {
		return nil, c.problem(ctx, "the result of step "+j.Step.Step.Name, err)
	}
	out := &execution.Outcome{Ran: &sent.Report}
	if sent.Report.Failed != "" {
		return nil, c.denied(j, r, &sent.Report)
	}
	if out.Log, err = c.log(ctx, j.Store, r); err != nil {
		return nil, err
	}
	if out.Ran.Exit != 0 || out.Ran.Limit != "" || len(out.Ran.Refused) > 0 {
		return out, nil
	}
	l := &lister{declared: j.Step.Step.Outputs, at: map[string]bool{}, most: j.Step.Step.Disk}
	if err := c.list(ctx, l, r); err != nil {
		return nil, c.problem(ctx, "the result of step "+j.Step.Step.Name, err)
	}
	out.Outputs = l.entries
	return out, c.fetch(ctx, j.Store, l.pieces())
}

// report reads what the sandbox said, which is the whole of standard error.
func (c *Client) report(ctx context.Context, j *execution.Job, r *repb.ActionResult) (*protocol.Sent, error) {
	text := r.GetStderrRaw()
	if d := r.GetStderrDigest(); len(text) == 0 && d.GetSizeBytes() > 0 {
		p, err := piece(d)
		if err != nil {
			return nil, err
		}
		if text, err = c.small(ctx, p, bounds.StepReport); err != nil {
			return nil, err
		}
	}
	var sent protocol.Sent
	if err := strictjson.Decode(text, bounds.StepReport, &sent); err != nil || sent.Step == "" {
		return nil, lied("the sandbox has no report in it, so the command ended with %d outside of it: %.200q", r.GetExitCode(), text)
	}
	if want := protocol.NameStep(string(j.Action.Settings), j.Step.Step.Run); sent.Step != want {
		return nil, lied("it is the result of another step")
	}
	want := sent.Report.Exit
	switch {
	case sent.Report.Failed != "":
		want = protocol.ExitDenied
	case want == 0 && len(sent.Report.Refused) > 0:
		want = protocol.ExitUnkept
	}
	if int(r.GetExitCode()) != want || sent.Report.Failed == "" && sent.Report.Held == "" {
		return nil, lied("it ended with %d, and the sandbox says %d", r.GetExitCode(), want)
	}
	return &sent, nil
}

// log puts what the command printed into the store.
func (c *Client) log(ctx context.Context, store *cas.Store, r *repb.ActionResult) (cas.Digest, error) {
	d := r.GetStdoutDigest()
	if raw := r.GetStdoutRaw(); len(raw) > 0 || d.GetSizeBytes() == 0 {
		return store.PutBytes(ctx, raw)
	}
	p, err := piece(d)
	if err != nil {
		return cas.Digest{}, c.problem(ctx, "a log", err)
	}
	if p.Size > bounds.StepLog {
		return c.start(ctx, store, p)
	}
	return p.Digest, c.fetch(ctx, store, []execution.Piece{p})
}

// start keeps the beginning of a log that is longer than what is kept of one.
func (c *Client) start(ctx context.Context, store *cas.Store, p execution.Piece) (kept cas.Digest, err error) {
	err = c.read(ctx, p, func(r io.Reader) error {
		sum := &summed{r: r}
		if kept, _, err = store.Put(ctx, io.LimitReader(sum, bounds.StepLog), bounds.StepLog); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, sum); err != nil {
			return err
		}
		return held(sum, p)
	})
	return kept, err
}

// piece reads a digest that a server gives.
func piece(d *repb.Digest) (execution.Piece, error) {
	sum, err := cas.ParseDigest(d.GetHash())
	if err != nil || d.GetSizeBytes() < 0 || d.GetSizeBytes() > bounds.FetchFile {
		return execution.Piece{}, lied("%.80q of %d bytes is no digest of a blob", d.GetHash(), d.GetSizeBytes())
	}
	return execution.Piece{Digest: sum, Size: d.GetSizeBytes()}, nil
}

// lister lists outputs as a step that ran here would have them.
type lister struct {
	declared []string
	entries  []snapshot.Entry
	at       map[string]bool
	size     int64
	most     int64 // bytes that the step may write
	folders  int
}

// list lists what a result names. Each output that the step declares is there, and
// nothing else.
func (c *Client) list(ctx context.Context, l *lister, r *repb.ActionResult) error {
	for _, f := range r.GetOutputFiles() {
		if err := l.top(f.GetPath()); err != nil {
			return err
		}
		if err := l.file(f.GetPath(), f.GetDigest(), f.GetIsExecutable()); err != nil {
			return err
		}
	}
	links := r.GetOutputSymlinks()
	if len(links) == 0 {
		//lint:ignore SA1019 servers of version 2.0 have these alone
		links = slices.Concat(r.GetOutputFileSymlinks(), r.GetOutputDirectorySymlinks())
	}
	for _, s := range links {
		if err := l.top(s.GetPath()); err != nil {
			return err
		}
		if err := l.link(s.GetPath(), s.GetTarget()); err != nil {
			return err
		}
	}
	for _, d := range r.GetOutputDirectories() {
		if err := l.top(d.GetPath()); err != nil {
			return err
		}
		p, err := piece(d.GetTreeDigest())
		if err != nil {
			return err
		}
		text, err := c.small(ctx, p, bounds.Directories)
		if err != nil {
			return err
		}
		if err := l.tree(d.GetPath(), text); err != nil {
			return err
		}
	}
	for _, o := range l.declared {
		if !l.at[o] {
			return lied("it lacks the output %s", o)
		}
	}
	slices.SortFunc(l.entries, func(a, b snapshot.Entry) int { return cmp.Compare(a.Path, b.Path) })
	return nil
}

// top takes the path of an output, which the step declares and which comes once.
func (l *lister) top(name string) error {
	if !slices.Contains(l.declared, name) {
		return lied("it has an output %.200q that the step does not leave", name)
	}
	if l.at[name] {
		return lied("it has the output %.200q twice", name)
	}
	l.at[name] = true
	return nil
}

func (l *lister) entry(e snapshot.Entry) error {
	if len(l.entries) >= bounds.ProjectFiles {
		return lied("it leaves more than %d files", bounds.ProjectFiles)
	}
	if !fs.ValidPath(e.Path) || len(e.Path) > bounds.Path || strings.ContainsRune(e.Path, 0) {
		return lied("an output has the name %.200q", e.Path)
	}
	if l.size += e.Size; l.size > l.most {
		return lied("it leaves more than the %d bytes that the step may write", l.most)
	}
	l.entries = append(l.entries, e)
	return nil
}

func (l *lister) file(name string, d *repb.Digest, executable bool) error {
	p, err := piece(d)
	if err != nil {
		return err
	}
	e := snapshot.Entry{Path: name, Mode: 0o644, Size: p.Size, SHA256: p.Digest}
	if executable {
		e.Mode = 0o755
	}
	return l.entry(e)
}

func (l *lister) link(name, target string) error {
	if execution.Leaves(name, target) {
		return lied("the output %.200q is a link to %.200q, which leads out of the working folder", name, target)
	}
	return l.entry(snapshot.Entry{Path: name, Link: target})
}

// tree lists what is in a folder, from a Tree message. Its children are known by the
// digest of their very bytes, so they are read as they stand.
func (l *lister) tree(at string, text []byte) error {
	var root []byte
	children := map[string][]byte{}
	err := messages(text, func(field protowire.Number, b []byte) {
		switch field {
		case 1:
			root = b
		case 2:
			children[cas.Sum(b).String()] = b
		}
	})
	if err != nil {
		return err
	}
	before := len(l.entries)
	if err := l.folder(at, root, children, 0); err != nil {
		return err
	}
	if len(l.entries) == before {
		return lied("the output %s is a folder without a file in it", at)
	}
	return nil
}

func (l *lister) folder(at string, message []byte, children map[string][]byte, depth int) error {
	if depth > bounds.PathDepth {
		return lied("a folder of an output lies %d deep", depth)
	}
	var d repb.Directory
	if err := proto.Unmarshal(message, &d); err != nil {
		return lied("a folder of an output can't be read: %v", err)
	}
	seen := map[string]bool{}
	name := func(n string) error {
		if n == "" || n == "." || n == ".." || strings.Contains(n, "/") || seen[n] {
			return lied("a folder of an output has the name %.200q, or has it twice", n)
		}
		seen[n] = true
		return nil
	}
	for _, f := range d.GetFiles() {
		if err := name(f.GetName()); err != nil {
			return err
		}
		if err := l.file(path.Join(at, f.GetName()), f.GetDigest(), f.GetIsExecutable()); err != nil {
			return err
		}
	}
	for _, s := range d.GetSymlinks() {
		if err := name(s.GetName()); err != nil {
			return err
		}
		if err := l.link(path.Join(at, s.GetName()), s.GetTarget()); err != nil {
			return err
		}
	}
	for _, f := range d.GetDirectories() {
		if err := name(f.GetName()); err != nil {
			return err
		}
		below, ok := children[f.GetDigest().GetHash()]
		if !ok || int64(len(below)) != f.GetDigest().GetSizeBytes() {
			return lied("a folder of the output %s is not in it", at)
		}
		if l.folders++; l.folders > bounds.ProjectFiles {
			return lied("it leaves more than %d folders", bounds.ProjectFiles)
		}
		if err := l.folder(path.Join(at, f.GetName()), below, children, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// messages hands out the fields of a message that are messages themselves.
func messages(text []byte, each func(field protowire.Number, b []byte)) error {
	for len(text) > 0 {
		field, kind, n := protowire.ConsumeTag(text)
		if n < 0 {
			return lied("a message can't be read")
		}
		text = text[n:]
		if kind == protowire.BytesType {
			b, n := protowire.ConsumeBytes(text)
			if n < 0 {
				return lied("a message can't be read")
			}
			each(field, b)
			text = text[n:]
			continue
		}
		if n = protowire.ConsumeFieldValue(field, kind, text); n < 0 {
			return lied("a message can't be read")
		}
		text = text[n:]
	}
	return nil
}

// pieces are the blobs of what was listed.
func (l *lister) pieces() []execution.Piece {
	var all []execution.Piece
	for _, e := range l.entries {
		if e.Link == "" {
			all = append(all, execution.Piece{Digest: e.SHA256, Size: e.Size})
		}
	}
	return all
}

// denied is a worker that can't make the sandbox.
func (c *Client) denied(j *execution.Job, r *repb.ActionResult, report *protocol.Report) error {
	worker := ""
	if w := r.GetExecutionMetadata().GetWorker(); w != "" {
		worker = fmt.Sprintf(" (%.200q)", w)
	}
	return &diag.Problem{
		Code: CodeDenied, Pos: j.Step.Step.At, What: fmt.Sprintf("a worker of %s%s can't make the sandbox of step %q: %.200s: %.500s", c.o.Address, worker, j.Step.Step.Name, report.Failed, report.Cause),
		Why: "a step runs in namespaces of its own, there as here, and nothing runs with less", Remedy: "have the workers' containers allow it: `nbuild explain NB1401` lists how",
	}
}

// making is the blobs that a result names and that are made for it.
type making struct {
	pieces []execution.Piece
	bytes  map[cas.Digest][]byte
}

func (m *making) add(b []byte) *repb.Digest {
	d := cas.Sum(b)
	m.bytes[d] = b
	m.pieces = append(m.pieces, execution.Piece{Digest: d, Size: int64(len(b))})
	return digest(d, int64(len(b)))
}

// open opens them, and what the store has.
func (m *making) open(store *cas.Store) opener {
	return func(ctx context.Context, d cas.Digest) (io.ReadCloser, error) {
		if b, ok := m.bytes[d]; ok {
			return io.NopCloser(bytes.NewReader(b)), nil
		}
		return store.Open(ctx, d)
	}
}
