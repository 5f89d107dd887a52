package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/machine"
)

// app is one run of the command: its surroundings and the global flags.
type app struct {
	surroundings
	root *cobra.Command

	chdir    string
	file     string
	vars     []string
	offline  bool
	progress string
	color    string
	json     bool
	verbose  bool
	remote   machine.Remote
	fallback string

	events event.Sink
	done   func() // clears the live line
}

// version is nbuild's own, as the BOM's tools and `nbuild version` show it.
const version = "0.1.0"

func newApp(s surroundings) *app {
	a := &app{surroundings: s, events: event.Discard, done: func() {}}
	a.root = &cobra.Command{
		Use:   "nbuild",
		Short: "Reproducible, signed images of Node.js projects, and a gate that accepts nothing else",
		Long: `nbuild builds OCI images of Node.js projects from a pinned snapshot, without a
Docker daemon and without running npm, writes what is in them as a CycloneDX BOM,
signs where they came from, and checks all of it before production runs them.`,
		SilenceUsage: true, SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			if err := a.checkRemote(cmd); err != nil {
				return err
			}
			return a.prepare()
		},
	}
	f := a.root.PersistentFlags()
	f.StringVarP(&a.chdir, "chdir", "C", "", "work in this `dir`")
	f.StringVarP(&a.file, "file", "f", "build.hcl", "the build `file`")
	f.StringArrayVar(&a.vars, "var", nil, "set a variable of the build file, `name=value`")
	f.BoolVar(&a.offline, "offline", false, "use the store only, no network")
	f.StringVar(&a.progress, "progress", "auto", "`how` to show progress: auto, tty, plain, quiet or json")
	f.StringVar(&a.color, "color", "auto", "`when` to use colour: auto, always or never")
	f.BoolVar(&a.json, "json", false, "print one JSON object on stdout")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "say more")
	a.remoteFlags()
	a.root.SetArgs(s.args)
	a.root.SetIn(s.stdin)
	a.root.SetOut(s.stdout)
	a.root.SetErr(s.stderr)
	a.commands()
	a.complete()
	a.root.SetFlagErrorFunc(flagProblem)
	a.root.SetHelpCommand(helpCommand())
	a.root.InitDefaultCompletionCmd(a.args...)
	everyMistakeIsUsage(a.root)
	a.versionFlag()
	a.root.SetUsageFunc(usageOfHolders(a.root.UsageFunc()))
	return a
}

func (a *app) execute(ctx context.Context) error {
	err := a.root.ExecuteContext(ctx)
	a.done()
	if err != nil && !a.json { // a line that can't be read was perhaps not read as far as --json
		line := a.args
		if end := slices.Index(line, "--"); end >= 0 {
			line = line[:end]
		}
		a.json = slices.Contains(line, "--json")
	}
	return err
}

// prepare checks the global flags and sets up progress, before any command runs.
func (a *app) prepare() error {
	if !filepath.IsAbs(a.chdir) {
		a.chdir = filepath.Join(a.dir, a.chdir)
	}
	a.dir = a.chdir
	switch a.color {
	case "auto", "always", "never":
	default:
		return noneOf("--color", a.color, "auto", "always", "never")
	}
	if info, err := os.Stat(a.dir); err != nil || !info.IsDir() {
		why := "there is no such folder"
		if err == nil {
			why = "it is a file"
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("looking at the folder of -C: %w", err)
		}
		return &diag.Problem{Code: codeUsage, What: fmt.Sprintf("nbuild can't work in %q", a.dir), Why: why, Remedy: "name a folder that is there: -C DIR"}
	}
	var err error
	a.events, a.done, err = a.sink()
	a.stdout = afterLive{a.stdout, a.done}
	return err
}

// host is what operations get from the edge.
func (a *app) host() (machine.Host, error) {
	vars := map[string]string{}
	for _, v := range a.vars {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return machine.Host{}, usage("--var is not name=value", "write it as --var channel=beta")
		}
		vars[name] = value
	}
	store, err := a.storeDir()
	if err != nil {
		return machine.Host{}, err
	}
	return machine.Host{
		Dir: a.dir, File: a.file, Vars: vars, Environ: withoutSecrets(a.environ), Home: a.env("HOME"),
		StoreDir: store, Now: a.now, Offline: a.offline, Events: a.events, Version: version, BuildID: program(), Patience: a.patience, Debian: a.debian, Remote: a.remoteHost(),
	}, nil
}

// env returns the last value of an environment variable, as a shell would see it.
func (a *app) env(name string) string {
	value := ""
	for _, kv := range a.environ {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			value = v
		}
	}
	return value
}

// inCI reports whether the run is one of a CI service, whose log is read by itself:
// they all set CI, and one that is not to count is "false" or empty.
func (a *app) inCI() bool {
	ci := a.env("CI")
	return ci != "" && ci != "false" && ci != "0"
}

// storeDir names the store: NBUILD_STORE, else nbuild in the user's cache folder.
func (a *app) storeDir() (string, error) {
	if dir := a.env("NBUILD_STORE"); dir != "" {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(a.dir, dir)
		}
		return dir, nil
	}
	if dir := a.env("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "nbuild"), nil
	}
	if home := a.env("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".cache", "nbuild"), nil
	}
	return "", usage("no folder for the store: neither NBUILD_STORE, XDG_CACHE_HOME nor HOME is set", "export NBUILD_STORE=/var/cache/nbuild")
}

// say prints a line for a person.
func (a *app) say(line string) {
	fmt.Fprintln(a.stderr, line)
}

// answer prints v as JSON where --json asks for it, else text as it is.
func (a *app) answer(v any, text string) error {
	if !a.json {
		_, err := fmt.Fprint(a.stdout, a.paint(text, a.answers))
		return err
	}
	enc := json.NewEncoder(a.stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// finish reports err and returns the exit code for it.
func (a *app) finish(err error) int {
	if err == nil {
		return 0
	}
	var exit exitCode
	if errors.As(err, &exit) {
		return int(exit)
	}
	if a.json {
		if diag.WriteJSON(a.stdout, err) != nil {
			return 1
		}
		return diag.Exit(err)
	}
	for i, p := range diag.Shown(err) {
		if i > 0 {
			a.say("")
		}
		fmt.Fprint(a.stderr, a.paint(p.Text(), a.terminal))
	}
	if a.verbose {
		a.say("\n" + err.Error())
	}
	return diag.Exit(err)
}

// exitCode is an outcome that was already reported on stdout, such as a verdict: the
// process ends with it and prints no more.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// shownBefore turns the error of an outcome that was printed into its exit code.
func shownBefore(err error) error {
	if err == nil {
		return nil
	}
	return exitCode(diag.Exit(err))
}
