// Package remotetest is a server of the Remote Execution API for tests: a store of blobs, a
// cache of results and one worker, on the loopback.
//
// It is strict where engines are lenient, so that a client that passes here keeps to the
// protocol: every digest is checked, an action is refused whose input root is not there
// whole, and a result whose outputs were not given before. It does wrong on request, in one
// place for each way: see [Faults].
//
// The invariant: what it answers without a fault is what the specification says.
package remotetest

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"

	longrunning "cloud.google.com/go/longrunning/autogen/longrunningpb"
	repb "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"github.com/bazelbuild/remote-apis/build/bazel/semver"
	"google.golang.org/genproto/googleapis/bytestream"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/nbuild/nbuild/internal/cas"
)

// Faults are what a server does wrong. Each may be nil.
type Faults struct {
	// Call is asked before each request, with the method's name, and may fail it or wait.
	Call func(ctx context.Context, method string) error
	// Capabilities changes what the server says that it can do.
	Capabilities func(*repb.ServerCapabilities)
	// Missing changes which blobs the server says that it lacks.
	Missing func(asked, lacks []*repb.Digest) []*repb.Digest
	// Bytes changes a blob that is read.
	Bytes func(hash string, b []byte) []byte
	// Result changes a result that is given.
	Result func(*repb.ActionResult)
	// Operation changes what is told of an action, and may cut the stream. N counts the
	// messages of all streams.
	Operation func(n int, op *longrunning.Operation) error
}

// Server is the server. Set its fields before anything calls it.
type Server struct {
	Faults
	Instance string
	Token    string // that requests must have, "" for none
	Packs    bool   // it offers zstd
	Caches   bool   // it takes results, and runs nothing
	// Run runs a command in a working folder of an input root; nil runs it as it is.
	Run func(work string, args []string) (stdout, stderr []byte, exit int)
	Dir string // where input roots are laid out

	// Address is where the server listens, as --remote takes it.
	Address string

	mu         sync.Mutex
	blobs      map[string][]byte
	results    map[string]*repb.ActionResult
	operations map[string]*operation
	calls      []string
	told       int
}

// Start has the server listen; stop ends it. With a configuration it speaks TLS.
func (s *Server) Start(config *tls.Config) (stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.blobs, s.results, s.operations = map[string][]byte{}, map[string]*repb.ActionResult{}, map[string]*operation{}
	options := []grpc.ServerOption{grpc.UnaryInterceptor(s.unary), grpc.StreamInterceptor(s.stream), grpc.MaxRecvMsgSize(4 << 20)}
	s.Address = "grpc://" + l.Addr().String()
	if config != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(config)))
		s.Address = "grpcs://" + l.Addr().String()
	}
	if s.Instance != "" {
		s.Address += "/" + s.Instance
	}
	g := grpc.NewServer(options...)
	repb.RegisterCapabilitiesServer(g, capabilities{Server: s})
	repb.RegisterContentAddressableStorageServer(g, store{Server: s})
	repb.RegisterActionCacheServer(g, cache{Server: s})
	repb.RegisterExecutionServer(g, execution{Server: s})
	bytestream.RegisterByteStreamServer(g, &streams{Server: s})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = g.Serve(l)
	}()
	return func() {
		g.Stop()
		<-ended
	}, nil
}

// Calls returns the methods that were called so far, in order, without what repeats itself
// at once.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Compact(slices.Clone(s.calls))
}

// Count returns how often a method was called.
func (s *Server) Count(method string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.calls {
		if c == method {
			n++
		}
	}
	return n
}

// Drop loses the blobs that are chosen, and returns how many those are.
func (s *Server) Drop(choose func(hash string, b []byte) bool) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for hash, b := range s.blobs {
		if choose(hash, b) {
			delete(s.blobs, hash)
			n++
		}
	}
	return n
}

// Results returns how many results the server keeps.
func (s *Server) Results() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.results)
}

func (s *Server) enter(ctx context.Context, full string) error {
	method := full[strings.LastIndexByte(full, '/')+1:]
	s.mu.Lock()
	s.calls = append(s.calls, method)
	s.mu.Unlock()
	if s.Token != "" {
		given, _ := metadata.FromIncomingContext(ctx)
		if got := given.Get("authorization"); len(got) != 1 || got[0] != "Bearer "+s.Token {
			return status.Errorf(codes.Unauthenticated, "not the token: %q", got)
		}
	}
	if s.Call != nil {
		return s.Call(ctx, method)
	}
	return nil
}

func (s *Server) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	if err := s.enter(ctx, info.FullMethod); err != nil {
		return nil, err
	}
	if of, ok := request.(interface{ GetInstanceName() string }); ok && of.GetInstanceName() != s.Instance {
		return nil, status.Errorf(codes.InvalidArgument, "there is no instance %q", of.GetInstanceName())
	}
	return handle(ctx, request)
}

func (s *Server) stream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	if err := s.enter(stream.Context(), info.FullMethod); err != nil {
		return err
	}
	return handle(server, stream)
}

type capabilities struct {
	*Server
	repb.UnimplementedCapabilitiesServer
}

func (s capabilities) GetCapabilities(context.Context, *repb.GetCapabilitiesRequest) (*repb.ServerCapabilities, error) {
	said := &repb.ServerCapabilities{
		LowApiVersion: &semver.SemVer{Major: 2}, HighApiVersion: &semver.SemVer{Major: 2, Minor: 3},
		CacheCapabilities: &repb.CacheCapabilities{
			DigestFunctions: []repb.DigestFunction_Value{repb.DigestFunction_SHA256}, MaxBatchTotalSizeBytes: 1 << 20,
			ActionCacheUpdateCapabilities: &repb.ActionCacheUpdateCapabilities{UpdateEnabled: s.Caches},
		},
	}
	if s.Packs {
		said.CacheCapabilities.SupportedCompressors = []repb.Compressor_Value{repb.Compressor_ZSTD}
		said.CacheCapabilities.SupportedBatchUpdateCompressors = []repb.Compressor_Value{repb.Compressor_ZSTD}
	}
	if !s.Caches {
		said.ExecutionCapabilities = &repb.ExecutionCapabilities{DigestFunction: repb.DigestFunction_SHA256, ExecEnabled: true}
	}
	if s.Capabilities != nil {
		s.Capabilities(said)
	}
	return said, nil
}

// have returns a blob.
func (s *Server) have(d *repb.Digest) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.blobs[d.GetHash()]
	return b, ok && int64(len(b)) == d.GetSizeBytes()
}

// put keeps a blob that is what its digest says.
func (s *Server) put(d *repb.Digest, b []byte) error {
	if cas.Sum(b).String() != d.GetHash() || int64(len(b)) != d.GetSizeBytes() {
		return status.Errorf(codes.InvalidArgument, "%d bytes are not those of %s", len(b), d.GetHash())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blobs[d.GetHash()] = b
	return nil
}

// add keeps a blob of the server's own.
func (s *Server) add(b []byte) *repb.Digest {
	d := &repb.Digest{Hash: cas.Sum(b).String(), SizeBytes: int64(len(b))}
	if err := s.put(d, b); err != nil {
		panic(fmt.Sprint("a digest of its own: ", err))
	}
	return d
}
