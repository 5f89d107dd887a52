package remotetest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"

	longrunning "cloud.google.com/go/longrunning/autogen/longrunningpb"
	repb "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

type execution struct {
	*Server
	repb.UnimplementedExecutionServer
}

// operation is an action that runs or ran.
type operation struct {
	name   string
	action *repb.Digest
	done   chan struct{}
	answer *repb.ExecuteResponse
}

// Execute runs an action, or gives the result that it keeps.
func (s execution) Execute(r *repb.ExecuteRequest, stream repb.Execution_ExecuteServer) error {
	if r.GetInstanceName() != s.Instance {
		return status.Errorf(codes.InvalidArgument, "there is no instance %q", r.GetInstanceName())
	}
	if s.Caches {
		return status.Error(codes.Unimplemented, "nothing runs here")
	}
	action, command, err := s.action(r.GetActionDigest())
	if err != nil {
		return err
	}
	s.mu.Lock()
	kept := s.results[r.GetActionDigest().GetHash()]
	o := &operation{name: fmt.Sprintf("operations/%d", len(s.operations)), action: r.GetActionDigest(), done: make(chan struct{})}
	s.operations[o.name] = o
	s.mu.Unlock()
	if kept != nil && !r.GetSkipCacheLookup() {
		o.answer = &repb.ExecuteResponse{Result: kept, CachedResult: true}
		close(o.done)
	} else {
		go func() {
			defer close(o.done)
			o.answer = s.run(r.GetActionDigest(), action, command)
		}()
	}
	return s.tell(o, stream)
}

// WaitExecution tells of an action that runs.
func (s execution) WaitExecution(r *repb.WaitExecutionRequest, stream repb.Execution_WaitExecutionServer) error {
	s.mu.Lock()
	o := s.operations[r.GetName()]
	s.mu.Unlock()
	if o == nil {
		return status.Errorf(codes.NotFound, "nothing is called %q", r.GetName())
	}
	return s.tell(o, stream)
}

// Forget has the server know of nothing that runs.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.operations)
}

func (s *Server) tell(o *operation, stream interface {
	Send(*longrunning.Operation) error
}) error {
	at := func(stage repb.ExecutionStage_Value) *longrunning.Operation {
		m, err := anypb.New(&repb.ExecuteOperationMetadata{Stage: stage, ActionDigest: o.action})
		if err != nil {
			panic(err)
		}
		return &longrunning.Operation{Name: o.name, Metadata: m}
	}
	send := func(op *longrunning.Operation) error {
		s.mu.Lock()
		s.told++
		n := s.told
		s.mu.Unlock()
		if s.Operation != nil {
			if err := s.Operation(n, op); err != nil {
				return err
			}
		}
		return stream.Send(op)
	}
	if err := send(at(repb.ExecutionStage_EXECUTING)); err != nil {
		return err
	}
	<-o.done
	op := at(repb.ExecutionStage_COMPLETED)
	answer := proto.Clone(o.answer).(*repb.ExecuteResponse)
	if answer.Result != nil {
		answer.Result = s.shown(answer.Result)
	}
	body, err := anypb.New(answer)
	if err != nil {
		return err
	}
	op.Done, op.Result = true, &longrunning.Operation_Response{Response: body}
	return send(op)
}

// action reads an action and its command, or says which of them is missing.
func (s *Server) action(d *repb.Digest) (*repb.Action, *repb.Command, error) {
	text, ok := s.have(d)
	if !ok {
		return nil, nil, lacks(d)
	}
	var a repb.Action
	if err := proto.Unmarshal(text, &a); err != nil {
		return nil, nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if text, ok = s.have(a.GetCommandDigest()); !ok {
		return nil, nil, lacks(a.GetCommandDigest())
	}
	var c repb.Command
	if err := proto.Unmarshal(text, &c); err != nil {
		return nil, nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return &a, &c, nil
}

// lacks is how a server says which blobs it does not find.
func lacks(all ...*repb.Digest) error {
	failure := &errdetails.PreconditionFailure{}
	for _, d := range all {
		failure.Violations = append(failure.Violations, &errdetails.PreconditionFailure_Violation{Type: "MISSING", Subject: fmt.Sprintf("blobs/%s/%d", d.GetHash(), d.GetSizeBytes())})
	}
	s, err := status.New(codes.FailedPrecondition, "blobs are missing").WithDetails(failure)
	if err != nil {
		panic(err)
	}
	return s.Err()
}

// run lays an input root out as engines do, with files that nobody may write to, runs the
// command, and keeps what it left.
func (s *Server) run(d *repb.Digest, action *repb.Action, command *repb.Command) *repb.ExecuteResponse {
	failed := func(err error) *repb.ExecuteResponse {
		return &repb.ExecuteResponse{Status: status.Convert(err).Proto()}
	}
	dir, err := os.MkdirTemp(s.Dir, "worker-")
	if err != nil {
		return failed(err)
	}
	defer os.RemoveAll(dir)
	if err := s.lay(dir, action.GetInputRootDigest()); err != nil {
		return failed(err)
	}
	work := filepath.Join(dir, command.GetWorkingDirectory())
	run := s.Run
	if run == nil {
		run = asItIs
	}
	stdout, stderr, exit := run(work, command.GetArguments())
	result := &repb.ActionResult{ExitCode: int32(exit), StdoutDigest: s.add(stdout), StderrDigest: s.add(stderr)}
	for _, o := range command.GetOutputPaths() {
		info, err := os.Lstat(filepath.Join(work, o))
		switch {
		case err != nil:
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(filepath.Join(work, o))
			if err != nil {
				return failed(err)
			}
			result.OutputSymlinks = append(result.OutputSymlinks, &repb.OutputSymlink{Path: o, Target: target})
		case info.IsDir():
			tree := &repb.Tree{}
			if tree.Root, err = s.folder(filepath.Join(work, o), tree); err != nil {
				return failed(err)
			}
			text, err := proto.MarshalOptions{Deterministic: true}.Marshal(tree)
			if err != nil {
				return failed(err)
			}
			result.OutputDirectories = append(result.OutputDirectories, &repb.OutputDirectory{Path: o, TreeDigest: s.add(text)})
		default:
			text, err := os.ReadFile(filepath.Join(work, o))
			if err != nil {
				return failed(err)
			}
			result.OutputFiles = append(result.OutputFiles, &repb.OutputFile{Path: o, Digest: s.add(text), IsExecutable: info.Mode()&0o111 != 0})
		}
	}
	if exit == 0 {
		s.mu.Lock()
		s.results[d.GetHash()] = result
		s.mu.Unlock()
	}
	return &repb.ExecuteResponse{Result: result}
}

// asItIs runs a command with a worker's own environment.
func asItIs(work string, args []string) (stdout, stderr []byte, exit int) {
	var out, errs bytes.Buffer
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = work, []string{"WORKER=1"}, &out, &errs
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		return nil, []byte(err.Error()), 127
	}
	return out.Bytes(), errs.Bytes(), cmd.ProcessState.ExitCode()
}

// lay writes a folder of an input root.
func (s *Server) lay(dir string, d *repb.Digest) error {
	text, ok := s.have(d)
	if !ok {
		return lacks(d)
	}
	var folder repb.Directory
	if err := proto.Unmarshal(text, &folder); err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	for _, f := range folder.GetFiles() {
		body, ok := s.have(f.GetDigest())
		if !ok {
			return lacks(f.GetDigest())
		}
		mode := fs.FileMode(0o444)
		if f.GetIsExecutable() {
			mode = 0o555
		}
		if err := os.WriteFile(filepath.Join(dir, f.GetName()), body, mode); err != nil {
			return err
		}
	}
	for _, l := range folder.GetSymlinks() {
		if err := os.Symlink(l.GetTarget(), filepath.Join(dir, l.GetName())); err != nil {
			return err
		}
	}
	for _, below := range folder.GetDirectories() {
		at := filepath.Join(dir, below.GetName())
		if err := os.Mkdir(at, 0o755); err != nil {
			return err
		}
		if err := s.lay(at, below.GetDigest()); err != nil {
			return err
		}
	}
	return nil
}

// folder reads an output folder, those below it into the tree.
func (s *Server) folder(dir string, tree *repb.Tree) (*repb.Directory, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	d := &repb.Directory{}
	for _, e := range entries {
		at := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir():
			below, err := s.folder(at, tree)
			if err != nil {
				return nil, err
			}
			tree.Children = append(tree.Children, below)
			text, err := proto.MarshalOptions{Deterministic: true}.Marshal(below)
			if err != nil {
				return nil, err
			}
			d.Directories = append(d.Directories, &repb.DirectoryNode{Name: e.Name(), Digest: s.add(text)})
		case e.Type() == fs.ModeSymlink:
			target, err := os.Readlink(at)
			if err != nil {
				return nil, err
			}
			d.Symlinks = append(d.Symlinks, &repb.SymlinkNode{Name: e.Name(), Target: target})
		default:
			text, err := os.ReadFile(at)
			if err != nil {
				return nil, err
			}
			info, err := e.Info()
			if err != nil {
				return nil, err
			}
			d.Files = append(d.Files, &repb.FileNode{Name: path.Base(at), Digest: s.add(text), IsExecutable: info.Mode()&0o111 != 0})
		}
	}
	return d, nil
}
