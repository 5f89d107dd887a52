package denote

import (
	"strings"
	"sync"
)

// global is what sort of thing a global name holds, as far as members show.
type global uint8

const (
	notGlobal   global = iota
	anObject           // a namespace or another object: its constructor is Object
	aFunction          // called; its constructor is Function
	aType              // a constructor with a prototype
	theGlobal          // the global object under one of its names
	fromWrapper        // of the CommonJS wrapper: no property of the global object
)

// globals are the names of ECMA-262 §19, of Node's documentation "Global objects" and
// "The module wrapper", and those of the web that bring code or data in.
var globals = sync.OnceValue(makeGlobals)

func makeGlobals() map[string]global {
	m := map[string]global{}
	for kind, names := range map[global]string{
		theGlobal: "globalThis global window self GLOBAL",
		anObject: "Atomics Intl JSON Math Reflect WebAssembly console process crypto performance navigator " +
			"localStorage sessionStorage indexedDB caches document location",
		aFunction: "eval isFinite isNaN parseFloat parseInt decodeURI decodeURIComponent encodeURI encodeURIComponent " +
			"escape unescape setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate queueMicrotask " +
			"structuredClone atob btoa fetch importScripts execScript internalBinding " +
			"requestAnimationFrame cancelAnimationFrame requestIdleCallback cancelIdleCallback",
		aType: "AggregateError Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView Date Error EvalError " +
			"FinalizationRegistry Float16Array Float32Array Float64Array Function Int8Array Int16Array Int32Array Iterator Map " +
			"Number Object Promise Proxy RangeError ReferenceError RegExp Set SharedArrayBuffer String SuppressedError Symbol " +
			"SyntaxError TypeError Uint8Array Uint8ClampedArray Uint16Array Uint32Array URIError WeakMap WeakRef WeakSet " +
			"DisposableStack AsyncDisposableStack Buffer AbortController AbortSignal Blob BroadcastChannel " +
			"CompressionStream CustomEvent DOMException DecompressionStream Event EventSource EventTarget File FormData Headers " +
			"MessageChannel MessageEvent MessagePort ReadableStream Request Response SharedWorker TextDecoder TextEncoder " +
			"TransformStream URL URLSearchParams WebSocket WebSocketStream Worker WritableStream XMLHttpRequest RTCPeerConnection " +
			"AsyncFunction GeneratorFunction AsyncGeneratorFunction Storage CryptoKey Crypto SubtleCrypto Performance Navigator",
		fromWrapper: "require module exports",
	} {
		for name := range strings.FieldsSeq(names) {
			m[name] = kind
		}
	}
	// These three are reached through constructors only; no global has their name.
	for _, name := range []string{"AsyncFunction", "GeneratorFunction", "AsyncGeneratorFunction"} {
		delete(m, name)
	}
	return m
}

// Standard reports whether a name is one that the language, Node or the web platform
// gives to all code as a property of the global object.
func Standard(name string) bool {
	kind := globals()[name]
	return kind != notGlobal && kind != fromWrapper
}

// builtins are Node's modules that need no node: before their name.
var builtins = wordSet("assert assert/strict async_hooks buffer child_process cluster console constants crypto dgram " +
	"diagnostics_channel dns dns/promises domain events fs fs/promises http http2 https inspector inspector/promises module net os path " +
	"path/posix path/win32 perf_hooks process punycode querystring readline readline/promises repl stream " +
	"stream/consumers stream/promises stream/web string_decoder sys timers timers/promises tls trace_events tty url " +
	"util util/types v8 vm wasi worker_threads zlib " +
	"_http_agent _http_client _http_common _http_incoming _http_outgoing _http_server _stream_duplex _stream_passthrough " +
	"_stream_readable _stream_transform _stream_wrap _stream_writable _tls_common _tls_wrap")

// prefixed are those that are modules only with node: before their name.
var prefixed = wordSet("sea sqlite test test/reporters quic ffi")

// same are members of modules that are globals too.
var same = map[string]string{
	"node:timers.setTimeout": "setTimeout", "node:timers.setInterval": "setInterval", "node:timers.setImmediate": "setImmediate",
	"node:buffer.Buffer": "Buffer", "node:buffer.atob": "atob", "node:buffer.btoa": "btoa", "node:buffer.Blob": "Blob",
	"node:url.URL": "URL", "node:url.URLSearchParams": "URLSearchParams",
	"node:crypto.webcrypto": "crypto",
	"node:fs.promises":      "node:fs/promises", "node:dns.promises": "node:dns/promises", "node:stream.promises": "node:stream/promises",
	"node:timers.promises": "node:timers/promises", "node:readline.promises": "node:readline/promises",
	"node:util.types": "node:util/types", "node:path.posix": "node:path", "node:path.win32": "node:path",
	"node:module.Module": "node:module", "node:events.EventEmitter": "node:events",
	"process.mainModule": "module", "require.main": "module", "module.parent": "module",
	"node:perf_hooks.performance": "performance",
}

// wholes are modules that are another thing under a second name.
var wholes = map[string]string{
	"node:process": "process", "node:sys": "node:util", "node:console": "console",
	"node:path/posix": "node:path", "node:path/win32": "node:path",
}

// wordSet is the set of words, made when it is first asked for: most runs of the command
// look at no source.
func wordSet(words string) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool {
		m := map[string]bool{}
		for w := range strings.FieldsSeq(words) {
			m[w] = true
		}
		return m
	})
}

// Builtin returns the canonical name of a specifier that names a module of Node's
// own ("fs" and "node:fs" give "node:fs").
func Builtin(specifier string) (path string, ok bool) {
	bare, hasPrefix := strings.CutPrefix(specifier, "node:")
	if !builtins()[bare] && !(hasPrefix && prefixed()[bare]) {
		return "", false
	}
	return "node:" + bare, true
}

// modulePath returns the canonical name of what a specifier brings in; ok is false
// for files, URLs and what is not a specifier.
func modulePath(specifier string) (path string, ok bool) {
	if path, ok := Builtin(specifier); ok {
		if whole, ok := wholes[path]; ok {
			return whole, true
		}
		return path, true
	}
	// A slash behind a builtin's name asks for the package of that name.
	name := strings.TrimSuffix(specifier, "/")
	if name == "" || len(name) > 214 || strings.ContainsAny(name[:1], "./#\\") || strings.ContainsAny(name, ":\\ ?!\n") {
		return "", false
	}
	return "npm:" + name, true
}

// Package returns the package that a name is of, "" of a global or a builtin module:
// of the root "npm:@scope/a/b" it is "@scope/a".
func (n Name) Package() string {
	rest, ok := strings.CutPrefix(n.Root, "npm:")
	if !ok {
		return ""
	}
	first, after, _ := strings.Cut(rest, "/")
	if !strings.HasPrefix(first, "@") {
		return first
	}
	second, _, _ := strings.Cut(after, "/")
	return first + "/" + second
}
