package registry

import (
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/npm/replica"
	"github.com/nbuild/nbuild/internal/wholefile"
)

// The problems of serving.
const (
	CodeListen  diag.Code = "NB0241" // the registry can't listen where it is told to
	CodeSecrets diag.Code = "NB0242" // tokens or a certificate can't be read
)

// shortest is how many characters a token has at least: one that is shorter could be tried out.
const shortest = 16

// tokens reads who is let in: a line a project, its name and its token. No message has one.
func tokens(host machine.Host, o Options) ([]replica.Token, error) {
	bad := func(what string, err error) error {
		return &diag.Problem{
			Code: CodeSecrets, What: what, Err: err, Why: "who shows a token is logged by the name that stands before it",
			Remedy: fmt.Sprintf("write a line for each project: its name, a space, and a token of at least %d characters", shortest),
		}
	}
	text, from := "", ""
	switch {
	case o.Tokens != "":
		src, err := wholefile.Read(host.Path(o.Tokens), bounds.KeyFile)
		if err != nil {
			return nil, bad(fmt.Sprintf("the tokens in %s can't be read", o.Tokens), err)
		}
		text, from = string(src), o.Tokens
	case o.TokensEnv != "":
		text, from = host.Env(o.TokensEnv), "the variable "+o.TokensEnv
	default:
		return nil, nil
	}
	var all []replica.Token
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		f := strings.Fields(line)
		if len(f) != 2 || len(f[1]) < shortest {
			return nil, bad(fmt.Sprintf("line %d of the tokens in %s is no name and a token", n, from), nil)
		}
		all = append(all, replica.NewToken(f[0], f[1]))
	}
	if len(all) == 0 {
		return nil, bad(fmt.Sprintf("there is no token in %s, and nobody would be let in", from), nil)
	}
	return all, nil
}
