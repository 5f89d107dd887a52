package pipelines

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nbuild/nbuild/internal/cas"
)

// Salt separates our actions from all others, and one meaning of them from the
// next. What weakens a result is appended, so that it is another action.
const Salt = "nbuild-action-1"

// The input root of an action has the root file system, the working folder with what the
// step was given, and a folder of nbuild's own: step is what the sandbox holds the command
// to, and sandbox the program that does it.
const (
	RootFolder = "root"
	WorkFolder = "work"
	OwnFolder  = ".nbuild"
)

// HelperPath is where the sandbox's program stands, as the command in the working folder
// reaches it. What that reads, step, stands beside it.
const HelperPath = "../" + OwnFolder + "/sandbox"

// Action is a command with all that it reads, as the Remote Execution API v2 defines
// it. Its digest is the key of its result in every cache.
type Action struct {
	Action      Blob
	Command     Blob
	Settings    []byte   // .nbuild/step
	Directories []Blob   // the input root first; those of trees stand in the trees
	Inputs      []Input  // by path, bytewise, without those of trees
	Root        *Tree    // the root file system
	Trees       []*Tree  // that stand at the working folder
	Replica     *Tree    // the packages that are served to it
	Weaker      []string // what weakens its result, which no other machine is given or asked for
}

// Digest returns the action's digest: SHA-256 of the Action message.
func (a *Action) Digest() cas.Digest { return a.Action.Digest }

// isa names a platform's instruction set as REAPI's platform properties do
// (platform.md of remote-apis).
var isa = map[string]string{"linux/amd64": "x86-64", "linux/arm64": "aarch64"}

// Encode makes the action of a step. Outputs are those of the steps that it needs,
// relative to the working folder; weaker is what weakens its result, such as
// "sandbox=degraded". Two different inputs at one path are an error.
func (s *PlannedStep) Encode(outputs []Input, weaker ...string) (*Action, error) {
	root := newRoot()
	given := slices.Concat(s.Inputs, outputs)
	if s.Recorder != nil {
		given = append(given, s.Recorder.Files...)
	}
	for _, in := range given {
		in.Path = join(WorkFolder, in.Path)
		if err := root.add(in); err != nil {
			return nil, err
		}
	}
	for _, t := range s.Trees {
		if err := root.mount(WorkFolder, t); err != nil {
			return nil, err
		}
	}
	if root.folders[WorkFolder] == nil {
		root.folders[WorkFolder] = newRoot()
	}
	if s.Root != nil {
		if err := root.mount(RootFolder, s.Root); err != nil {
			return nil, err
		}
	}
	if s.Replica != nil {
		if err := root.mount(join(OwnFolder, ReplicaFolder), s.Replica); err != nil {
			return nil, err
		}
	}
	a := &Action{Settings: s.settings(), Root: s.Root, Trees: s.Trees, Replica: s.Replica, Weaker: weaker}
	own := []Input{{Path: "step", Content: a.Settings, SHA256: cas.Sum(a.Settings), Size: int64(len(a.Settings))}}
	if s.Helper != nil {
		own = append(own, *s.Helper)
	}
	for _, in := range own {
		in.Path, in.From = join(OwnFolder, in.Path), "nbuild"
		if err := root.add(in); err != nil {
			return nil, err
		}
	}
	a.Directories, a.Inputs = root.encode(), root.list()
	machine := properties(s.Platform)

	var c message
	for _, arg := range append([]string{HelperPath, "--"}, s.Step.Run...) {
		c = c.always(1, []byte(arg))
	}
	c = c.bytes(5, machine).text(6, WorkFolder)
	for _, o := range s.Outputs() {
		c = c.always(7, []byte(o))
	}
	a.Command = blob(c)

	whole := s.Step.Timeout + layingOut
	timeout := message(nil).number(1, int64(whole/time.Second)).number(2, int64(whole%time.Second))
	salt := strings.Join(append([]string{Salt}, weaker...), " ")
	a.Action = blob(message(nil).bytes(1, a.Command.digest()).bytes(2, a.Directories[0].digest()).bytes(6, timeout).text(9, salt).bytes(10, machine))
	return a, nil
}

// layingOut is how much longer than its command an action may take: a worker counts from
// before the sandbox is made, and the sandbox, which holds the command to its time, is to be
// heard before the worker ends it.
const layingOut = time.Minute

// properties is a Platform, its properties sorted by name.
func properties(platform string) []byte {
	var m message
	for _, p := range [][2]string{{"ISA", isa[platform]}, {"OSFamily", "linux"}} {
		m = m.always(1, message(nil).text(1, p[0]).text(2, p[1]))
	}
	return m
}

// settings is what the sandbox reads: a word a line, and what it is set to.
func (s *PlannedStep) settings() []byte {
	step := s.Step.Limited()
	b := fmt.Appendf(nil, "nbuild-step 1\nmemory %d\ndisk %d\nprocesses %d\nnetwork %s\ntimeout %d\ntrace %t\n",
		step.Memory, step.Disk, step.Processes, s.Step.Network, int64(s.Step.Timeout/time.Millisecond), s.Step.Trace)
	for _, kv := range s.Environment() {
		b = fmt.Appendf(b, "env %s\n", strconv.Quote(kv))
	}
	for _, o := range s.Outputs() {
		b = fmt.Appendf(b, "output %s\n", strconv.Quote(o))
	}
	if s.Container != nil {
		b = append(b, s.Container.settings()...)
	}
	return b
}

// Epoch is SOURCE_DATE_EPOCH in a step, which dates what tools write: the first day that
// a zip archive can hold. The date of a commit would make another action of every step
// with every commit.
const Epoch = "315532800"

// Environment is all of the command's environment, as NAME=value; that of a step is sorted.
func (s *PlannedStep) Environment() []string {
	if s.Container != nil {
		if s.Recorder != nil {
			return s.Recorder.Environ(s.Container.Env)
		}
		return s.Container.Env
	}
	all := map[string]string{"SOURCE_DATE_EPOCH": Epoch}
	for _, kv := range s.Fixed {
		name, value, _ := strings.Cut(kv, "=")
		all[name] = value
	}
	if s.Replica != nil {
		maps.Copy(all, replicaEnvironment)
	}
	maps.Copy(all, s.Step.Env)
	out := make([]string, 0, len(all))
	for _, name := range sorted(all) {
		out = append(out, name+"="+all[name])
	}
	if s.Recorder != nil {
		out = s.Recorder.Environ(out)
		slices.Sort(out)
	}
	return out
}
