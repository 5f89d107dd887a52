package remote_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	longrunning "cloud.google.com/go/longrunning/autogen/longrunningpb"
	repb "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/builder/remote"
	"github.com/nbuild/nbuild/builder/remote/remotetest"
	"github.com/nbuild/nbuild/builder/sandbox/protocol"
	"github.com/nbuild/nbuild/internal/diag"
)

var (
	there = execution.Remote{Execute: true}
	share = execution.Remote{Share: true}
)

// What runs there and what runs here leave the same, whichever form the bytes have on
// their way, and whoever kept them.
func TestAStepLeavesTheSameThereAndHere(t *testing.T) {
	for name, test := range map[string]struct {
		server *remotetest.Server
		how    execution.Remote
	}{
		"a cluster":             {&remotetest.Server{Instance: "main/shop"}, there},
		"a cluster that packs":  {&remotetest.Server{Packs: true}, there},
		"a cache":               {&remotetest.Server{Caches: true, Instance: "shop"}, share},
		"a cache that packs":    {&remotetest.Server{Caches: true, Packs: true}, share},
		"a cache, looked at":    {&remotetest.Server{Caches: true}, execution.Remote{}},
		"a cluster, looked at":  {&remotetest.Server{}, execution.Remote{}},
		"a server with a token": {&remotetest.Server{Token: "s3cret"}, there},
	} {
		t.Run(name, func(t *testing.T) {
			o := quick
			o.Token = test.server.Token
			s := newSite(t, test.server, o, test.how)
			first, err := s.run()
			if err != nil {
				t.Fatal(err)
			}
			if here := len(s.ran) == 1; here == test.how.Execute || fmt.Sprint(s.lines) != "[pack says hello]" || len(s.told) > 0 {
				t.Errorf("%v, %q, %q", s.ran, s.lines, s.told)
			}
			s.again(o, execution.Remote{})
			s.runner.Remote = nil
			local, err := s.run()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(local.Outputs, first.Outputs); diff != "" || first.Action != local.Action || first.Log != local.Log {
				t.Errorf("%s", diff)
			}
			// A second client finds what the first one left, and runs nothing.
			if !test.how.Execute && !test.how.Share {
				return
			}
			s.again(o, test.how)
			again, err := s.run()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(local.Outputs, again.Outputs); diff != "" || !again.Cached || len(s.ran) > 0 || fmt.Sprint(s.lines) != "[pack says hello]" {
				t.Errorf("%v, %q, %+v\n%s", s.ran, s.lines, again, diff)
			}
			if test.server.Count("Execute") > 1 || test.server.Results() != 1 {
				t.Errorf("%v", test.server.Calls())
			}
		})
	}
}

func TestTheOrderOfTheProtocolIsKept(t *testing.T) {
	for name, test := range map[string]struct {
		server *remotetest.Server
		how    execution.Remote
		want   string
	}{
		"run":        {&remotetest.Server{}, there, "GetCapabilities GetActionResult FindMissingBlobs give Execute take"},
		"share":      {&remotetest.Server{Caches: true}, share, "GetCapabilities GetActionResult FindMissingBlobs give UpdateActionResult"},
		"look alone": {&remotetest.Server{Caches: true}, execution.Remote{}, "GetCapabilities GetActionResult"},
	} {
		s := newSite(t, test.server, quick, test.how)
		if _, err := s.run(); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range test.server.Calls() { // several go at once
			c = strings.NewReplacer("BatchUpdateBlobs", "give", "Write", "give", "BatchReadBlobs", "take", "Read", "take").Replace(c)
			if len(got) == 0 || got[len(got)-1] != c {
				got = append(got, c)
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// What a step read is given once: neither a second run nor another action with the same
// files sends them again.
func TestWhatIsThereIsNotSentAgain(t *testing.T) {
	server := &remotetest.Server{}
	s := newSite(t, server, quick, there)
	if _, err := s.run(); err != nil {
		t.Fatal(err)
	}
	sent := server.Count("Write")
	s.again(quick, there)
	s.server.Run = worker(t, nil)
	o := quick
	o.Afresh = true
	s.again(o, there)
	if r, err := s.run(); err != nil || r.Cached {
		t.Fatalf("%+v, %v", r, err)
	}
	if sent == 0 || server.Count("Write") != sent || server.Count("Execute") != 2 {
		t.Errorf("%d uploads, then %d; %v", sent, server.Count("Write"), server.Calls())
	}
}

// cut fails the first n calls of a method.
func cut(method string, n int32, with error) func(context.Context, string) error {
	var called atomic.Int32
	return func(_ context.Context, m string) error {
		if m == method && called.Add(1) <= n {
			return with
		}
		return nil
	}
}

func TestWhatIsLostOnTheWayIsAskedForAgain(t *testing.T) {
	unavailable := status.Error(codes.Unavailable, "going away")
	for name, test := range map[string]struct {
		faults remotetest.Faults
		waits  int // calls of WaitExecution
		runs   int // calls of Execute
	}{
		"capabilities":    {remotetest.Faults{Call: cut("GetCapabilities", 2, unavailable)}, 0, 1},
		"a result":        {remotetest.Faults{Call: cut("GetActionResult", 2, status.Error(codes.ResourceExhausted, "slowly"))}, 0, 1},
		"a question":      {remotetest.Faults{Call: cut("FindMissingBlobs", 2, unavailable)}, 0, 1},
		"a batch":         {remotetest.Faults{Call: cut("BatchUpdateBlobs", 1, unavailable)}, 0, 1},
		"an upload":       {remotetest.Faults{Call: cut("Write", 2, status.Error(codes.Internal, "a stream was reset"))}, 0, 1},
		"a download":      {remotetest.Faults{Call: cut("Read", 2, unavailable)}, 0, 1},
		"a batch of them": {remotetest.Faults{Call: cut("BatchReadBlobs", 2, unavailable)}, 0, 1},
		"an action":       {remotetest.Faults{Call: cut("Execute", 2, unavailable)}, 0, 3},
		"a stream": {remotetest.Faults{Operation: func(n int, op *longrunning.Operation) error {
			if n == 2 || n == 4 {
				return unavailable // after it was said that it runs
			}
			return nil
		}}, 2, 1},
		"a stream that just ends": {remotetest.Faults{Operation: func(n int, op *longrunning.Operation) error {
			if n == 2 {
				return status.Error(codes.Unavailable, "EOF")
			}
			return nil
		}}, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			server := &remotetest.Server{Faults: test.faults}
			s := newSite(t, server, quick, there)
			r, err := s.run()
			if err != nil || len(s.ran) > 0 || r.Where != execution.Ran {
				t.Fatalf("%+v, %v", r, err)
			}
			if server.Count("WaitExecution") != test.waits || server.Count("Execute") != test.runs {
				t.Errorf("%v", server.Calls())
			}
		})
	}
}

func TestAnActionThatAServerForgetsIsSentAgain(t *testing.T) {
	server := &remotetest.Server{}
	server.Operation = func(n int, _ *longrunning.Operation) error {
		if n == 2 {
			server.Forget()
			return status.Error(codes.Unavailable, "starting anew")
		}
		return nil
	}
	s := newSite(t, server, quick, there)
	if _, err := s.run(); err != nil || server.Count("WaitExecution") != 1 || server.Count("Execute") != 2 {
		t.Errorf("%v, %v", err, server.Calls())
	}
}

func TestBlobsThatAServerLosesAreGivenAgain(t *testing.T) {
	t.Run("inputs that it says it has", func(t *testing.T) {
		server := &remotetest.Server{}
		lost := false
		server.Missing = func(asked, lacks []*repb.Digest) []*repb.Digest {
			if !lost { // it says that nothing is missing, and finds nothing
				lost = true
				return nil
			}
			return lacks
		}
		s := newSite(t, server, quick, there)
		if _, err := s.run(); err != nil || server.Count("Execute") != 2 {
			t.Errorf("%v, %v", err, server.Calls())
		}
	})
	t.Run("one that it always says it has", func(t *testing.T) {
		server := &remotetest.Server{}
		var s *site
		server.Missing = func(asked, lacks []*repb.Digest) (said []*repb.Digest) {
			for _, d := range lacks {
				if d.SizeBytes != int64(len(s.large)) {
					said = append(said, d)
				}
			}
			return said
		}
		s = newSite(t, server, quick, there)
		if _, err := s.run(); err != nil || server.Count("Execute") != 2 || server.Count("Write") != 1 {
			t.Errorf("%v, %v", err, server.Calls())
		}
	})
	t.Run("one that no worker finds", func(t *testing.T) {
		server := &remotetest.Server{}
		server.Call = func(_ context.Context, method string) error {
			if method == "Execute" {
				server.Drop(func(_ string, b []byte) bool { return string(b) == "shell" })
			}
			return nil
		}
		s := newSite(t, server, quick, there)
		if _, err := s.run(); code(err) != remote.CodeUnable || server.Count("Execute") != 3 {
			t.Errorf("%v, %v", err, server.Calls())
		}
	})
	t.Run("outputs of a result that it keeps", func(t *testing.T) {
		for _, server := range []*remotetest.Server{{}, {Caches: true}} {
			how := there
			if server.Caches {
				how = share
			}
			s := newSite(t, server, quick, how)
			if _, err := s.run(); err != nil {
				t.Fatal(err)
			}
			if n := server.Drop(func(_ string, b []byte) bool { return string(b) == "main of pack" }); n != 1 {
				t.Fatalf("lost %d", n)
			}
			s.again(quick, how)
			if r, err := s.run(); err != nil || r.Cached || server.Caches != (len(s.ran) == 1) {
				t.Errorf("%+v, %v, %v", r, err, server.Calls())
			}
		}
	})
	t.Run("outputs each time", func(t *testing.T) {
		server := &remotetest.Server{}
		server.Call = func(_ context.Context, method string) error {
			if method == "BatchReadBlobs" {
				server.Drop(func(_ string, b []byte) bool { return string(b) == "main of pack" })
			}
			return nil
		}
		s := newSite(t, server, quick, there)
		if _, err := s.run(); code(err) != remote.CodeLie || server.Count("Execute") != 3 {
			t.Errorf("%v, %v", err, server.Calls())
		}
	})
}

// Each lie of a server is refused where it runs steps. Where it keeps results of others,
// what is wrong is told and not used, and what ran here takes its place.
func TestWhatAServerSaysWronglyIsNotUsed(t *testing.T) {
	for name, faults := range map[string]remotetest.Faults{
		"other bytes in a batch": {Bytes: func(_ string, b []byte) []byte {
			if string(b) == "main of pack" {
				return []byte("main of evil")
			}
			return b
		}},
		"other bytes on a stream": {Bytes: func(_ string, b []byte) []byte {
			if len(b) > 1<<20 {
				return append([]byte("evil"), b[4:]...)
			}
			return b
		}},
		"a stream without an end": {Bytes: func(_ string, b []byte) []byte {
			if len(b) > 1<<20 {
				return make([]byte, 64<<20)
			}
			return b
		}},
		"a stream that is short": {Bytes: func(_ string, b []byte) []byte {
			if len(b) > 1<<20 {
				return b[:1<<20]
			}
			return b
		}},
		"an output too many": {Result: func(r *repb.ActionResult) {
			r.OutputFiles = append(r.OutputFiles, &repb.OutputFile{Path: "evil", Digest: r.OutputFiles[0].Digest})
		}},
		"an output outside": {Result: func(r *repb.ActionResult) { r.OutputFiles[0].Path = "../../etc/passwd" }},
		"an output twice":   {Result: func(r *repb.ActionResult) { r.OutputFiles = append(r.OutputFiles, r.OutputFiles[0]) }},
		"no outputs":        {Result: func(r *repb.ActionResult) { r.OutputFiles = nil }},
		"a link out":        {Result: func(r *repb.ActionResult) { r.OutputSymlinks[0].Target = "../../etc/shadow" }},
		"a digest that is none": {Result: func(r *repb.ActionResult) {
			r.OutputFiles[0].Digest = &repb.Digest{Hash: "../../x", SizeBytes: 3}
		}},
		"a size below nothing": {Result: func(r *repb.ActionResult) {
			r.OutputFiles[0].Digest = &repb.Digest{Hash: r.OutputFiles[0].Digest.Hash, SizeBytes: -1}
		}},
		"a huge output": {Result: func(r *repb.ActionResult) {
			r.OutputFiles[0].Digest = &repb.Digest{Hash: r.OutputFiles[0].Digest.Hash, SizeBytes: 1 << 50}
		}},
		"a tree that is none": {Result: func(r *repb.ActionResult) { r.OutputDirectories[0].TreeDigest = r.OutputFiles[0].Digest }},
		"a huge tree": {Result: func(r *repb.ActionResult) {
			r.OutputDirectories[0].TreeDigest = &repb.Digest{Hash: r.OutputFiles[0].Digest.Hash, SizeBytes: 1 << 30}
		}},
		"no report":             {Result: func(r *repb.ActionResult) { r.StderrDigest, r.StderrRaw = nil, nil }},
		"a report that is none": {Result: func(r *repb.ActionResult) { r.StderrDigest, r.StderrRaw = nil, []byte("warning: x\n") }},
		"the report of another step": {Result: func(r *repb.ActionResult) {
			r.StderrDigest, r.StderrRaw = nil, []byte(`{"nbuild_step":"x","report":{"Held":"cgroup-v2"}}`)
		}},
		"a report that nothing was held": {Result: func(r *repb.ActionResult) {
			r.StderrDigest, r.StderrRaw = nil, []byte(`{"nbuild_step":"x","report":{}}`)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			server := &remotetest.Server{Faults: faults}
			s := newSite(t, server, quick, execution.Remote{Execute: true, Fallback: true})
			if _, err := s.run(); code(err) != remote.CodeLie || len(s.ran) > 0 {
				t.Errorf("a cluster: %v", err)
			}
			// The same of a cache, whose result was good when it was kept.
			server = &remotetest.Server{Caches: true}
			s = newSite(t, server, quick, share)
			if _, err := s.run(); err != nil {
				t.Fatal(err)
			}
			server.Faults = faults
			s.again(quick, share)
			r, err := s.run()
			if err != nil || len(s.ran) != 1 || r.Cached || len(s.told) != 1 || !strings.Contains(s.told[0], "is not used") {
				t.Errorf("a cache: %v, %v, %q", err, s.ran, s.told)
			}
			if server.Count("UpdateActionResult") != 2 {
				t.Errorf("%v", server.Calls())
			}
		})
	}
}

func TestWhatAServerTellsOfAnActionIsAboutThatOne(t *testing.T) {
	for name, change := range map[string]func(op *longrunning.Operation){
		"another action": func(op *longrunning.Operation) {
			var m repb.ExecuteOperationMetadata
			if err := op.Metadata.UnmarshalTo(&m); err != nil {
				t.Error(err)
			}
			m.ActionDigest.Hash = strings.Repeat("0", 64)
			if err := op.Metadata.MarshalFrom(&m); err != nil {
				t.Error(err)
			}
		},
		"no answer": func(op *longrunning.Operation) {
			if op.Done {
				op.Result = &longrunning.Operation_Response{Response: op.Metadata}
			}
		},
		"an answer without a result": func(op *longrunning.Operation) {
			if op.Done {
				if err := op.GetResponse().MarshalFrom(&repb.ExecuteResponse{}); err != nil {
					t.Error(err)
				}
			}
		},
	} {
		server := &remotetest.Server{Faults: remotetest.Faults{Operation: func(_ int, op *longrunning.Operation) error { change(op); return nil }}}
		s := newSite(t, server, quick, there)
		if _, err := s.run(); code(err) != remote.CodeLie {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, missing := range map[string]func(asked, lacks []*repb.Digest) []*repb.Digest{
		"more than was asked for": func(asked, _ []*repb.Digest) []*repb.Digest { return append(asked, asked...) },
		"something else":          func(asked, _ []*repb.Digest) []*repb.Digest { return []*repb.Digest{{Hash: strings.Repeat("0", 64)}} },
	} {
		s := newSite(t, &remotetest.Server{Faults: remotetest.Faults{Missing: missing}}, quick, there)
		if _, err := s.run(); code(err) != remote.CodeLie {
			t.Errorf("it lacks %s: %v", name, err)
		}
	}
}

func TestAServerThatDoesNotAnswerIsLost(t *testing.T) {
	late := func(methods ...string) remotetest.Faults {
		return remotetest.Faults{Call: func(ctx context.Context, m string) error {
			for _, l := range methods {
				if l == m {
					<-ctx.Done()
					return ctx.Err()
				}
			}
			return nil
		}}
	}
	impatient := quick
	impatient.Pace.Whole, impatient.Queue = 300*time.Millisecond, time.Nanosecond
	for name, faults := range map[string]remotetest.Faults{
		"never":            late("GetCapabilities"),
		"to a question":    late("FindMissingBlobs"),
		"to an upload":     late("Write"),
		"to a batch":       late("BatchUpdateBlobs"),
		"to a result":      late("GetActionResult"),
		"that it is ill":   {Call: cut("Execute", 1000, status.Error(codes.Unavailable, "ill"))},
		"that it has none": {Call: cut("Execute", 1000, status.Error(codes.ResourceExhausted, "no worker"))},
		"more than is read": {Missing: func(asked, _ []*repb.Digest) (all []*repb.Digest) {
			for range 1 << 18 {
				all = append(all, &repb.Digest{Hash: strings.Repeat("0", 64), SizeBytes: 1})
			}
			return all
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, fallback := range []bool{false, true} {
				s := newSite(t, &remotetest.Server{Faults: faults}, impatient, execution.Remote{Execute: true, Fallback: fallback})
				r, err := s.run()
				switch {
				case !fallback && (code(err) != remote.CodeLost || len(s.ran) > 0):
					t.Errorf("%v", err)
				case fallback && (err != nil || len(s.ran) != 1 || r.Where != execution.Here || len(s.told) != 1):
					t.Errorf("%v, %v, %q", err, s.ran, s.told)
				}
			}
		})
	}
}

func TestWhatAServerCanNotDoIsSaidOnce(t *testing.T) {
	for name, test := range map[string]struct {
		server *remotetest.Server
		how    execution.Remote
		want   diag.Code
	}{
		"no SHA-256": {&remotetest.Server{Faults: remotetest.Faults{Capabilities: func(c *repb.ServerCapabilities) {
			c.CacheCapabilities.DigestFunctions = []repb.DigestFunction_Value{repb.DigestFunction_BLAKE3}
		}}}, there, remote.CodeUnable},
		"another version": {&remotetest.Server{Faults: remotetest.Faults{Capabilities: func(c *repb.ServerCapabilities) { c.LowApiVersion.Major = 3 }}}, there, remote.CodeUnable},
		"a cache alone":   {&remotetest.Server{Caches: true}, there, remote.CodeUnable},
		"no large blobs": {&remotetest.Server{Faults: remotetest.Faults{Capabilities: func(c *repb.ServerCapabilities) {
			c.CacheCapabilities.MaxCasBlobSizeBytes = 1000
		}}}, there, remote.CodeUnable},
		"no updates":           {&remotetest.Server{}, share, remote.CodeForbidden},
		"no token":             {&remotetest.Server{Token: "s3cret"}, there, remote.CodeForbidden},
		"a refusal":            {&remotetest.Server{Faults: remotetest.Faults{Call: cut("Execute", 9, status.Error(codes.PermissionDenied, "not you"))}}, there, remote.CodeForbidden},
		"what it can't read":   {&remotetest.Server{Faults: remotetest.Faults{Call: cut("Execute", 9, status.Error(codes.InvalidArgument, "no"))}}, there, remote.CodeUnable},
		"what it does not do":  {&remotetest.Server{Faults: remotetest.Faults{Call: cut("GetCapabilities", 9, status.Error(codes.Unimplemented, "no"))}}, there, remote.CodeUnable},
		"another precondition": {&remotetest.Server{Faults: remotetest.Faults{Call: cut("Execute", 9, status.Error(codes.FailedPrecondition, "no workers of this kind"))}}, there, remote.CodeUnable},
	} {
		t.Run(name, func(t *testing.T) {
			test.how.Fallback = true // which is not for this
			s := newSite(t, test.server, quick, test.how)
			if _, err := s.run(); code(err) != test.want {
				t.Errorf("%v", err)
			}
		})
	}
	o := quick
	o.Updates = true
	s := newSite(t, &remotetest.Server{}, o, share)
	if _, err := s.run(); code(err) != remote.CodeUnable || len(s.ran) > 0 {
		t.Errorf("no updates, and it is asked first: %v, %v", err, s.ran)
	}
}

func TestHowAStepEndsThereIsSaidAsHere(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*protocol.Sent)
		want   diag.Code
	}{
		"it fails":          {func(s *protocol.Sent) { s.Report.Exit = 3 }, execution.CodeFailed},
		"it takes too much": {func(s *protocol.Sent) { s.Report.Exit, s.Report.Limit = 137, protocol.LimitMemory }, execution.CodeLimit},
		"the sandbox is none": {func(s *protocol.Sent) {
			s.Report = protocol.Report{Failed: "namespaces", Cause: "operation not permitted"}
		}, remote.CodeDenied},
	} {
		t.Run(name, func(t *testing.T) {
			server := &remotetest.Server{Run: worker(t, test.change)}
			s := newSite(t, server, quick, execution.Remote{Execute: true, Fallback: true})
			_, err := s.run()
			if code(err) != test.want || server.Results() != 0 || len(s.ran) > 0 {
				t.Errorf("%v, %d results", err, server.Results())
			}
		})
	}
	t.Run("the worker ends it", func(t *testing.T) {
		server := &remotetest.Server{Faults: remotetest.Faults{Operation: func(_ int, op *longrunning.Operation) error {
			if op.Done {
				return op.GetResponse().MarshalFrom(&repb.ExecuteResponse{Status: status.New(codes.DeadlineExceeded, "after a minute").Proto()})
			}
			return nil
		}}}
		s := newSite(t, server, quick, there)
		if _, err := s.run(); code(err) != execution.CodeLimit || !strings.Contains(err.Error(), "time") {
			t.Errorf("%v", err)
		}
	})
}

func TestATokenIsNeitherShownNorSentInTheClear(t *testing.T) {
	o := quick
	o.Token = "s3cret-token"
	s := newSite(t, &remotetest.Server{Token: "another"}, o, there) // which says what it was sent
	_, err := s.run()
	if code(err) != remote.CodeForbidden || strings.Contains(fmt.Sprintf("%v %+v", err, diag.All(err)[0].Text()), "s3cret") {
		t.Errorf("%v", err)
	}
	if o.Address, err = remote.ParseAddress("grpc://cluster.example.com/main"); err != nil {
		t.Fatal(err)
	}
	if _, err := remote.New(o); code(err) != remote.CodeForbidden {
		t.Errorf("%v", err)
	}
}

func TestAddressesAreReadInOneSense(t *testing.T) {
	for text, want := range map[string]string{
		"grpc://127.0.0.1:8980/main":           "grpc://127.0.0.1:8980/main",
		"grpcs://cluster.example.com":          "grpcs://cluster.example.com:443",
		"grpcs://cluster.example.com/a/b/":     "grpcs://cluster.example.com:443/a/b",
		"grpc://[::1]/x":                       "grpc://[::1]:80/x",
		"https://cluster.example.com":          "",
		"cluster.example.com:8980":             "",
		"grpc://user:pass@cluster.example.com": "",
		"grpc://cluster.example.com?x=1":       "",
		"grpc:///main":                         "",
		"grpc://cluster.example.com/a/blobs":   "",
		"":                                     "",
	} {
		a, err := remote.ParseAddress(text)
		if (err == nil) != (want != "") || err == nil && a.String() != want {
			t.Errorf("%q: %v, %v", text, a, err)
		}
	}
}
