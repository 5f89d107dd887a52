package remote_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	longrunning "cloud.google.com/go/longrunning/autogen/longrunningpb"
	repb "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/genproto/googleapis/bytestream"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/builder/remote"
	"github.com/nbuild/nbuild/builder/sandbox/protocol"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/retry"
	"github.com/nbuild/nbuild/pipelines"
)

// raw is a codec that takes and gives messages as the bytes that they are.
type raw struct{}

func (raw) Name() string                  { return "proto" }
func (raw) Marshal(v any) ([]byte, error) { return v.([]byte), nil }
func (raw) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = data
	return nil
}

// replies are what a server says, by method, whatever it is asked.
type replies struct {
	mu sync.Mutex
	by map[string][]byte
}

func (r *replies) handle(_ any, stream grpc.ServerStream) error {
	full, _ := grpc.MethodFromServerStream(stream)
	r.mu.Lock()
	said := r.by[path.Base(full)]
	r.mu.Unlock()
	var asked []byte
	if err := stream.RecvMsg(&asked); err != nil {
		return err
	}
	return stream.SendMsg(said)
}

// FuzzReplies has a server answer with anything at all. Nothing of it panics the client or
// holds it for longer than it waits; what comes into the store has its own digest, and what
// is called an output stands where the step declares it and leads nowhere else.
func FuzzReplies(f *testing.F) {
	step := pipelines.PlannedStep{
		Step:     &pipelines.Step{Name: "pack", Run: []string{"pack"}, Outputs: []string{"dist", "tool"}, Timeout: 50 * time.Millisecond, Disk: 1 << 20, Network: "none"},
		Platform: here,
	}
	action, err := step.Encode(nil)
	if err != nil {
		f.Fatal(err)
	}
	server := &replies{by: map[string][]byte{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	g := grpc.NewServer(grpc.ForceServerCodec(raw{}), grpc.UnknownServiceHandler(server.handle))
	go func() { _ = g.Serve(listener) }()
	f.Cleanup(g.Stop)
	address, err := remote.ParseAddress("grpc://" + listener.Addr().String())
	if err != nil {
		f.Fatal(err)
	}
	seed(f, action, step.Step.Run)
	f.Fuzz(func(t *testing.T, capabilities, result, blobs, chunk, operation, missing, taken []byte) {
		server.mu.Lock()
		server.by = map[string][]byte{
			"GetCapabilities": capabilities, "GetActionResult": result, "BatchReadBlobs": blobs, "Read": chunk, "Execute": operation, "WaitExecution": operation,
			"FindMissingBlobs": missing, "BatchUpdateBlobs": taken, "Write": taken, "UpdateActionResult": result,
		}
		server.mu.Unlock()
		client, err := remote.New(remote.Options{
			Address: address, Retry: retry.Policy{Backoff: time.Millisecond}, Pace: pace.Limits{Whole: time.Second}, Queue: 50 * time.Millisecond, Unique: "fuzz", Events: event.Discard,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		store, err := cas.Open(t.TempDir()) // in which nothing is that would not be asked for
		if err != nil {
			t.Fatal(err)
		}
		job := &execution.Job{Step: &step, Action: action, Store: store}
		for _, ask := range []func(context.Context, *execution.Job) (*execution.Outcome, error){client.Known, client.Run} {
			if out, err := ask(t.Context(), job); err == nil && out != nil {
				hold(t, store, out)
			}
		}
	})
}

// hold holds what a server gave to what a step may leave.
func hold(t *testing.T, store *cas.Store, out *execution.Outcome) {
	t.Helper()
	for _, o := range out.Outputs {
		if !fs.ValidPath(o.Path) || o.Path != "tool" && o.Path != "dist" && !strings.HasPrefix(o.Path, "dist/") {
			t.Errorf("%q is called an output", o.Path)
		}
		if o.Link != "" {
			if to := path.Join(path.Dir(o.Path), o.Link); path.IsAbs(o.Link) || to == ".." || strings.HasPrefix(to, "../") {
				t.Errorf("%s leads out, to %s", o.Path, o.Link)
			}
			continue
		}
		content, err := store.Read(t.Context(), o.SHA256, 64<<20)
		if err != nil || int64(len(content)) != o.Size || cas.Sum(content) != o.SHA256 {
			t.Errorf("%s: %d bytes of %d, %v", o.Path, len(content), o.Size, err)
		}
	}
}

// seed gives the fuzzer a server that does everything right, and some that do not.
func seed(f *testing.F, action *pipelines.Action, run []string) {
	bytes := func(m proto.Message) []byte {
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	named := func(b []byte) *repb.Digest { return &repb.Digest{Hash: cas.Sum(b).String(), SizeBytes: int64(len(b))} }
	report, err := json.Marshal(protocol.Sent{Step: protocol.NameStep(string(action.Settings), run), Report: protocol.Report{Held: "played"}})
	if err != nil {
		f.Fatal(err)
	}
	capabilities := bytes(&repb.ServerCapabilities{
		CacheCapabilities: &repb.CacheCapabilities{
			DigestFunctions: []repb.DigestFunction_Value{repb.DigestFunction_SHA256}, MaxBatchTotalSizeBytes: 1 << 20,
			SupportedCompressors: []repb.Compressor_Value{repb.Compressor_ZSTD}, SupportedBatchUpdateCompressors: []repb.Compressor_Value{repb.Compressor_ZSTD},
		},
		ExecutionCapabilities: &repb.ExecutionCapabilities{DigestFunction: repb.DigestFunction_SHA256, ExecEnabled: true},
	})
	tool := []byte("tool")
	folder := func(name, link string) []byte {
		d := &repb.Directory{Files: []*repb.FileNode{{Name: name, Digest: named(tool)}}}
		if link != "" {
			d.Symlinks = []*repb.SymlinkNode{{Name: "link", Target: link}}
		}
		return bytes(&repb.Tree{Root: d})
	}
	packer, err := zstd.NewWriter(nil)
	if err != nil {
		f.Fatal(err)
	}
	bomb := packer.EncodeAll(make([]byte, 8<<20), nil)
	add := func(tree []byte, files []*repb.OutputFile, data []byte, how repb.Compressor_Value) {
		result := &repb.ActionResult{StderrRaw: report, OutputFiles: files, OutputDirectories: []*repb.OutputDirectory{{Path: "dist", TreeDigest: named(tree)}}}
		answer, err := anypb.New(&repb.ExecuteResponse{Result: result})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(capabilities, bytes(result), bytes(&repb.BatchReadBlobsResponse{Responses: []*repb.BatchReadBlobsResponse_Response{{Digest: named(tool), Data: data, Compressor: how}}}),
			bytes(&bytestream.ReadResponse{Data: tree}), bytes(&longrunning.Operation{Name: "one", Done: true, Result: &longrunning.Operation_Response{Response: answer}}),
			bytes(&repb.FindMissingBlobsResponse{}), bytes(&repb.BatchUpdateBlobsResponse{}))
	}
	right := []*repb.OutputFile{{Path: "tool", Digest: named(tool), IsExecutable: true}}
	add(folder("index.js", "index.js"), right, tool, repb.Compressor_IDENTITY)
	add(folder("index.js", ""), right, packer.EncodeAll(tool, nil), repb.Compressor_ZSTD)
	add(folder("index.js", ""), right, bomb, repb.Compressor_ZSTD)
	add(folder("../index.js", ""), right, tool, repb.Compressor_IDENTITY)
	add(folder("index.js", "../../etc/passwd"), right, tool, repb.Compressor_IDENTITY)
	add(folder("index.js", "/etc/passwd"), right, tool, repb.Compressor_IDENTITY)
	add(folder("index.js", ""), []*repb.OutputFile{{Path: "../tool", Digest: named(tool)}}, tool, repb.Compressor_IDENTITY)
	add(folder("index.js", ""), []*repb.OutputFile{{Path: "tool", Digest: &repb.Digest{Hash: "../../store", SizeBytes: -1}}}, tool, repb.Compressor_IDENTITY)
	add(folder("index.js", ""), []*repb.OutputFile{{Path: "tool", Digest: &repb.Digest{Hash: cas.Sum(tool).String(), SizeBytes: 1 << 50}}}, tool, repb.Compressor_IDENTITY)
	var many []*repb.OutputFile
	for i := range 2000 {
		many = append(many, &repb.OutputFile{Path: fmt.Sprintf("dist/%d", i), Digest: named(tool)})
	}
	add(folder("index.js", ""), many, tool, repb.Compressor_IDENTITY)
}
