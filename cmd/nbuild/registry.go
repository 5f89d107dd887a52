package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/operation/registry"
)

func (a *app) registryCommand() *cobra.Command {
	var o registry.Options
	cmd := &cobra.Command{
		Use: "registry", Short: "Serve the snapshot to npm, pnpm, yarn and bun",
		Long: `Serves the packages that nbuild.lock pins over the npm registry protocol, until it is
stopped. npm, pnpm, yarn and bun install from it as they are:

  npm install --registry http://127.0.0.1:4873/

It has what is pinned and nothing else, reads each version's manifest from the tarball
itself, and asks no other server: it works when those are down. Writes are refused. What
it can't know, such as advisories, it says so (501). Another nbuild.lock is served once
it is started again.

It listens to this machine alone. To others it speaks TLS, its own or that of a proxy in
front of it, and documents then have the address in --url. With tokens, whose file or
variable has a line "NAME TOKEN" for each project, who shows none is turned away.

stdout has a line for each request: when, which project, from where, what, and how it was
answered; with --json an object a line.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if (o.Cert == "") != (o.Key == "") {
				return usage("a certificate and its key belong together", "give --tls-cert and --tls-key, or neither")
			}
			if o.Tokens != "" && o.TokensEnv != "" {
				return usage("tokens are in a file or in a variable", "give --tokens or --tokens-env")
			}
			host, err := a.host()
			if err != nil {
				return err
			}
			log.SetOutput(io.Discard) // what the standard library's server says of broken connections
			var lines sync.Mutex
			o.Log = func(r registry.Request) {
				lines.Lock()
				defer lines.Unlock()
				fmt.Fprintln(a.stdout, a.requested(r))
			}
			o.Ready = func(s registry.Serving) {
				a.done()
				a.say(fmt.Sprintf("serving %d packages of %s on %s", s.Packages, s.Snapshot, s.URL))
			}
			return registry.Serve(cmd.Context(), host, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Listen, "listen", "127.0.0.1:4873", "where to listen, as `host:port`; port 0 is a free one")
	f.StringVar(&o.URL, "url", "", "the `address` that clients have, where it is another, as https://npm.example.com/")
	f.StringVar(&o.Cert, "tls-cert", "", "the `file` with the certificate, as PEM")
	f.StringVar(&o.Key, "tls-key", "", "the `file` with its key, as PEM")
	f.StringVar(&o.Tokens, "tokens", "", "the `file` with a name and a token of each project")
	f.StringVar(&o.TokensEnv, "tokens-env", "", "the environment `variable` that has them")
	return cmd
}

// requested writes a request, as a line of text or of JSON.
func (a *app) requested(r registry.Request) string {
	at := a.now().UTC().Format(time.RFC3339)
	if a.json {
		line, err := json.Marshal(struct {
			Schema  string `json:"schema"`
			Time    string `json:"time"`
			Project string `json:"project"`
			From    string `json:"from"`
			Method  string `json:"method"`
			Path    string `json:"path"`
			Status  int    `json:"status"`
			Bytes   int64  `json:"bytes"`
			Agent   string `json:"agent"`
		}{"nbuild.registry/v1", at, r.Project, r.From, r.Method, r.Path, r.Status, r.Bytes, r.Agent})
		if err == nil {
			return string(line)
		}
	}
	project := r.Project
	if project == "" {
		project = "-"
	}
	return fmt.Sprintf("%s %s %s %d %d %s %s %q", at, diag.Clean(project), r.From, r.Status, r.Bytes, diag.Clean(r.Method), diag.Clean(r.Path), r.Agent)
}
