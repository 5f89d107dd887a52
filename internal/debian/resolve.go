package debian

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// DefaultSuite is the suite of a base that names none.
const DefaultSuite = "trixie"

// RuntimePackages are what a Node binary and the code above it need: the C and C++
// libraries, certificates, time zones, the names of protocols and services, and
// the files that say which system this is. They are those of the smallest bases
// that others make of Debian, and no shell is among them or what they need.
var RuntimePackages = []string{"base-files", "ca-certificates", "libc6", "libgcc-s1", "libstdc++6", "netbase", "tzdata"}

// RuntimeExcludes are what those ask for only to run maintainer scripts.
var RuntimeExcludes = []string{"awk", "debconf", "openssl"}

// StepPackages are what a build step finds beside its base: the shell that Node starts a
// script of package.json with (/bin/sh), and the tools that such scripts call by name. No
// image has them for a step's sake.
var StepPackages = []string{"coreutils", "dash", "findutils", "grep", "sed"}

// StepExcludes are what those ask for only to be installed.
var StepExcludes = []string{"debianutils", "dpkg", "install-info"}

// CompilerPackages are what a step that compiles finds besides: the compilers of C and
// C++ with the headers of their libraries, make, and the Python that node-gyp is driven by.
var CompilerPackages = []string{"g++", "gcc", "libc6-dev", "make", "python3"}

// EssentialPackages are tools of which Debian says that every system has them, so that no
// package asks for them: the pg_config of libpq-dev is a Perl script, and says so nowhere.
// They come with what build.hcl names beside CompilerPackages, which need none of them.
var EssentialPackages = []string{"bash", "diffutils", "gzip", "libc-bin", "perl-base", "tar"}

// Compilers are the packages of a step that compiles, with those that build.hcl names.
func Compilers(named []string) []string {
	if len(named) == 0 {
		return CompilerPackages
	}
	return slices.Concat(CompilerPackages, EssentialPackages, named)
}

// CompilerExcludes are what those ask for only to be installed.
var CompilerExcludes = []string{"media-types"}

// Request is what to resolve.
type Request struct {
	Suites     []string  // by codename or suite; none: DefaultSuite
	Components []string  // none: main
	Platforms  []string  // as "linux/amd64"
	Packages   []string  // wanted by name
	Exclude    []string  // never selected unless wanted; what asks for one goes without
	Steps      bool      // StepPackages as well, which change nothing of what is selected without them
	Compiler   bool      // CompilerPackages as well, beside those of Steps
	Compiling  []string  // ... and these beside them
	NotBefore  time.Time // of the release that is pinned now: an older one is refused
}

// Resolution is what a request comes to, as lines of nbuild.lock.
type Resolution struct {
	Indexes []snapshot.Artefact // a deb-index for each suite; its bytes are in the store
	Debs    []snapshot.Artefact // by platform and name; not fetched yet, so without the fact `index`
	Why     map[string]string   // why a package is there, by "PLATFORM NAME"
}

// Resolve asks the archive which packages a root needs. It reads the InRelease
// file of each suite from the first source that has it in good order, verifies it,
// and computes the closure of the wanted packages for each platform.
func (a *Archive) Resolve(ctx context.Context, store *cas.Store, req Request) (*Resolution, error) {
	req = req.withDefaults()
	ring := a.Keyring
	if ring == nil {
		var err error
		if ring, err = ArchiveKeyring(); err != nil {
			return nil, err
		}
	}
	architectures := make([]string, len(req.Platforms))
	for i, platform := range req.Platforms {
		arch, err := Architecture(platform)
		if err != nil {
			return nil, err
		}
		architectures[i] = arch
	}
	worlds := make([]*universe, len(req.Platforms))
	for i := range worlds {
		worlds[i] = newUniverse()
	}
	out := &Resolution{Why: map[string]string{}}
	for _, suite := range req.Suites {
		from, err := a.open(ctx, ring, suite, req)
		if err != nil {
			return nil, err
		}
		line, err := from.artefact(ctx, store, req.Components)
		if err != nil {
			return nil, err
		}
		out.Indexes = append(out.Indexes, line)
		errs := make([]error, len(worlds))
		var work sync.WaitGroup
		for i, arch := range architectures {
			work.Go(func() {
				for _, component := range req.Components {
					if errs[i] = a.load(ctx, store, from, component, arch, worlds[i]); errs[i] != nil {
						return
					}
				}
			})
		}
		work.Wait()
		for _, err := range errs {
			if err != nil {
				return nil, err
			}
		}
	}
	var problems diag.Problems
	for i, platform := range req.Platforms {
		worlds[i].index()
		s, err := worlds[i].closure(platform, req.Packages, req.Exclude)
		if err != nil {
			problems = append(problems, diag.All(err)...)
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(s.chosen)) {
			out.Debs = append(out.Debs, worlds[i].packages[name].artefact(platform))
			out.Why[platform+" "+name] = s.chosen[name]
		}
		if !req.Steps && !req.Compiler {
			continue
		}
		packages, exclude := slices.Concat(req.Packages, StepPackages), slices.Concat(req.Exclude, StepExcludes)
		problems = append(problems, out.more(worlds[i], platform, packages, exclude, snapshot.Artefact.ForSteps)...)
		if req.Compiler {
			packages, exclude = slices.Concat(packages, Compilers(req.Compiling)), append(exclude, CompilerExcludes...)
			problems = append(problems, out.more(worlds[i], platform, packages, exclude, snapshot.Artefact.ForCompiler)...)
		}
	}
	return out, problems.Err()
}

// more adds what packages need on a platform beside what was selected, for a purpose.
func (r *Resolution) more(u *universe, platform string, packages, exclude []string, purpose func(snapshot.Artefact) snapshot.Artefact) diag.Problems {
	s, err := u.closure(platform, packages, exclude)
	if err != nil {
		return diag.All(err)
	}
	for _, name := range slices.Sorted(maps.Keys(s.chosen)) {
		if _, there := r.Why[platform+" "+name]; there {
			continue
		}
		r.Debs = append(r.Debs, purpose(u.packages[name].artefact(platform)))
		r.Why[platform+" "+name] = s.chosen[name]
	}
	return nil
}

func (r Request) withDefaults() Request {
	if len(r.Suites) == 0 {
		r.Suites = []string{DefaultSuite}
	}
	if len(r.Components) == 0 {
		r.Components = []string{"main"}
	}
	return r
}

// Architecture returns Debian's name of a platform, "amd64" of "linux/amd64".
func Architecture(platform string) (string, error) {
	switch platform {
	case "linux/amd64", "linux/arm64":
		return strings.TrimPrefix(platform, "linux/"), nil
	}
	return "", fmt.Errorf("no Debian base can be made for %q", platform) // which build.hcl can't name
}

// opened is a suite as one source has it.
type opened struct {
	*release
	root  string // of the archive
	suite string // as it was asked for
	src   []byte
}

// open asks each source in turn for a suite, and takes the first that is Debian's
// and in good order. Whoever is not Debian's is passed over without a word; what is
// wrong with the others is reported where none is left.
func (a *Archive) open(ctx context.Context, ring *Keyring, suite string, req Request) (*opened, error) {
	if !packageName(suite) {
		return nil, badSuite(suite, fmt.Errorf("%q names no suite", suite))
	}
	var wrong diag.Problems
	var reach []error
	for _, root := range append(slices.Clone(a.Mirrors), a.snapshots(suite, a.Now)) {
		src, err := a.get(ctx, root, "dists/"+suite+"/InRelease", bounds.Release)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			reach = append(reach, err)
			continue
		}
		r, err := openRelease(src, ring, a.Now)
		switch {
		case errors.Is(err, errSignature) && !claimsDebian(src):
		case err != nil:
			wrong = append(wrong, badSignature(suite, err))
		case r.origin != "Debian":
		default:
			if p := a.judge(r, suite, req); p != nil {
				wrong = append(wrong, p)
				continue
			}
			return &opened{r, root, suite, src}, nil
		}
	}
	if len(wrong) > 0 {
		return nil, wrong[:1].Err()
	}
	return nil, &diag.Problem{
		Code: CodeNoArchive, What: "no source has Debian's suite " + suite, Err: errors.Join(reach...),
		Why:    "neither the archives of this host's apt sources nor Debian's archive of snapshots answered with it",
		Remedy: "check the network (HTTPS_PROXY, HTTP_PROXY), or add a Debian mirror to /etc/apt/sources.list.d",
	}
}

// claimsDebian reports whether unverified text says that it is Debian's.
func claimsDebian(src []byte) bool {
	for line := range strings.Lines(string(src[:min(len(src), 4<<10)])) {
		if strings.TrimSpace(line) == "Origin: Debian" {
			return true
		}
	}
	return false
}

// clockSkew is how far ahead of this machine's clock an archive's may be.
const clockSkew = time.Hour

// judge holds a verified release to what was asked for.
func (a *Archive) judge(r *release, suite string, req Request) *diag.Problem {
	switch {
	case !r.has(suite):
		return badSuite(suite, fmt.Errorf("the signed file is of %q (%q)", r.codename, r.suite))
	case r.date.After(a.Now.Add(clockSkew)):
		return stale(suite, fmt.Sprintf("it is of %s, which is still to come", stamp(r.date)), "set this machine's clock")
	case !r.validUntil.IsZero() && a.Now.After(r.validUntil):
		return stale(suite, "it expired on "+stamp(r.validUntil), "use a mirror that is up to date")
	case r.date.Before(req.NotBefore):
		return stale(suite, fmt.Sprintf("it is of %s, older than the pinned one of %s", stamp(r.date), stamp(req.NotBefore)),
			"use a mirror that is up to date, or remove the deb-index line from nbuild.lock to accept the older archive")
	}
	for _, platform := range req.Platforms {
		arch, err := Architecture(platform)
		for _, component := range req.Components {
			if err == nil && len(r.indexes(component, arch)) == 0 {
				return badSuite(suite, fmt.Errorf("it has no %s for %s", component, arch))
			}
		}
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func badSuite(suite string, err error) *diag.Problem {
	return &diag.Problem{
		Code: CodeSuite, What: "the archive's " + suite + " is not what was asked for", Err: err,
		Why:    "packages of another suite would come in under its name",
		Remedy: "set `suite` of the base in build.hcl to a suite of Debian, such as \"" + DefaultSuite + "\"",
	}
}

func badSignature(suite string, err error) *diag.Problem {
	return &diag.Problem{
		Code: CodeSignature, What: "the InRelease file of " + suite + " is not to be trusted", Err: err,
		Why:    "it says that it is Debian's, and no key of Debian's archive that is known here signed it as it stands",
		Remedy: "use another mirror in /etc/apt/sources.list.d; for a suite newer than this nbuild, install a newer nbuild",
	}
}

func stale(suite, what, remedy string) *diag.Problem {
	return &diag.Problem{
		Code: CodeStale, What: "the InRelease file of " + suite + " is not current: " + what,
		Why: "an archive that is played back hides the fixes that came since", Remedy: remedy,
	}
}

// artefact stores the InRelease file and returns its line.
func (o *opened) artefact(ctx context.Context, store *cas.Store, components []string) (snapshot.Artefact, error) {
	sum, err := store.PutBytes(ctx, o.src)
	if err != nil {
		return snapshot.Artefact{}, fmt.Errorf("storing InRelease: %w", err)
	}
	return snapshot.Artefact{
		Kind: snapshot.KindDebIndex, Name: o.suite, Version: o.version, SHA256: sum, Size: int64(len(o.src)),
		Facts: map[string]string{"component": strings.Join(components, ","), "date": stamp(o.date), "signer": o.signer},
	}, nil
}

// artefact returns the line of a package that is not fetched yet.
func (c candidate) artefact(platform string) snapshot.Artefact {
	return snapshot.Artefact{
		Kind: snapshot.KindDeb, Name: c.name, Version: c.version, Platform: platform,
		SHA256: c.sum, Size: c.size, Integrity: c.sum.OCI(),
		Facts: map[string]string{
			"date": c.date, "file": c.file, "section": c.component, "source": c.source, "suite": c.suite,
		},
	}
}

// load brings one Packages index, from the store where it is there, and adds its
// packages to a universe.
func (a *Archive) load(ctx context.Context, store *cas.Store, o *opened, component, arch string, u *universe) error {
	name := o.indexes(component, arch)[0]
	want := o.files[name]
	bad := func(err error) error {
		return &diag.Problem{
			Code: CodeIndex, What: fmt.Sprintf("%s of %s is not what the archive signed", name, o.suite), Err: err,
			Why:    "which packages there are, and their digests, would be somebody else's word",
			Remedy: "run it again in some minutes: a mirror may be in the midst of an update; else use another mirror",
		}
	}
	if want.size > bounds.DebIndexPacked {
		return bad(fmt.Errorf("%d bytes, over the bound of %d", want.size, bounds.DebIndexPacked))
	}
	packed, err := store.Read(ctx, want.sum, want.size)
	if err != nil {
		files := []string{"dists/" + o.suite + "/" + name}
		if o.byHash {
			dir := name[:strings.LastIndexByte(name, '/')]
			files = append([]string{"dists/" + o.suite + "/" + dir + "/by-hash/SHA256/" + want.sum.String()}, files...)
		}
		for _, file := range files {
			if packed, err = a.get(ctx, o.root, file, want.size); !errors.Is(err, errMissing) {
				break
			}
		}
		if err != nil {
			return bad(err)
		}
		if int64(len(packed)) != want.size || cas.Sum(packed) != want.sum {
			return bad(fmt.Errorf("%d bytes came, %d with another digest are signed", len(packed), want.size))
		}
		if _, err := store.PutBytes(ctx, packed); err != nil {
			return fmt.Errorf("storing index of packages: %w", err)
		}
	}
	err = readPackages(packed, name, arch, func(c candidate) {
		c.suite, c.component, c.date = o.suite, component, stamp(o.date)
		u.add(c)
	})
	if err != nil {
		return bad(err)
	}
	return nil
}
