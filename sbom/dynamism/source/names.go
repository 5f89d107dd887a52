package source

import (
	"strings"

	"github.com/nbuild/nbuild/internal/js/denote"
)

// meaning is what a canonical name says about the place where it is used.
type meaning struct {
	kind    Kind
	through string
	exact   bool // the thing itself is what is reported, whatever member of it is asked for
	called  bool // only a call or a construction is reported, not a reference
	module  bool // it is a whole module, which says something only where nothing narrower is used
	known   bool // the name belongs to a module that has a kind, whether or not it has one itself
}

// family is a builtin module that has a kind. Harmless members have none; where only
// is given, all others are harmless.
type family struct {
	kind     Kind
	harmless string
	only     string
}

// families are the builtin modules by canonical name.
var families = map[string]family{
	"node:fs":                 {kind: Filesystem, harmless: "constants Stats Dirent Dir F_OK R_OK W_OK X_OK"},
	"node:fs/promises":        {kind: Filesystem, harmless: "constants"},
	"node:sqlite":             {kind: Filesystem, harmless: "constants"},
	"node:child_process":      {kind: ChildProcess, harmless: "ChildProcess"},
	"node:net":                {kind: Network, harmless: "isIP isIPv4 isIPv6 BlockList SocketAddress"},
	"node:http":               {kind: Network, harmless: "STATUS_CODES METHODS maxHeaderSize validateHeaderName validateHeaderValue IncomingMessage ServerResponse OutgoingMessage"},
	"node:https":              {kind: Network},
	"node:http2":              {kind: Network, harmless: "constants getDefaultSettings getPackedSettings getUnpackedSettings sensitiveHeaders Http2ServerRequest Http2ServerResponse"},
	"node:dgram":              {kind: Network},
	"node:dns":                {kind: Network, harmless: "ADDRCONFIG V4MAPPED ALL NODATA NOTFOUND"},
	"node:dns/promises":       {kind: Network},
	"node:tls":                {kind: Network, harmless: "rootCertificates getCiphers DEFAULT_ECDH_CURVE DEFAULT_MAX_VERSION DEFAULT_MIN_VERSION DEFAULT_CIPHERS checkServerIdentity"},
	"node:quic":               {kind: Network},
	"node:_http_client":       {kind: Network},
	"node:_http_server":       {kind: Network, harmless: "STATUS_CODES"},
	"node:_http_agent":        {kind: Network},
	"node:_tls_wrap":          {kind: Network},
	"node:vm":                 {kind: VM, harmless: "isContext constants measureMemory"},
	"node:repl":               {kind: VM, harmless: "builtinModules REPL_MODE_SLOPPY REPL_MODE_STRICT"},
	"node:inspector":          {kind: VM, harmless: "console url waitForDebugger close"},
	"node:inspector/promises": {kind: VM, harmless: "console url waitForDebugger close"},
	"node:wasi":               {kind: Wasm},
	"node:ffi":                {kind: NativeAddon},
	"node:cluster":            {kind: Worker, only: "fork setupPrimary setupMaster"},
	"node:worker_threads":     {kind: Worker, only: "Worker"},
	"node:module": {kind: ModuleInternals, harmless: "builtinModules isBuiltin findPackageJSON SourceMap findSourceMap " +
		"setSourceMapsSupport getSourceMapsSupport constants stripTypeScriptTypes flushCompileCache getCompileCacheDir"},
}

// singles are names that have a kind by themselves.
var singles = map[string]meaning{
	"eval": {kind: Eval}, "execScript": {kind: Eval},
	"Function": {kind: FunctionCtor, called: true}, "AsyncFunction": {kind: FunctionCtor, called: true},
	"GeneratorFunction": {kind: FunctionCtor, called: true}, "AsyncGeneratorFunction": {kind: FunctionCtor, called: true},
	"WebAssembly.compile": {kind: Wasm}, "WebAssembly.compileStreaming": {kind: Wasm}, "WebAssembly.instantiate": {kind: Wasm},
	"WebAssembly.instantiateStreaming": {kind: Wasm}, "WebAssembly.Module": {kind: Wasm}, "WebAssembly.Instance": {kind: Wasm},
	"require.resolve": {kind: RequireResolve}, "require.resolve.paths": {kind: RequireResolve}, "import.meta.resolve": {kind: RequireResolve},
	"require.cache": {kind: ModuleInternals, exact: true}, "require.extensions": {kind: ModuleInternals, exact: true},
	"module.paths":              {kind: ModuleInternals, exact: true},
	"node:module.createRequire": {kind: CreateRequire}, "node:module.createRequireFromPath": {kind: CreateRequire},
	"node:module._extensions": {kind: ModuleInternals, exact: true}, "node:module._cache": {kind: ModuleInternals, exact: true},
	"process.binding": {kind: ProcessBinding}, "process._linkedBinding": {kind: ProcessBinding}, "internalBinding": {kind: ProcessBinding},
	"process.dlopen": {kind: NativeAddon}, "process.env": {kind: Environment, exact: true}, "process.loadEnvFile": {kind: Environment},
	"process.execve": {kind: ChildProcess},
	"fetch":          {kind: Network}, "WebSocket": {kind: Network}, "WebSocketStream": {kind: Network}, "EventSource": {kind: Network},
	"XMLHttpRequest": {kind: Network}, "RTCPeerConnection": {kind: Network}, "navigator.sendBeacon": {kind: Network},
	"Worker": {kind: Worker}, "SharedWorker": {kind: Worker}, "navigator.serviceWorker.register": {kind: Worker},
}

// meaningOf returns what a name says. Its known is false where the name is of no
// interest at all.
func meaningOf(n denote.Name) meaning {
	if m, ok := singles[n.Path]; ok {
		m.known = true
		if m.kind == FunctionCtor && n.Via&denote.ViaConstructor != 0 {
			m.kind, m.called = CtorTrick, false
		}
		return m
	}
	member := strings.TrimPrefix(strings.TrimPrefix(n.Path, n.Root), ".")
	first, _, _ := strings.Cut(member, ".")
	if pkg := n.Package(); pkg != "" {
		kind, ok := packages()[pkg]
		if !ok {
			return meaning{}
		}
		return meaning{kind: kind, through: pkg, module: member == "", known: true}
	}
	f, ok := families[n.Root]
	switch {
	case !ok:
		return meaning{}
	case member == "":
		return meaning{kind: f.kind, module: true, known: true}
	case f.only != "" && !word(f.only, first), word(f.harmless, first):
		return meaning{known: true}
	case last(member) == "prototype" || first == "prototype" && f.kind != ModuleInternals:
		return meaning{known: true}
	}
	// What lies deeper is data of the module, as a rule; it counts where it is called.
	return meaning{kind: f.kind, known: true, called: first != member && f.kind != ModuleInternals}
}

func last(dotted string) string { return dotted[strings.LastIndexByte(dotted, '.')+1:] }

// word reports whether a list of words separated by spaces has one.
func word(list, w string) bool {
	for list != "" {
		var first string
		first, list, _ = strings.Cut(list, " ")
		if first == w {
			return true
		}
	}
	return false
}
