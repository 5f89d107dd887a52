package arch

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// typed is the beginning of a command line within backticks.
var typed = regexp.MustCompile("`(?:nbuild|npm|git|node|cp|mv|rm|docker|podman|cosign|crane|openssl|apt-get|sudo|sysctl|cat|ls|chmod|mkdir)(?: |$)")

// TestWhatIsTypedIsQuoted holds that every command in a message has its changing parts
// through diag.Word: they come from lockfiles and manifests, which others write, and the
// reader types them with the reader's own rights.
func TestWhatIsTypedIsQuoted(t *testing.T) {
	found := 0
	for _, s := range sources(t) {
		inner := map[ast.Expr]bool{}
		ast.Inspect(s.file, func(n ast.Node) bool {
			var text string
			var parts []ast.Expr
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if n.Op != token.ADD || inner[n] {
					return true
				}
				text, parts = joined(n, inner)
			case *ast.CallExpr:
				at := slices.IndexFunc(n.Args, func(e ast.Expr) bool { return literal(e) != "" && strings.Contains(literal(e), "%") })
				if at < 0 || !strings.HasSuffix(name(n.Fun), "f") {
					return true
				}
				text, parts = literal(n.Args[at]), n.Args[at+1:]
				text = verb.ReplaceAllStringFunc(text, func(v string) string {
					if v == "%%" {
						return "%"
					}
					return "\x00"
				})
			default:
				return true
			}
			for _, p := range within(text, parts) {
				found++
				if !quoted(p) {
					t.Errorf("%s: the command in %q has a part that is not through diag.Word: a shell would read it", s.set.Position(p.Pos()), strings.ReplaceAll(text, "\x00", "…"))
				}
			}
			return true
		})
	}
	if found < 30 {
		t.Errorf("only %d changing parts of commands were found: the search is broken", found)
	}
}

var verb = regexp.MustCompile(`%[-+# 0-9.]*[a-zA-Z%]`)

// joined is a concatenation as text, each part that is no literal a zero byte.
func joined(e ast.Expr, inner map[ast.Expr]bool) (string, []ast.Expr) {
	if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.ADD {
		inner[b] = true
		left, l := joined(b.X, inner)
		right, r := joined(b.Y, inner)
		return left + right, append(l, r...)
	}
	if text := literal(e); text != "" || isText(e) {
		return text, nil
	}
	return "\x00", []ast.Expr{e}
}

// within returns the parts that stand inside of commands.
func within(text string, parts []ast.Expr) []ast.Expr {
	var in []ast.Expr
	i := 0
	for k, piece := range strings.Split(text, "`") {
		command := k%2 == 1 && typed.MatchString("`"+piece)
		for range strings.Count(piece, "\x00") {
			if i < len(parts) && command {
				in = append(in, parts[i])
			}
			i++
		}
	}
	return in
}

// quoted reports whether a part is a word already: through diag.Word, or nbuild's own.
func quoted(e ast.Expr) bool {
	c, ok := e.(*ast.CallExpr)
	return ok && slices.Contains([]string{"diag.Word", "Word"}, name(c.Fun))
}

func name(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok && x.Name == "diag" {
			return "diag." + e.Sel.Name
		}
		return e.Sel.Name
	}
	return ""
}

func isText(e ast.Expr) bool {
	l, ok := e.(*ast.BasicLit)
	return ok && l.Kind == token.STRING
}

func literal(e ast.Expr) string {
	if !isText(e) {
		return ""
	}
	s, _ := strconv.Unquote(e.(*ast.BasicLit).Value)
	return s
}
