package initialise

import (
	"strings"
	"testing"
)

// What a check asks is what the sources spell, and nothing that is guessed.
func TestWriteAsksWhatIsKnown(t *testing.T) {
	const fill = "# To have the image started"
	tests := map[string]struct {
		manifest string
		files    map[string]string
		want     []string // lines of the image block; "#" begins those of a comment
	}{
		"express": {`"scripts":{"start":"node ."},"main":"app.js"`, map[string]string{
			"app.js": "const app = require('express')()\napp.get('/', (q, r) => r.send('x'))\napp.get('/health', (q, r) => r.send('ok'))\nconst port = process.env.PORT || 3000\napp.listen(port, () => {})",
		}, []string{`expect_http = "3000/health"`}},
		"a port of the start script": {`"scripts":{"start":"PORT=8081 node app.js"}`, map[string]string{
			"app.js": "import express from 'express'\nconst app = express()\napp.get('/', (q, r) => r.send('x'))\napp.listen(Number(process.env.PORT ?? 3000), '0.0.0.0')",
		}, []string{`expect_http = "8081/"`}},
		"typescript": {`"scripts":{"build":"tsc -p .","start":"node dist/server.js"}`, map[string]string{
			"src/server.ts": "import { app } from './app.js'\nconst port: number = parseInt(process.env.PORT || '4000', 10)\napp.listen(port)",
			"src/app.ts":    "import express, { type Express } from 'express'\nexport const app: Express = express()\napp.get('/healthz', (q, r) => { r.end() })",
		}, []string{`expect_http = "4000/healthz"`}},
		"the generator of express": {`"scripts":{"start":"node ./bin/www"}`, map[string]string{
			"bin/www": "#!/usr/bin/env node\nvar app = require('../app');\nvar http = require('http');\nvar port = normalizePort(process.env.PORT || '3000');\napp.set('port', port);\nvar server = http.createServer(app);\nserver.listen(port);\nfunction normalizePort(val) { return parseInt(val, 10) }",
			"app.js":  "var express = require('express');\nvar app = express();\napp.get('/ping', f);\nmodule.exports = app",
		}, []string{`expect_http = "3000/ping"`}},
		"fastify on the loopback": {`"scripts":{"start":"node app.js"}`, map[string]string{
			"app.js": "const fastify = require('fastify')({ logger: true })\nfastify.get('/ready', async () => 'ok')\nfastify.listen({ port: 3000 })",
		}, []string{`# It listens on its loopback alone`, `expect_http = "localhost:3000/ready"`}},
		"fastify for all": {`"scripts":{"start":"node app.js"}`, map[string]string{
			"app.js": "import Fastify from 'fastify'\nconst app = Fastify()\napp.get('/live', async () => 'ok')\nawait app.listen({ port: 3000, host: process.env.HOST || '0.0.0.0' })",
		}, []string{`expect_http = "3000/live"`}},
		"a route of a router": {`"scripts":{"start":"node app.js"}`, map[string]string{
			"app.js": "const express = require('express')\nconst app = express(), router = express.Router()\nrouter.get('/health', f)\napp.use('/x', router)\napp.listen(80)",
		}, []string{fill, `# fill in a path`, `expect_http = "80/"`}},
		"a route elsewhere": {`"scripts":{"start":"node app.js"}`, map[string]string{
			"app.js": "const app = require('express')()\napp.get('/', (q, r) => r.redirect('/in'))\napp.get('/:id', f)\napp.listen(require('./settings').port)",
		}, []string{fill, `# fill in the port that it listens on, and a path`, `expect_http = "8080/"`}},
		"two ports": {`"scripts":{"start":"node app.js"}`, map[string]string{
			"app.js": "const app = require('express')()\napp.get('/health', f)\napp.listen(80)\nadmin.listen(81)",
		}, []string{fill, `# fill in the port`, `expect_http = "8080/health"`}},
		"a database": {`"dependencies":{"pg":"1","express":"5"},"scripts":{"start":"node app.js"}`, map[string]string{
			"app.js": "const app = require('express')()\napp.get('/health', f)\napp.listen(80)",
		}, []string{fill, `# fill in a command or variables`, `expect_http = "80/health"`}},
		"next": {`"scripts":{"build":"next build","start":"next start"}`, map[string]string{"src/app/api/health/route.ts": ""}, []string{`expect_http = "3000/api/health"`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.files["package.json"] = `{"name":"x",` + test.manifest + `}`
			dir := project(t, test.files)
			r, err := Write(dir, "build.hcl")
			if err != nil {
				t.Fatal(err)
			}
			if p := uncommented(t, dir, r.Text); len(p.Images[0].Checks) != 1 {
				t.Errorf("%d checks", len(p.Images[0].Checks))
			}
			flat := strings.Join(strings.Fields(strings.ReplaceAll(r.Text, "# ", "")), " ")
			for _, want := range test.want {
				if !strings.Contains(flat, strings.TrimPrefix(want, "# ")) {
					t.Errorf("no %s in\n%s", want, r.Text)
				}
			}
			if commented := strings.HasPrefix(test.want[0], fill); commented != strings.Contains(r.Text, "# check") || commented == strings.Contains(r.Text, "\n  check") {
				t.Errorf("the check is a comment, or should be:\n%s", r.Text)
			}
		})
	}
}
