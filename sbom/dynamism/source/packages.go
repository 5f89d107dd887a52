package source

import (
	"strings"
	"sync"
)

// packages are those of npm's that exist to give a capability, by the kind of it: a
// package that uses one has the capability only through it, and a finding says so.
// The list is short on purpose: what merely happens to read a file is not on it.
var packages = makePackages(map[Kind]string{
	ChildProcess: "cross-spawn cross-spawn-async execa shelljs zx foreground-child child-process-promise child-process-ext " +
		"nano-spawn tinyexec nanoexec promisify-child-process spawn-command sudo-prompt open opn node-pty npm-run " +
		"@npmcli/run-script @npmcli/promise-spawn simple-git await-spawn spawn-please win-spawn spawn-sync exec-sh " +
		"node-cmd ssh-exec gulp-shell concurrently cross-env-shell",
	Network: "axios got node-fetch undici request request-promise request-promise-native superagent ws cross-fetch " +
		"isomorphic-fetch isomorphic-ws node-fetch-native needle phin ky bent follow-redirects socket.io-client socket.io " +
		"make-fetch-happen minipass-fetch npm-registry-fetch wreck @hapi/wreck teeny-request gaxios faye-websocket websocket " +
		"websocket-driver mqtt ssh2 nodemailer eventsource sockjs-client http-proxy https-proxy-agent http-proxy-agent " +
		"socks-proxy-agent proxy-agent agentkeepalive simple-get hyperquest popsicle urllib whatwg-fetch puppeteer playwright",
	Filesystem: "fs-extra graceful-fs mz/fs rimraf mkdirp make-dir glob globby fast-glob tiny-glob tinyglobby del write-file-atomic " +
		"fast-write-atomic write-json-file load-json-file jsonfile chokidar readdirp fs.realpath cpy cp-file move-file path-exists " +
		"tmp tmp-promise tempy temp klaw walkdir recursive-readdir proper-lockfile fstream tar-fs fs-jetpack sander steno " +
		"fs-minipass fs-write-stream-atomic ncp cpr trash fs-promise fdir",
	Environment:       "dotenv dotenv-flow dotenv-safe env-var envalid",
	VM:                "vm2 isolated-vm contextify quickjs-emscripten sandboxed-module",
	Eval:              "eval safe-eval node-eval _eval pirates-eval",
	FunctionCtor:      "generate-function genfun",
	NativeAddon:       "bindings node-gyp-build node-gyp-build-optional-packages node-pre-gyp @mapbox/node-pre-gyp pkg-prebuilds node-bindings @neon-rs/load ffi-napi ffi koffi ref-napi",
	Worker:            "piscina tinypool workerpool jest-worker worker-farm threads thread-stream synckit poolifier web-worker tiny-worker",
	ModuleInternals:   "pirates proxyquire rewire mock-require mockery append-transform @babel/register ts-node esm require-in-the-middle import-in-the-middle module-alias app-module-path v8-compile-cache require-from-string module-from-string clear-module decache import-fresh require-uncached",
	RequireResolve:    "resolve resolve-from resolve-cwd resolve-global import-meta-resolve",
	NonliteralRequire: "require-directory require-all include-all require-dir requireindex require-glob requireg import-from import-cwd import-local",
})

func makePackages(kinds map[Kind]string) func() map[string]Kind {
	return sync.OnceValue(func() map[string]Kind {
		m := map[string]Kind{}
		for kind, names := range kinds {
			for name := range strings.FieldsSeq(names) {
				m[name] = kind
			}
		}
		return m
	})
}
