package pipelines

import (
	"fmt"
	"strings"
	"time"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Salt separates our actions from all others, and one meaning of them from the
// next. What weakens a result is appended, so that it is another action.
const Salt = "nbuild-action-1"

// The input root of an action has the working folder, which holds what the step
// was given, and a folder of nbuild's own: base lists the artefacts of the root
// filesystem, limits what the sandbox holds the command to, and sandbox, where the
// snapshot pins one, is the program that does it.
const (
	WorkFolder = "work"
	OwnFolder  = ".nbuild"
)

// Action is a command with all that it reads, as the Remote Execution API v2 defines
// it. Its digest is the key of its result in every cache.
type Action struct {
	Action      Blob
	Command     Blob
	Directories []Blob  // the input root first
	Inputs      []Input // by path, bytewise
}

// Digest returns the action's digest: SHA-256 of the Action message.
func (a *Action) Digest() cas.Digest { return a.Action.Digest }

// isa names a platform's instruction set as REAPI's platform properties do
// (platform.md of remote-apis).
var isa = map[string]string{"linux/amd64": "x86-64", "linux/arm64": "aarch64"}

// Encode makes the action of a step for a platform. Inputs are what it was given,
// relative to the working folder; base the artefacts of its root filesystem, in the
// order of nbuild.lock; weaker what weakens its result, such as "sandbox=degraded".
// Two different inputs at one path are an error.
func Encode(s *Step, platform string, inputs []Input, base []snapshot.Artefact, helper *snapshot.Artefact, weaker ...string) (*Action, error) {
	root := newRoot()
	for _, in := range inputs {
		in.Path = join(WorkFolder, in.Path)
		if err := root.add(in); err != nil {
			return nil, err
		}
	}
	own := func(name string, content []byte) error {
		return root.add(Input{Path: join(OwnFolder, name), Size: int64(len(content)), SHA256: cas.Sum(content), Content: content, From: "nbuild"})
	}
	if err := own("base", baseList(base)); err != nil {
		return nil, err
	}
	if err := own("limits", limits(s)); err != nil {
		return nil, err
	}
	argv := s.Run
	if helper != nil {
		argv = append([]string{"../" + join(OwnFolder, "sandbox"), "--"}, argv...)
		if err := root.add(Input{Path: join(OwnFolder, "sandbox"), Executable: true, Size: helper.Size, SHA256: helper.SHA256, Archive: helper.SHA256, From: helper.ID()}); err != nil {
			return nil, err
		}
	}
	if root.folders[WorkFolder] == nil {
		root.folders[WorkFolder] = newRoot()
	}
	a := &Action{Directories: root.encode(), Inputs: root.list()}
	machine := properties(platform)

	var c message
	for _, arg := range argv {
		c = c.always(1, []byte(arg))
	}
	for _, k := range sorted(s.Env) {
		c = c.always(2, message(nil).text(1, k).text(2, s.Env[k]))
	}
	c = c.bytes(5, machine).text(6, WorkFolder)
	for _, o := range s.Outputs {
		c = c.always(7, []byte(o))
	}
	a.Command = blob(c)

	timeout := message(nil).number(1, int64(s.Timeout/time.Second)).number(2, int64(s.Timeout%time.Second))
	salt := strings.Join(append([]string{Salt}, weaker...), " ")
	a.Action = blob(message(nil).bytes(1, a.Command.digest()).bytes(2, a.Directories[0].digest()).bytes(6, timeout).text(9, salt).bytes(10, machine))
	return a, nil
}

// properties is a Platform, its properties sorted by name.
func properties(platform string) []byte {
	var m message
	for _, p := range [][2]string{{"ISA", isa[platform]}, {"OSFamily", "linux"}} {
		m = m.always(1, message(nil).text(1, p[0]).text(2, p[1]))
	}
	return m
}

// baseList names the artefacts of a root filesystem, one a line.
func baseList(base []snapshot.Artefact) []byte {
	var b strings.Builder
	for _, a := range base {
		fmt.Fprintf(&b, "%s %s %s %s\n", a.Kind, a.Name, a.Version, a.SHA256)
	}
	return []byte(b.String())
}

// limits is what the sandbox reads.
func limits(s *Step) []byte {
	return fmt.Appendf(nil, "memory %d\nnetwork %s\ntimeout %d\ntrace %t\n", s.Memory, s.Network, int64(s.Timeout/time.Millisecond), s.Trace)
}
