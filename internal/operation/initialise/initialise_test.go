package initialise

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/pipelines"
)

func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestWrite(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		cmd   []string
		name  string
		code  diag.Code
	}{
		"start script":   {map[string]string{"package.json": `{"name":"@shop/store.front","scripts":{"start":"node  src/server.js --port 80"}}`}, []string{"node", "src/server.js", "--port", "80"}, "store-front", ""},
		"needs a shell":  {map[string]string{"package.json": `{"name":"x","main":"lib","scripts":{"start":"PORT=1 node a.js && b"}}`, "lib/index.js": ""}, []string{"node", "lib/index.js"}, "x", ""},
		"another script": {map[string]string{"package.json": `{"name":"x","scripts":{"start":"npm run server","server":"npm run-script serve:it","serve:it":"node a/b.js"}}`}, []string{"node", "a/b.js"}, "x", ""},
		"in a circle":    {map[string]string{"package.json": `{"name":"x","scripts":{"start":"npm run again","again":"npm run start"}}`, "server.js": ""}, []string{"node", "server.js"}, "x", ""},
		"more than it":   {map[string]string{"package.json": `{"name":"x","scripts":{"start":"npm run server -- --port 80","server":"node a.js"}}`, "server.js": ""}, []string{"node", "server.js"}, "x", ""},
		"template":       {map[string]string{"package.json": `{"name":"x","main":"a%{b}.js"}`, "a%{b}.js": ""}, []string{"node", "a%{b}.js"}, "x", ""},
		"usual name":     {map[string]string{"package.json": `{"name":"1x"}`, "server.js": ""}, []string{"node", "server.js"}, "app", ""},
		"main leads out": {map[string]string{"package.json": `{"main":"../../etc/passwd"}`}, nil, "", CodeStart},
		"other keys":     {map[string]string{"package.json": `{"Name":"y","name":"x","NAME":"z","Main":"other.js","Scripts":{"start":"node other.js"},"scripts":{"Start":"node other.js"}}`, "other.js": "", "server.js": ""}, []string{"node", "server.js"}, "x", ""},
		"other types":    {map[string]string{"package.json": `{"name":["x"],"main":true,"scripts":{"start":["node","a.js"],"test":5}}`, "server.js": ""}, []string{"node", "server.js"}, "app", ""},
		"the last key":   {map[string]string{"package.json": `{"name":"y","main":"a.js","name":"x","main":"b.js"}`, "a.js": "", "b.js": ""}, []string{"node", "b.js"}, "x", ""},
		"nothing":        {map[string]string{"package.json": `{}`}, nil, "", CodeStart},
		"no manifest":    {nil, nil, "", CodeManifest},
		"broken":         {map[string]string{"package.json": `{`}, nil, "", CodeManifest},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := project(t, test.files)
			r, err := Write(dir, "build.hcl")
			if test.code != "" {
				if ps := diag.All(err); len(ps) != 1 || ps[0].Code != test.code {
					t.Errorf("err = %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.cmd, r.Cmd); diff != "" {
				t.Errorf("cmd (-want +got):\n%s", diff)
			}
			p, err := pipelines.Open(dir, "build.hcl", pipelines.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.cmd, p.Images[0].Cmd); diff != "" || p.Name != test.name {
				t.Errorf("%q (-want +got):\n%s", p.Name, diff)
			}
		})
	}
}

// What projects of the usual kinds get, without the lines that all have.
func TestWriteBuildsRealProjects(t *testing.T) {
	lock := func(packages string) string {
		return `{"name":"x","lockfileVersion":3,"packages":{"":{"name":"x","dependencies":{"core-js":"3.1.0","addon":"1.0.0"},"devDependencies":{"es5-ext":"1.0.0"}}` + packages + `}}`
	}
	layers := "\n  layer \"modules\" {\n    from = npm.deps.production\n  }\n  layer \"app\" {\n    from = [project.production, step.build]\n  }\n}\n"
	const offered = "  # No install script runs unless its block stands here. Who allows one takes its number\n  # signs away, and says in the reason what the team agreed to.\n"
	tests := map[string]struct {
		files   map[string]string
		want    string
		unknown []string // how each begins
	}{
		"typescript": {
			map[string]string{"package.json": `{"name":"x","main":"dist/a.js","scripts":{"build":"tsc -p .","start":"node dist/a.js","test":"node --test"}}`, "src/a.ts": ""},
			"# The build script of package.json: `nbuild explain typescript`.\nstep \"build\" {\n  use = \"typescript\"\n}\n\nimage \"x\" {\n  cmd = [\"node\", \"dist/a.js\"]\n" + layers +
				"\n# `nbuild run test` runs the tests; after = [step.test] in the image block has them pass first.\nstep \"test\" {\n  use    = \"node/test\"\n  inputs = [project.all, npm.deps.all, step.build]\n}\n", nil,
		},
		"another folder": {
			map[string]string{"package.json": `{"name":"x","scripts":{"compile":"tsc --project tsconfig.build.json","prestart":"npm run compile","start":"node ."},"main":"lib/main.js"}`,
				"tsconfig.build.json": `{ "extends": "./tsconfig", /* kept */ }`, "tsconfig.json": "{ \"compilerOptions\": { // of all\n \"outDir\": \"./lib\", } }"},
			"# The compile script of package.json: `nbuild explain typescript`.\nstep \"build\" {\n  use     = \"typescript\"\n  run     = [\"node_modules/.bin/tsc\", \"--project\", \"tsconfig.build.json\"]\n  outputs = [\"lib\"]\n}\n\nimage \"x\" {\n  cmd = [\"node\", \"./lib/main.js\"]\n" + layers, nil,
		},
		"nest": {
			map[string]string{"package.json": `{"name":"x","engines":{"node":"^24"},"scripts":{"prebuild":"rimraf dist","build":"nest build","start":"nest start","start:prod":"node dist/main"}}`},
			"# By engines of package.json.\nbase \"node\" {\n  node = \"24\"\n}\n\n# The build script of package.json: `nbuild explain nest`.\nstep \"build\" {\n  use = \"nest\"\n}\n\nimage \"x\" {\n  cmd = [\"node\", \"dist/main\"]\n" + layers, nil,
		},
		"next": {
			map[string]string{"package.json": `{"name":"x","scripts":{"build":"run-s db:migrate build:next","db:migrate":"drizzle-kit migrate","build:next":"next build","start":"next start -p $PORT"}}`, "public/a.txt": "", "src/app.tsx": `import { Inter } from "next/font/google"`},
			"# What the server of Next serves: `nbuild explain next`.\nstep \"build\" {\n  use = \"next\"\n}\n\nimage \"x\" {\n  cmd    = [\"node\", \"server.js\"]\n  env    = { HOSTNAME = \"0.0.0.0\", NODE_ENV = \"production\" }\n  expose = [\"3000/tcp\"]\n\n" +
				"  layer \"server\" {\n    from = step.build.output[\".next/standalone\"]\n  }\n  layer \"static\" {\n    from = step.build.output[\".next/static\"]\n    to   = \"/app/.next/static\"\n  }\n  layer \"public\" {\n    from = files(\"public/**\")\n  }\n}\n",
			[]string{"next/font/google", "`drizzle-kit migrate` asks", "of the start script: `$PORT`"},
		},
		"several commands": {
			map[string]string{"package.json": `{"name":"x","scripts":{"build":"npm run clean && cross-env NODE_ENV=production npm run bundle && npm run css","clean":"rm -rf dist","bundle":"node build.mjs 'a b'","css":"sass a.scss dist/a.css","start":"npm run css && NODE_ENV=production node --watch dist/a.js --port ${PORT:-80} | pretty"}}`},
			"# The build script of package.json: `nbuild explain npm/build`.\nstep \"build\" {\n  use     = \"npm/build\"\n  run     = [\"sh\", \"-c\", \"export PATH=$PWD/node_modules/.bin:$PATH && node build.mjs 'a b' && sass a.scss dist/a.css\"]\n  outputs = [\"dist\"]\n}\n\nimage \"x\" {\n  cmd = [\"node\", \"dist/a.js\", \"--port\", \"80\"]\n  env = { NODE_ENV = \"production\" }\n" + layers,
			[]string{"the step keeps dist", "of the start script: its output goes through `pretty`"},
		},
		"what nobody can tell": {
			map[string]string{"package.json": `{"name":"x","scripts":{"build":"grunt assets","start":"nodemon -w src --ext js,njk server.js"}}`, "server.js": ""},
			"image \"x\" {\n  cmd = [\"node\", \"server.js\"]\n}\n", []string{"what `grunt assets` makes could not be told"},
		},
		"packages with scripts": {
			map[string]string{"package.json": `{"name":"x","scripts":{"start":"node a.js"}}`, "a.js": "", "package-lock.json": lock(`,
				"node_modules/core-js":{"version":"3.1.0","hasInstallScript":true,"resolved":"https://registry.example.com/core-js/-/core-js-3.1.0.tgz","integrity":"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="},
				"node_modules/addon":{"version":"1.0.0","hasInstallScript":true,"resolved":"https://registry.example.com/addon/-/addon-1.0.0.tgz","integrity":"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="},
				"node_modules/es5-ext":{"version":"1.0.0","dev":true,"hasInstallScript":true,"resolved":"https://registry.example.com/es5-ext/-/es5-ext-1.0.0.tgz","integrity":"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="}`)},
			"npm \"deps\" {\n  unbuilt \"core-js\" {\n    reason = \"its script prints a message that asks for funding\"\n  }\n\n" + offered +
				"\n  # addon@1.0.0 has an install script.\n  # script \"addon\" {\n  #   allow  = [\"preinstall\", \"install\", \"postinstall\"]\n  #   reason = \"production loads what its install script makes\"\n  # }\n}\n\nimage \"x\" {\n  cmd = [\"node\", \"a.js\"]\n}\n",
			[]string{"whether production needs what install scripts make, of addon"},
		},
		"packages that are at hand": {
			map[string]string{"package.json": `{"name":"x","scripts":{"start":"node a.js"}}`, "a.js": "", "package-lock.json": lock(`,
				"node_modules/core-js":{"version":"3.1.0","resolved":"https://registry.example.com/core-js/-/core-js-3.1.0.tgz","integrity":"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="},
				"node_modules/addon":{"version":"1.0.0","hasInstallScript":true,"dependencies":{"cypress":"1.0.0"},"resolved":"https://registry.example.com/addon/-/addon-1.0.0.tgz","integrity":"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="},
				"node_modules/cypress":{"version":"1.0.0","hasInstallScript":true,"resolved":"https://registry.example.com/cypress/-/cypress-1.0.0.tgz","integrity":"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="}`),
				"node_modules/addon/package.json": `{"version":"1.0.0","scripts":{"postinstall":"echo \"${A}\"\n"}}`, "node_modules/addon/binding.gyp": "{}",
				"node_modules/cypress/package.json": `{"version":"2.0.0","scripts":{"install":"x"}}`},
			"npm \"deps\" {\n" + offered +
				"\n  # addon@1.0.0 runs install: node-gyp rebuild; postinstall: echo \"${A}\".\n  # script \"addon\" {\n  #   allow  = [\"install\", \"postinstall\"]\n  #   reason = \"production loads what it makes by install: node-gyp rebuild; postinstall: echo \\\"$${A}\\\"\"\n  # }\n" +
				"\n  # cypress@1.0.0 has an install script; it brings a program from a server, and can't make\n  # that itself.\n  # unbuilt \"cypress\" {\n  #   reason = \"the program that its script brings is a fetch, or production does without it\"\n  # }\n}\n\nimage \"x\" {\n  cmd = [\"node\", \"a.js\"]\n}\n",
			[]string{"whether production needs what install scripts make, of addon, cypress"},
		},
		"another package manager": {
			map[string]string{"package.json": `{"name":"x","scripts":{"start":"node a.js"}}`, "a.js": "", "pnpm-lock.yaml": "lockfileVersion: '9.0'"},
			"image \"x\" {\n  cmd = [\"node\", \"a.js\"]\n}\n", nil,
		},
		"a lockfile that is not read": {
			map[string]string{"package.json": `{"name":"x","scripts":{"start":"node a.js"}}`, "a.js": "", "bun.lock": "{}"},
			"image \"x\" {\n  cmd = [\"node\", \"a.js\"]\n}\n", []string{"bun.lock is not read yet: `npm install --package-lock-only`"},
		},
		"tsx": {
			map[string]string{"package.json": `{"name":"x","dependencies":{"tsx":"1"},"scripts":{"start":"tsx ./a.ts"}}`, "a.ts": "", "Dockerfile": "FROM node:22\nCMD [\"npm\", \"start\"]"},
			"image \"x\" {\n  cmd = [\"node\", \"--import\", \"tsx\", \"./a.ts\"]\n}\n", nil,
		},
		"a package's command": {
			map[string]string{"package.json": `{"name":"x","main":"a.js","scripts":{"start":"npm run build:ts && cli-serve start -l info dist/app.js","build:ts":"tsc"}}`, "a.js": "", "package-lock.json": `{"name":"x","lockfileVersion":3,"packages":{"":{"name":"x","dependencies":{"cli-serve":"1.0.0"},"devDependencies":{}},"node_modules/cli-serve":{"version":"1.0.0","bin":{"cli-serve":"cli.js"},"resolved":"https://registry.example.com/cli-serve/-/cli-serve-1.0.0.tgz","integrity":"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="}}}`},
			"# The build:ts script of package.json: `nbuild explain typescript`.\nstep \"build\" {\n  use = \"typescript\"\n}\n\nimage \"x\" {\n  cmd = [\"node\", \"node_modules/.bin/cli-serve\", \"start\", \"-l\", \"info\", \"dist/app.js\"]\n" + layers, nil,
		},
		"a workshop's command": { // neither a bundler of production nor a command of development is a server
			map[string]string{"package.json": `{"name":"x","main":"a.js","scripts":{"start":"vite","serve":"devserver ."}}`, "a.js": "", "package-lock.json": `{"name":"x","lockfileVersion":3,"packages":{"":{"name":"x","dependencies":{"vite":"1.0.0"},"devDependencies":{"devserver":"1.0.0"}},"node_modules/vite":{"version":"1.0.0","bin":{"vite":"cli.js"},"resolved":"https://registry.example.com/vite/-/vite-1.0.0.tgz","integrity":"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="},"node_modules/devserver":{"version":"1.0.0","dev":true,"bin":{"devserver":"cli.js"},"resolved":"https://registry.example.com/devserver/-/devserver-1.0.0.tgz","integrity":"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="}}}`},
			"image \"x\" {\n  cmd = [\"node\", \"a.js\"]\n}\n", nil,
		},
		"a translator": {
			map[string]string{"package.json": `{"name":"x","main":"index.js","scripts":{"start":"nodemon --exec babel-node src/a.js"}}`, "src/a.js": "", "package-lock.json": `{"name":"x","lockfileVersion":3,"packages":{"":{"name":"x","dependencies":{},"devDependencies":{"@babel/node":"1.0.0"}},"node_modules/@babel/node":{"version":"1.0.0","dev":true,"bin":{"babel-node":"cli.js"},"resolved":"https://registry.example.com/@babel/node/-/@babel/node-1.0.0.tgz","integrity":"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="}}}`},
			"image \"x\" {\n  cmd = [\"node\", \"node_modules/.bin/babel-node\", \"src/a.js\"]\n\n  layer \"modules\" {\n    from = npm.deps.all\n  }\n  layer \"app\" {\n    from = project.production\n  }\n}\n",
			[]string{"`babel-node` compiles the program each time that it starts"},
		},
		"SvelteKit": {
			map[string]string{"package.json": `{"name":"x","devDependencies":{"@sveltejs/adapter-node":"5","vite":"7"},"scripts":{"build":"vite build"}}`, "svelte.config.js": "export default { kit: { adapter: adapter({ out: 'server' }) } }"},
			"# The build script of package.json: `nbuild explain vite`.\nstep \"build\" {\n  use     = \"vite\"\n  outputs = [\"server\"]\n}\n\nimage \"x\" {\n  cmd = [\"node\", \"server\"]\n" + layers, nil,
		},
		"Nuxt": {
			map[string]string{"package.json": `{"name":"x","devDependencies":{"nuxt":"^4.0.0"},"engines":{"node":"24.1.0"},"scripts":{"build":"NODE_OPTIONS=--max-old-space-size=6144 nuxt build","postinstall":"nuxt prepare"}}`},
			"# By engines of package.json.\nbase \"node\" {\n  node = \"24\"\n}\n\n# What the scripts of package.json make: postinstall, build: `nbuild explain npm/build`.\nstep \"build\" {\n  use     = \"npm/build\"\n  run     = [\"sh\", \"-c\", \"export PATH=$PWD/node_modules/.bin:$PATH && nuxt prepare && NODE_OPTIONS=--max-old-space-size=6144 nuxt build\"]\n  outputs = [\".output\"]\n  memory  = \"8GiB\"\n}\n\nimage \"x\" {\n  cmd = [\"node\", \".output/server/index.mjs\"]\n" + layers, []string{"engines of package.json ask for Node 24.1.0, and the image has the newest 24"},
		},
		"Prisma 7": { // which generates without a program from outside
			map[string]string{"package.json": `{"name":"x","main":"dist/a.js","dependencies":{"@prisma/client":"^7.8.0"},"devDependencies":{"prisma":"^7.8.0"},"scripts":{"build":"npx prisma generate && tsc","start":"node dist/a.js"}}`,
				"prisma.config.ts": `export default defineConfig({ schema: 'db/schema.prisma', datasource: { url: env('DATABASE_URL') } })`, "tsconfig.json": `{"compilerOptions":{"outDir":"dist"}}`, "db/schema.prisma": "generator client {\n  provider = \"prisma-client\"\n  output   = \"../src/made\"\n}\n"},
			"# The build script of package.json: `nbuild explain npm/build`.\nstep \"build\" {\n  use     = \"npm/build\"\n  run     = [\"sh\", \"-c\", \"export PATH=$PWD/node_modules/.bin:$PATH && PRISMA_SCHEMA_ENGINE_BINARY=/bin/true DATABASE_URL=none prisma generate && tsc\"]\n  outputs = [\"dist\", \"src/made\"]\n}\n\nimage \"x\" {\n  cmd = [\"node\", \"dist/a.js\"]\n" + layers, nil,
		},
		"Prisma 6": {
			map[string]string{"package.json": `{"name":"x","main":"a.js","dependencies":{"@prisma/client":"^6.8.0"},"devDependencies":{"prisma":"^6.8.0"},"scripts":{"postinstall":"prisma generate"}}`, "a.js": ""},
			"image \"x\" {\n  cmd = [\"node\", \"a.js\"]\n}\n", []string{"`prisma generate` downloads Prisma's engines", "Prisma's client is generated with programs that it downloads"},
		},
		"a script of the project": {
			map[string]string{"package.json": `{"name":"x","scripts":{"postinstall":"npm run build","build":"bin/build","start":"node a.js"}}`, "a.js": "", "bin/build": "#!/usr/bin/env bash\n# the styles\nset -e\nsass --quiet a.scss public/a.css\n"},
			"# The postinstall script of package.json: `nbuild explain npm/build`.\nstep \"build\" {\n  use     = \"npm/build\"\n  run     = [\"sh\", \"-c\", \"export PATH=$PWD/node_modules/.bin:$PATH && bin/build\"]\n  outputs = [\"public/a.css\"]\n}\n\nimage \"x\" {\n  cmd = [\"node\", \"a.js\"]\n" + layers, nil,
		},
		"a Dockerfile": {
			map[string]string{"package.json": `{"name":"x","scripts":{"start":"ts-node src/a.ts"}}`, "bin/a.js": "", "Dockerfile": "FROM node:22 as build\nCMD node wrong.js\nFROM node:22\nENTRYPOINT [\"tini\", \"--\"]\nCMD [\"node\", \"bin/a.js\"]"},
			"image \"x\" {\n  cmd = [\"node\", \"bin/a.js\"]\n}\n", nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := project(t, test.files)
			r, err := Write(dir, "build.hcl")
			if err != nil {
				t.Fatal(err)
			}
			got := strings.TrimPrefix(r.Text, "nbuild = \"1\"\n\nproject \"x\" {}\n\n")
			got, notes, _ := strings.Cut(got, "\n# Not known, or not done here:\n")
			got = asked.ReplaceAllString(got, "") // its test is another
			uncommented(t, dir, r.Text)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
			if len(r.Unknown) != len(test.unknown) || strings.Count(notes, "\n") != len(test.unknown) {
				t.Fatalf("not known: %q\n%s", r.Unknown, notes)
			}
			for i, begins := range test.unknown {
				if !strings.HasPrefix(r.Unknown[i], begins) || !strings.Contains(notes, "# - "+begins) {
					t.Errorf("not known: %q, want %q", r.Unknown[i], begins)
				}
			}
		})
	}
}

var (
	asked    = regexp.MustCompile(`(?s)\n  # To have the image started.*?\n  # }\n`)
	proposed = regexp.MustCompile(`(?m)^  # ((?:unbuilt|script|check) ".*\{|  [a-z_]+ += .*|\})$`)
)

// uncommented takes the number signs from before all blocks that a file proposes: it is
// valid then, and in the standard form.
func uncommented(t *testing.T, dir, text string) *pipelines.Project {
	t.Helper()
	all := proposed.ReplaceAllString(text, "  $1")
	if strings.Contains(text, "# }") == (all == text) {
		t.Errorf("no block was found, or what is none:\n%s", text)
	}
	if formatted, err := hclfile.Format([]byte(all), "build.hcl"); err != nil || string(formatted) != all {
		t.Errorf("not in the standard form: %v\n%s", err, all)
	}
	p, err := pipelines.Parse([]byte(all), "build.hcl", os.DirFS(dir), pipelines.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", diag.All(err), all)
	}
	return p
}

// What commands leave whose settings say nothing, or say it in a file.
func TestLeaves(t *testing.T) {
	for _, test := range []struct {
		command string
		m       manifest
		files   fstest.MapFS
		want    []string
	}{
		{"lb-tsc", manifest{}, nil, []string{"dist"}},
		{"lb-tsc", manifest{}, fstest.MapFS{"tsconfig.json": {Data: []byte(`{"compilerOptions":{"outDir":"out"}}`)}}, []string{"out"}},
		{"remix vite:build", manifest{}, nil, []string{"build"}},
		{"remix build", manifest{}, nil, []string{"build", "public/build"}},
		{"react-router build", manifest{}, nil, []string{"build"}},
		{"astro build", manifest{}, nil, []string{"dist"}},
		{"strapi build", manifest{all: map[string]string{"@strapi/strapi": "^4.25.0"}}, nil, []string{"build"}},
		{"strapi build", manifest{all: map[string]string{"@strapi/strapi": "5.1.0"}}, nil, []string{"dist"}},
		{"nuxi prepare", manifest{all: map[string]string{"nuxt": "^4"}}, nil, nil},
		{"nuxt build", manifest{all: map[string]string{"nuxt": "^2.15"}}, nil, []string{".nuxt"}},
	} {
		if got, known := leaves(test.files, test.m, strings.Fields(test.command)); !known || !slices.Equal(got, test.want) {
			t.Errorf("%s leaves %q (%t), want %q", test.command, got, known, test.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("A=1 npx -y tsc -p . && node 'a b' | x; run-s a b", "{ \"a\": 1, // x\n /* y */ }")
	f.Add("nodemon --exec \"node -r x\" ${PORT:=1} a.js", "[,]")
	f.Fuzz(func(t *testing.T, script, config string) {
		m := manifest{scripts: map[string]string{"start": script, "build": script, "a": "npm run b", "b": "npm run a"}, all: map[string]string{}}
		s := &start{env: map[string]string{}}
		if s.read(m, script, 0) && !s.next && (len(s.cmd) == 0 || s.cmd[0] != "node") {
			t.Errorf("%q starts %q", script, s.cmd)
		}
		w := &work{}
		if w.gather(m, script, 0); len(w.doing) != len(w.shell) {
			t.Errorf("%d and %d commands", len(w.doing), len(w.shell))
		}
		readConfig(config)
	})
}

func TestWriteNeverOverwrites(t *testing.T) {
	dir := project(t, map[string]string{"package.json": `{"name":"x"}`, "server.js": "", "build.hcl": "mine"})
	_, err := Write(dir, "build.hcl")
	if ps := diag.All(err); len(ps) != 1 || ps[0].Code != CodeExists {
		t.Errorf("err = %v", err)
	}
	if src, _ := os.ReadFile(filepath.Join(dir, "build.hcl")); string(src) != "mine" {
		t.Errorf("written over: %q", src)
	}
	if err := os.Symlink("../outside.hcl", filepath.Join(dir, "link.hcl")); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(dir, "link.hcl"); err == nil {
		t.Error("written through a link that leads out")
	}
	if _, err := os.Stat(strings.TrimSuffix(dir, "/") + "/../outside.hcl"); err == nil {
		t.Error("a file outside of the project")
	}
}
