package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	repb "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"google.golang.org/genproto/googleapis/bytestream"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/retry"
)

// Options say how a server is reached.
type Options struct {
	Address   Address
	Token     string      // a bearer token, "" for none
	TLS       *tls.Config // of grpcs; nil takes the machine's roots
	Retry     retry.Policy
	Pace      pace.Limits
	Queue     time.Duration // how long an action may wait for a worker; 0 is bounds.RemoteQueue
	Unique    string        // of this process alone: names its uploads
	UserAgent string
	Events    event.Sink

	// Updates has the server asked whether results may be given to it.
	Updates bool
	// Afresh takes no result that the server keeps: an action runs anew.
	Afresh bool
}

// Client is a client of one server. It is safe for use by many goroutines.
type Client struct {
	o          Options
	conn       *grpc.ClientConn
	cas        repb.ContentAddressableStorageClient
	results    repb.ActionCacheClient
	executions repb.ExecutionClient
	streams    bytestream.ByteStreamClient

	asked   sync.Mutex
	offered *offer

	there   sync.Map // digests that the server was found to have
	wrong   sync.Map // actions whose results it keeps do not fit them
	uploads atomic.Int64
	busy    chan struct{} // a place for each blob or batch on its way
}

// inFlight is how many blobs or batches are on their way at once.
const inFlight = 16

// maxMessage is how many bytes one message of a server may have.
const maxMessage = 16 << 20

// New makes a client. Nothing is sent yet.
func New(o Options) (*Client, error) {
	if o.Token != "" && !o.Address.TLS && !o.Address.loopback() {
		return nil, insecureToken(o.Address)
	}
	if o.Queue == 0 {
		o.Queue = bounds.RemoteQueue
	}
	if o.Events == nil {
		o.Events = event.Discard
	}
	secure := insecure.NewCredentials()
	if o.Address.TLS {
		config := o.TLS
		if config == nil {
			config = &tls.Config{}
		}
		config = config.Clone()
		config.MinVersion = tls.VersionTLS12
		secure = credentials.NewTLS(config)
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(secure), grpc.WithUserAgent(o.UserAgent),
		// What a server or a name service would say of how to call it, and what the environment
		// does: nothing is taken from there.
		grpc.WithDisableServiceConfig(), grpc.WithNoProxy(), grpc.WithDisableRetry(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
		// Servers that were not told otherwise end a connection that is asked for more often.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 330 * time.Second, Timeout: 20 * time.Second}),
	}
	if o.Token != "" {
		options = append(options, grpc.WithPerRPCCredentials(bearer{o.Token, o.Address.TLS}))
	}
	conn, err := grpc.NewClient("dns:///"+o.Address.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("calling %s: %w", o.Address, err)
	}
	return &Client{
		o: o, conn: conn, cas: repb.NewContentAddressableStorageClient(conn), results: repb.NewActionCacheClient(conn),
		executions: repb.NewExecutionClient(conn), streams: bytestream.NewByteStreamClient(conn), busy: make(chan struct{}, inFlight),
	}, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// bearer is a token that goes with every request (RFC 6750 §2.1).
type bearer struct {
	token  string
	secure bool
}

// GetRequestMetadata is as credentials.PerRPCCredentials has it.
func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + b.token}, nil
}

// RequireTransportSecurity keeps the token off a line that others can read. On the
// loopback there is none.
func (b bearer) RequireTransportSecurity() bool { return b.secure }

// once does one request, within a time, and says of its error whether another try may
// mend it.
func (c *Client) once(ctx context.Context, what string, limit time.Duration, do func(ctx context.Context) error) error {
	ctx, cancel := pace.Within(ctx, limit, what)
	defer cancel()
	err := pace.Cause(ctx, do(ctx))
	if err != nil && !passing(err) && !errors.As(err, new(retry.Final)) {
		return retry.Final{Err: err}
	}
	return err
}

// call does a request until it succeeds or is given up, and makes a problem of its error.
func (c *Client) call(ctx context.Context, what string, limit time.Duration, do func(ctx context.Context) error) error {
	err := c.o.Retry.Do(ctx, what, func(ctx context.Context) error { return c.once(ctx, what, limit, do) })
	return c.problem(ctx, what, err)
}

// answer is how long a small answer may take.
func (c *Client) answer() time.Duration {
	if c.o.Pace.Whole != 0 {
		return c.o.Pace.Whole
	}
	return bounds.AnswerTimeout
}

// offer is what a server can do.
type offer struct {
	batch       int64 // bytes of blobs in one message
	largest     int64 // bytes of one blob; 0 is no limit
	zstdStreams bool
	zstdBatches bool
	executes    bool
	updates     bool
}

// mostBatched is how many bytes of blobs go into one message: what receivers of gRPC take
// where they were not told otherwise, less what stands around the blobs.
const mostBatched = 3 << 20

// offers asks the server, once, what it can do.
func (c *Client) offers(ctx context.Context) (*offer, error) {
	c.asked.Lock()
	defer c.asked.Unlock()
	if c.offered != nil {
		return c.offered, nil
	}
	var said *repb.ServerCapabilities
	err := c.call(ctx, "the capabilities of "+c.o.Address.String(), c.answer(), func(ctx context.Context) (err error) {
		said, err = repb.NewCapabilitiesClient(c.conn).GetCapabilities(ctx, &repb.GetCapabilitiesRequest{InstanceName: c.o.Address.Instance})
		return err
	})
	if err != nil {
		return nil, err
	}
	cache := said.GetCacheCapabilities()
	if !contains(cache.GetDigestFunctions(), repb.DigestFunction_SHA256) {
		return nil, c.unable("it does not name blobs by SHA-256", "ask who runs it to switch that on: every digest of nbuild's is one")
	}
	if low := said.GetLowApiVersion(); low.GetMajor() > 2 {
		return nil, c.unable(fmt.Sprintf("it speaks no version of the Remote Execution API before %d", low.GetMajor()), "name a server that speaks version 2")
	}
	o := &offer{batch: mostBatched, largest: max(cache.GetMaxCasBlobSizeBytes(), 0)}
	if most := cache.GetMaxBatchTotalSizeBytes(); most > 0 {
		o.batch = min(o.batch, most)
	}
	o.zstdStreams = contains(cache.GetSupportedCompressors(), repb.Compressor_ZSTD)
	o.zstdBatches = contains(cache.GetSupportedBatchUpdateCompressors(), repb.Compressor_ZSTD)
	o.updates = cache.GetActionCacheUpdateCapabilities().GetUpdateEnabled()
	if e := said.GetExecutionCapabilities(); e.GetExecEnabled() {
		o.executes = e.GetDigestFunction() == repb.DigestFunction_SHA256 || contains(e.GetDigestFunctions(), repb.DigestFunction_SHA256)
	}
	if c.o.Updates && !o.updates {
		return nil, c.unable("it takes no results from this client", "use what it has alone: --remote-cache=read-only")
	}
	c.offered = o
	return o, nil
}

func contains[T comparable](list []T, want T) bool {
	for _, v := range list {
		if v == want {
			return true
		}
	}
	return false
}

// upload names an upload that nobody else makes, in the form of a UUID (RFC 9562 §5.8).
func (c *Client) upload() string {
	sum := cas.Sum(fmt.Appendf(nil, "%s %d", c.o.Unique, c.uploads.Add(1)))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	s := sum.String()
	return strings.Join([]string{s[:8], s[8:12], s[12:16], s[16:20], s[20:32]}, "-")
}

func digest(d cas.Digest, size int64) *repb.Digest {
	return &repb.Digest{Hash: d.String(), SizeBytes: size}
}
