package resolution

import (
	"slices"
	"strings"
)

// builtins are the modules that need no "node:", of Node 20 to 24.
var builtins = strings.Fields(`
_http_agent _http_client _http_common _http_incoming _http_outgoing _http_server
_stream_duplex _stream_passthrough _stream_readable _stream_transform _stream_wrap
_stream_writable _tls_common _tls_wrap
assert assert/strict async_hooks buffer child_process cluster console constants
crypto dgram diagnostics_channel dns dns/promises domain events fs fs/promises http
http2 https inspector inspector/promises module net os path path/posix path/win32
perf_hooks process punycode querystring readline readline/promises repl stream
stream/consumers stream/promises stream/web string_decoder sys timers
timers/promises tls trace_events tty url util util/types v8 vm wasi worker_threads
zlib`)

// schemeOnly are the modules that exist with "node:" in front alone, and the
// first line of releases that has them without a flag.
var schemeOnly = map[string]Version{
	"ffi":            {26, 0, 0},
	"sea":            {20, 12, 0},
	"sqlite":         {22, 13, 0},
	"test":           {20, 0, 0},
	"test/reporters": {20, 0, 0},
}

// Builtin returns the name, without "node:", of the module of Node itself that a
// specifier means, and whether it means one.
func (v Version) Builtin(specifier string) (string, bool) {
	name, scheme := strings.CutPrefix(specifier, "node:")
	if since, ok := schemeOnly[name]; ok {
		return name, scheme && (v.Major > since.Major || v.from(since))
	}
	if v.Major >= 26 && strings.HasPrefix(name, "_stream_") {
		return "", false
	}
	if !slices.Contains(builtins, name) {
		return "", false
	}
	return name, true
}
