package production

import (
	"path"
	"strings"

	"github.com/nbuild/nbuild/builder/guard"
	"github.com/nbuild/nbuild/sbom/dynamism/reach"
)

// meanings keeps what requests mean by the first folder that Node looks in for them: a
// relative one is looked for in the folder of who asks, a package first in the
// node_modules of that folder (Node.js documentation, "Loading from node_modules
// folders").
func (l *lister) meanings(all []reach.Meaning) {
	l.result.Meanings = guard.Meanings{}
	for _, m := range all {
		first := path.Join("/", m.Dir)
		if !relative(m.Request) && path.Base(first) != "node_modules" {
			first = path.Join(first, "node_modules")
		}
		if l.result.Meanings[first] == nil {
			l.result.Meanings[first] = map[string]string{}
		}
		l.result.Meanings[first][m.Request] = "/" + m.Path
	}
}

// relative reports whether Node takes a request for a path that begins where it is
// asked.
func relative(request string) bool {
	return request == "." || request == ".." || strings.HasPrefix(request, "./") || strings.HasPrefix(request, "../")
}
