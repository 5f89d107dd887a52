package remotetest

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"

	repb "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/genproto/googleapis/bytestream"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

type store struct {
	*Server
	repb.UnimplementedContentAddressableStorageServer
}

func (s store) FindMissingBlobs(_ context.Context, r *repb.FindMissingBlobsRequest) (*repb.FindMissingBlobsResponse, error) {
	var lacks []*repb.Digest
	for _, d := range r.GetBlobDigests() {
		if _, ok := s.have(d); !ok {
			lacks = append(lacks, d)
		}
	}
	if s.Missing != nil {
		lacks = s.Missing(r.GetBlobDigests(), lacks)
	}
	return &repb.FindMissingBlobsResponse{MissingBlobDigests: lacks}, nil
}

func (s store) BatchUpdateBlobs(_ context.Context, r *repb.BatchUpdateBlobsRequest) (*repb.BatchUpdateBlobsResponse, error) {
	said, size := &repb.BatchUpdateBlobsResponse{}, 0
	for _, one := range r.GetRequests() {
		data, err := one.GetData(), error(nil)
		size += len(data)
		if one.GetCompressor() == repb.Compressor_ZSTD && s.Packs {
			data, err = plain(data)
		}
		if err == nil {
			err = s.put(one.GetDigest(), data)
		}
		said.Responses = append(said.Responses, &repb.BatchUpdateBlobsResponse_Response{Digest: one.GetDigest(), Status: status.Convert(err).Proto()})
	}
	if size > 1<<20 {
		return nil, status.Error(codes.InvalidArgument, "more than a batch may have")
	}
	return said, nil
}

func (s store) BatchReadBlobs(_ context.Context, r *repb.BatchReadBlobsRequest) (*repb.BatchReadBlobsResponse, error) {
	said := &repb.BatchReadBlobsResponse{}
	for _, d := range r.GetDigests() {
		one := &repb.BatchReadBlobsResponse_Response{Digest: d}
		b, ok := s.have(d)
		if !ok {
			one.Status = status.New(codes.NotFound, "it is not here").Proto()
		} else if one.Data = s.given(d.GetHash(), b); len(r.GetAcceptableCompressors()) > 0 && s.Packs {
			one.Data, one.Compressor = packed(one.Data), repb.Compressor_ZSTD
		}
		said.Responses = append(said.Responses, one)
	}
	return said, nil
}

func (s *Server) given(hash string, b []byte) []byte {
	if s.Bytes != nil {
		return s.Bytes(hash, b)
	}
	return b
}

func packed(b []byte) []byte {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	defer z.Close()
	return z.EncodeAll(b, nil)
}

func plain(b []byte) ([]byte, error) {
	z, err := zstd.NewReader(nil)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return z.DecodeAll(b, nil)
}

type streams struct {
	*Server
	bytestream.UnimplementedByteStreamServer
}

// resource reads the name of a blob: [INSTANCE/][uploads/UUID/]blobs/HASH/SIZE, or
// compressed-blobs/zstd in place of blobs.
func (s *Server) resource(name string, upload bool) (d *repb.Digest, packs bool, err error) {
	wrong := status.Errorf(codes.InvalidArgument, "%q names no blob", name)
	if s.Instance != "" {
		var ok bool
		if name, ok = strings.CutPrefix(name, s.Instance+"/"); !ok {
			return nil, false, wrong
		}
	}
	parts := strings.Split(name, "/")
	if upload {
		if len(parts) < 2 || parts[0] != "uploads" || len(parts[1]) != 36 {
			return nil, false, wrong
		}
		parts = parts[2:]
	}
	if packs = len(parts) == 4 && parts[0] == "compressed-blobs" && parts[1] == "zstd" && s.Packs; packs {
		parts = parts[1:]
	} else if len(parts) != 3 || parts[0] != "blobs" {
		return nil, false, wrong
	}
	size, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return nil, false, wrong
	}
	return &repb.Digest{Hash: parts[1], SizeBytes: size}, packs, nil
}

func (s *streams) Write(stream bytestream.ByteStream_WriteServer) error {
	var d *repb.Digest
	var all bytes.Buffer
	packs, done, first := false, false, ""
	for !done {
		m, err := stream.Recv()
		if err != nil {
			return err
		}
		if first == "" {
			if first = m.GetResourceName(); first == "" {
				return status.Error(codes.InvalidArgument, "the first message names no blob")
			}
			if d, packs, err = s.resource(first, true); err != nil {
				return err
			}
		}
		if m.GetResourceName() != "" && m.GetResourceName() != first || m.GetWriteOffset() != int64(all.Len()) {
			return status.Errorf(codes.InvalidArgument, "%d bytes came, and the next are to stand at %d", all.Len(), m.GetWriteOffset())
		}
		all.Write(m.GetData())
		done = m.GetFinishWrite()
	}
	if _, err := stream.Recv(); err != io.EOF {
		return status.Error(codes.InvalidArgument, "something comes after the end")
	}
	b := all.Bytes()
	if packs {
		var err error
		if b, err = plain(b); err != nil {
			return status.Error(codes.InvalidArgument, err.Error())
		}
	}
	if err := s.put(d, b); err != nil {
		return err
	}
	return stream.SendAndClose(&bytestream.WriteResponse{CommittedSize: int64(all.Len())})
}

func (s *streams) Read(r *bytestream.ReadRequest, stream bytestream.ByteStream_ReadServer) error {
	d, packs, err := s.resource(r.GetResourceName(), false)
	if err != nil {
		return err
	}
	b, ok := s.have(d)
	if !ok {
		return status.Error(codes.NotFound, "it is not here")
	}
	if b = s.given(d.GetHash(), b); packs {
		b = packed(b)
	}
	for len(b) > 0 {
		some := b[:min(len(b), 64<<10)]
		b = b[len(some):]
		if err := stream.Send(&bytestream.ReadResponse{Data: some}); err != nil {
			return err
		}
	}
	return nil
}

type cache struct {
	*Server
	repb.UnimplementedActionCacheServer
}

func (s cache) GetActionResult(_ context.Context, r *repb.GetActionResultRequest) (*repb.ActionResult, error) {
	s.mu.Lock()
	kept := s.results[r.GetActionDigest().GetHash()]
	s.mu.Unlock()
	if kept == nil {
		return nil, status.Error(codes.NotFound, "there is no result")
	}
	return s.shown(kept), nil
}

// shown is a result as it is given.
func (s *Server) shown(r *repb.ActionResult) *repb.ActionResult {
	if s.Result == nil {
		return r
	}
	r = proto.Clone(r).(*repb.ActionResult)
	s.Result(r)
	return r
}

// UpdateActionResult takes a result whose action, command and outputs are here.
func (s cache) UpdateActionResult(_ context.Context, r *repb.UpdateActionResultRequest) (*repb.ActionResult, error) {
	if !s.Caches {
		return nil, status.Error(codes.PermissionDenied, "only workers write results")
	}
	action, _, err := s.action(r.GetActionDigest())
	if err != nil {
		return nil, err
	}
	if _, ok := s.have(action.GetCommandDigest()); !ok {
		return nil, status.Error(codes.FailedPrecondition, "the command was not given before its result")
	}
	result := r.GetActionResult()
	if result.GetExitCode() != 0 {
		return nil, status.Error(codes.InvalidArgument, "what failed is kept by nobody")
	}
	named := []*repb.Digest{result.GetStdoutDigest()}
	for _, f := range result.GetOutputFiles() {
		named = append(named, f.GetDigest())
	}
	for _, d := range result.GetOutputDirectories() {
		named = append(named, d.GetTreeDigest())
		text, _ := s.have(d.GetTreeDigest())
		var tree repb.Tree
		if err := proto.Unmarshal(text, &tree); err != nil || tree.Root == nil {
			return nil, status.Error(codes.FailedPrecondition, "a folder is no tree")
		}
		for _, folder := range append(tree.Children, tree.Root) {
			for _, f := range folder.GetFiles() {
				named = append(named, f.GetDigest())
			}
		}
	}
	for _, d := range named {
		if _, ok := s.have(d); !ok {
			return nil, status.Errorf(codes.FailedPrecondition, "%s was not given before the result that names it", d.GetHash())
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results[r.GetActionDigest().GetHash()] = result
	return result, nil
}
