package initialise

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// answers is what a started image is asked, as far as that is known.
type answers struct {
	port  int    // 0 is not known
	path  string // "" is not known
	local bool   // it listens on the loopback alone
	needs string // a package of production that connects to another server; "" is none
}

// healthy are the routes by which servers say that they are well, the most telling first.
var healthy = []string{"/healthz", "/health", "/readyz", "/ready", "/livez", "/live", "/status", "/ping", "/api/healthz", "/api/health", "/api/status", "/"}

// asking are packages that connect to a server which no check has.
var asking = []string{
	"@elastic/elasticsearch", "@keyv/redis", "@neondatabase/serverless", "@nestjs/mongoose", "@nestjs/sequelize", "@nestjs/typeorm", "@prisma/client", "@supabase/supabase-js", "amqplib", "bull", "bullmq", "cassandra-driver", "connect-mongo", "connect-redis", "couchbase", "drizzle-orm", "firebase-admin", "ioredis", "kafkajs", "knex", "ldapjs", "mariadb", "memcached", "mongodb", "mongoose", "mqtt", "mssql", "mysql", "mysql2", "nats", "neo4j-driver", "oracledb", "parse-server", "pg", "pg-promise", "postgres", "redis", "sequelize", "tedious", "typeorm",
}

// ask finds what a started image can be asked.
func (s *survey) ask(folder fs.FS, m manifest) {
	a := &s.answers
	for _, name := range slices.Sorted(maps.Keys(m.production)) {
		if slices.Contains(asking, name) {
			a.needs = name
			break
		}
	}
	if s.start.next {
		a.port = 3000
		if port, err := strconv.Atoi(s.start.env["PORT"]); err == nil {
			a.port = port
		}
		for _, at := range []string{"api/healthz", "api/health", "healthz", "health"} {
			for _, file := range []string{"app/" + at + "/route.ts", "app/" + at + "/route.js", "src/app/" + at + "/route.ts", "src/app/" + at + "/route.js", "pages/" + at + ".ts", "pages/" + at + ".js", "src/pages/" + at + ".ts", "src/pages/" + at + ".js"} {
				if _, err := fs.Stat(folder, file); err == nil && a.path == "" {
					a.path = "/" + at
				}
			}
		}
		return
	}
	found := findServer(folder, s.start.file(), s.start.env)
	if len(found.ports) == 1 {
		a.port, a.local = found.ports[0], found.local
	}
	for _, route := range healthy {
		if slices.Contains(found.routes, route) {
			a.path = route
			break
		}
	}
}

// writeCheck writes the check block: as it stands where all of it is known, else as a
// comment that says what to fill in.
func (s *survey) writeCheck(say func(string, ...any)) {
	a := s.answers
	question := strconv.Itoa(a.port) + orDefault(a.path, "/")
	if a.local {
		question = "localhost:" + question
	}
	if a.port != 0 && a.path != "" && a.needs == "" {
		if a.local {
			say("# It listens on its loopback alone: from outside of its container nobody reaches it.\n")
		}
		say("check \"answers\" {\nexpect_http = %s\n}\n", quote(question))
		return
	}
	var fill []string
	if a.port == 0 {
		question = "8080" + orDefault(a.path, "/")
		fill = append(fill, "the port that it listens on")
	}
	if a.path == "" {
		fill = append(fill, "a path that it answers with 200")
	}
	if a.needs != "" {
		fill = append(fill, fmt.Sprintf("a command or variables with which it answers without the server that %s connects to", a.needs))
	}
	for _, line := range wrapped("To have the image started and asked before it is released, fill in " + strings.Join(fill, ", and ") + ":") {
		say("# %s\n", line)
	}
	say("# check \"answers\" {\n#   expect_http = %s\n# }\n", quote(question))
}
