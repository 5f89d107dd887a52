// Package doctor looks at the machine that nbuild runs on and says what is there, what is
// weaker than it could be and what is missing, each with what mends it.
//
// Nothing is guessed from versions: a sandbox is made, namespaces are tried, registries
// are asked. What stops a step stops the trial with the same problem, so that what the
// doctor says and what a build says can't differ.
//
// The invariant: nothing of the project is read but npm's configuration, nothing is
// written but to a folder of the store that is removed, and no credential is shown.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/machine"
)

// State is how something is.
type State string

// The states.
const (
	OK      State = "ok"
	Weak    State = "weak"    // it works, and less well than it could
	Missing State = "missing" // what needs it does not work
)

// Finding is one line.
type Finding struct {
	Name   string `json:"name"`
	State  State  `json:"state"`
	Says   string `json:"says"`
	Remedy string `json:"remedy"` // "" where there is nothing to do
}

// Report is nbuild.doctor/v1.
type Report struct {
	Schema   string    `json:"schema"`
	Findings []Finding `json:"findings"`

	problems diag.Problems // of what is missing
}

// Options say what is looked at beside the machine.
type Options struct {
	Key string // a private key's file; "" for none
}

// Err is the problem of what is missing: the sandbox's, if it is, else the first.
func (r *Report) Err() error {
	for _, p := range r.problems {
		if p.Code == sandbox.CodeDenied {
			return p
		}
	}
	return r.problems.Err()
}

// Run looks at the machine.
func Run(ctx context.Context, host machine.Host, o Options) (*Report, error) {
	r := &Report{Schema: "nbuild.doctor/v1", Findings: []Finding{}}
	store, err := host.Store()
	if err := r.sandbox(ctx, store); err != nil {
		return nil, err
	}
	r.store(ctx, host, store, err)
	r.programs(ctx, host)
	r.registries(ctx, host)
	if o.Key != "" {
		r.key(host, o.Key)
	}
	return r, ctx.Err()
}

func (r *Report) add(name string, state State, says, remedy string) {
	r.Findings = append(r.Findings, Finding{name, state, says, remedy})
}

// missing adds what an error says, with its remedy where it has one.
func (r *Report) missing(name string, err error) {
	all := diag.Shown(err)
	r.problems = append(r.problems, all...)
	p := all[0]
	says := p.What
	if p.Why != "" {
		says += ": " + p.Why
	}
	r.add(name, Missing, says, p.Remedy)
}

// sandbox makes one.
func (r *Report) sandbox(ctx context.Context, store *cas.Store) error {
	denied, held, err := r.trial(ctx, store)
	if err != nil {
		return err
	}
	var has, lacks []string
	for _, n := range sandbox.Namespaces() {
		if n.Err == nil {
			has = append(has, n.Name)
		} else {
			lacks = append(lacks, fmt.Sprintf("%s: %v", n.Name, n.Err))
		}
	}
	if len(lacks) == 0 {
		r.add("namespaces", OK, strings.Join(has, ", "), "")
	} else {
		remedy := "run `nbuild explain NB1400`, which says what denies them"
		if denied != nil {
			remedy = denied.Remedy
		}
		r.add("namespaces", Missing, strings.Join(lacks, "; "), remedy)
	}
	if sandbox.FiltersCalls() {
		r.add("seccomp", OK, "system calls are filtered", "")
	} else {
		r.add("seccomp", Missing, "this kernel can't end a process for a system call", "use a kernel with CONFIG_SECCOMP_FILTER, of 4.14 or later")
	}
	if v := sandbox.Landlock(); v >= 2 {
		r.add("landlock", OK, fmt.Sprintf("version %d, a second lock on files", v), "")
	} else {
		r.add("landlock", Weak, "this kernel has none of version 2 or later; the mounts of the sandbox hold files alone", "use a kernel of 5.19 or later, with landlock among its security modules")
	}
	if held != "" {
		r.limits(held)
	}
	return nil
}

// trial makes a sandbox where steps would run, and returns how limits were held there, or
// why there is none.
func (r *Report) trial(ctx context.Context, store *cas.Store) (denied *diag.Problem, held string, err error) {
	if store != nil {
		if _, writable := store.Scratch(); !writable {
			store = nil
		}
	}
	if store == nil {
		r.add("sandbox", Weak, "none was tried, as the store can't be written to", "")
		return nil, "", nil
	}
	dir, end, err := store.Unfinished("trial-")
	if err != nil {
		return nil, "", err
	}
	defer end()
	ran, err := sandbox.Try(ctx, dir)
	switch {
	case errors.As(err, &denied):
		r.missing("sandbox", denied)
		return denied, "", nil
	case err != nil:
		return nil, "", err
	}
	r.add("sandbox", OK, "a command ran in it", "")
	return nil, ran.Held, nil
}

// limits says how the sandbox held its limits.
func (r *Report) limits(held string) {
	switch held {
	case "cgroup-v2":
		r.add("limits", OK, "memory and processes are held by control groups (version 2)", "")
	case "cgroup-v1":
		r.add("limits", OK, "memory and processes are held by control groups (version 1)", "")
	default:
		r.add("limits", Weak, "no control group can be made here: memory and processes are looked at every few milliseconds", "run nbuild as root, or in a systemd unit with Delegate=yes")
	}
}

// little is how many bytes on the disk of the store are few.
const little = 5 << 30

func (r *Report) store(ctx context.Context, host machine.Host, store *cas.Store, err error) {
	if err != nil {
		r.missing("store", err)
		return
	}
	u, err := store.Usage(ctx)
	if err != nil {
		r.missing("store", err)
		return
	}
	says := fmt.Sprintf("%s holds %s", store.Dir(), megabytes(u.BlobBytes+u.TreeBytes))
	if _, writable := store.Scratch(); !writable {
		r.add("store", Weak, says+", and can't be written to: steps can't run with it, and nothing new is kept", "let this user write to it, or name another: export NBUILD_STORE=/var/cache/nbuild")
		return
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(store.Dir(), &disk); err != nil {
		r.add("store", OK, says, "")
		return
	}
	free := int64(disk.Bavail) * int64(disk.Bsize)
	says += ", with " + megabytes(free) + " free"
	if free < little {
		r.add("store", Weak, says, "run `nbuild cache prune --keep 2GiB`, or free some of the disk")
		return
	}
	r.add("store", OK, says, "")
}

func megabytes(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }

// programs says which Node and npm are in the PATH, which a build does without.
func (r *Report) programs(ctx context.Context, host machine.Host) {
	node, err := host.NodeVersion(ctx)
	switch {
	case err != nil:
		r.add("node", Weak, "it does not say its version: "+err.Error(), "install Node 20 or later, or take it out of PATH")
	case node == "":
		r.add("node", Weak, "there is none in PATH: builds have their own; `nbuild trace --run` runs yours", "install Node 20 or later")
	default:
		r.add("node", OK, node+"; images and steps have their own, from nbuild.lock", "")
	}
	if npm := host.NPMVersion(); npm != "" {
		r.add("npm", OK, npm+"; builds run none", "")
	} else {
		r.add("npm", Weak, "there is none in PATH: builds run none, and its configuration says where packages are from", "install npm, which comes with Node")
	}
}

// skew is how far a clock may be off.
const skew = 5 * time.Minute

// registries asks each registry of npm's configuration.
func (r *Report) registries(ctx context.Context, host machine.Host) {
	if host.Offline {
		r.add("registry", Weak, "none was asked: --offline", "")
		return
	}
	client, err := host.Registry(ctx, host.Dir)
	if err != nil {
		r.missing("registry", err)
		return
	}
	defer client.Close()
	if _, err := client.Config().Registry(""); err != nil {
		r.missing("registry", err)
	}
	began := host.Now()
	var clock time.Time
	for _, a := range client.Reach(ctx) {
		name := "registry"
		if a.Binding != "" {
			name += " " + a.Binding
		}
		switch {
		case a.Err != nil:
			r.missing(name, a.Err)
		case a.Status == 401 || a.Status == 403:
			r.add(name, Weak, fmt.Sprintf("%s answers %d to what it was sent of npm's configuration", a.Shown, a.Status), "run `npm login --registry "+diag.Word(a.Shown)+"`")
		default:
			r.add(name, OK, a.Shown+" answers", "")
		}
		if clock.IsZero() {
			clock = a.Date
		}
	}
	if clock.IsZero() {
		r.add("clock", Weak, "no registry said what time it is", "")
		return
	}
	// A registry's clock has whole seconds, and its answer took a while.
	if off := clock.Sub(began); off > skew || -off > skew+host.Now().Sub(began) {
		r.add("clock", Weak, fmt.Sprintf("it is off by %s from the registry's: cooldowns, signatures and their expiry are judged by it", off.Round(time.Second)), "set this machine's clock")
		return
	}
	r.add("clock", OK, "within five minutes of the registry's", "")
}
