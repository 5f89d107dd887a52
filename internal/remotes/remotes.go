// Package remotes reads remotes.hcl, in which a user says once how the servers of --remote
// are reached: under which name, with which credentials, and whether what they keep of
// earlier runs is believed.
//
// It stands in the user's folder for configuration and not in the project, because who
// may use a cluster is no property of what is built on it, and because a repository must
// not choose where its own steps run. The file holds no secret: it names the files that
// do.
//
// The invariant: what is read without a problem has an address in each block, and no two
// blocks of one name.
package remotes

import (
	"path/filepath"

	"github.com/zclconf/go-cty/cty"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
)

// File is the name of the file in the folder nbuild of the user's configuration.
const File = "remotes.hcl"

// Server is a remote block. Paths are absolute, "" where there is none.
type Server struct {
	Name        string
	Address     string
	TokenFile   string
	Certificate string // PEM, of this client
	Key         string // ... and its key
	CA          string // PEM, of those who vouch for the server in place of the machine's
	Ignore      bool   // results that the server keeps are not taken
	At          diag.Pos
}

// Language is what the file may hold.
var Language = hclfile.Schema{Blocks: []hclfile.Block{{
	Name: "remote", Labels: []string{"name"}, Doc: "A server of the Remote Execution API.",
	Body: hclfile.Schema{Attrs: []hclfile.Attr{
		{Name: "address", Type: cty.String, Required: true, Doc: "Where it is: grpcs://HOST/INSTANCE, or grpc:// without TLS."},
		{Name: "token_file", Type: cty.String, Doc: "A file with a bearer token."},
		{Name: "certificate", Type: cty.String, Doc: "A PEM file with the certificate that this client shows."},
		{Name: "key", Type: cty.String, Doc: "A PEM file with its key."},
		{Name: "ca", Type: cty.String, Doc: "A PEM file with the certificates that vouch for the server, in place of the machine's."},
		{Name: "results", Type: cty.String, OneOf: []string{"use", "ignore"}, Default: `"use"`, Doc: "Whether results that it keeps are taken. Where others may write them, they are not to be."},
	}},
}}}

// Parse reads the file at a path, whose folder relative names start from.
func Parse(src []byte, at string) ([]Server, error) {
	file, err := hclfile.Parse(src, at)
	if err != nil {
		return nil, err
	}
	body, problems := file.Decode(&Language)
	r := hclfile.Reader{File: file, Problems: problems, Plain: true}
	path := func(b *hclfile.Body, name string) string {
		p := r.String(b, name)
		if p == "" || filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(filepath.Dir(at), p)
	}
	var all []Server
	for _, b := range body.Of("remote") {
		all = append(all, Server{
			Name: b.Labels[0], Address: r.String(b, "address"), TokenFile: path(b, "token_file"), Certificate: path(b, "certificate"), Key: path(b, "key"), CA: path(b, "ca"),
			Ignore: r.String(b, "results") == "ignore", At: file.Pos(b.Range),
		})
	}
	if len(r.Problems) > 0 {
		r.Problems.Sort()
		return nil, r.Problems.Err()
	}
	return all, nil
}
