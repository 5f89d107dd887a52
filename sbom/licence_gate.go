package sbom

import (
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// DenyLicences returns a problem for each package that can't be used without a
// denied licence (build.hcl, sbom: deny_license), by purl and path. Of a choice
// ("MIT OR AGPL-3.0-only") one free branch is enough; of a conjunction every part
// counts. A licence that is not known (NOASSERTION, or none) is not denied: the BOM
// tells which those are.
func DenyLicences(v *Inventory, deny []string) diag.Problems {
	denied := make(map[string]bool, len(deny))
	for _, d := range deny {
		denied[strings.ToLower(Licence(d))] = true
	}
	var ps diag.Problems
	all := v.canonical()
	brings := explain(all)
	for _, p := range all.Packages {
		if len(ps) == bounds.Problems {
			break
		}
		if p.Purl == "" || !known(p.License) || usable(p.License, denied) {
			continue
		}
		what := p.Purl
		if p.Path != "" {
			what += " at " + p.Path
		}
		why := "the project denies that licence, and there is no other to choose"
		if by := brings(p.Ref); len(by) > 0 {
			why += "; it comes by " + by[0]
		}
		ps = append(ps, &diag.Problem{
			Code:   CodeLicence,
			What:   fmt.Sprintf("%s is licensed under %s", what, p.License),
			Why:    why,
			Remedy: "replace the package that brings it in, or take the licence off deny_license in build.hcl",
		})
	}
	return ps
}

// usable reports whether a licence, in the form that Licence gives, can be chosen
// so that none of the denied ones applies.
func usable(licence string, denied map[string]bool) bool {
	if denied[strings.ToLower(licence)] {
		return false
	}
	if _, ok := spdxExpression(licence); !ok {
		return true
	}
	e := evaluator{words: expressionWords(licence), denied: denied}
	return e.or()
}

// evaluator walks an expression that spdxExpression took.
type evaluator struct {
	words  []string
	denied map[string]bool
}

func (e *evaluator) take(word string) bool {
	if len(e.words) > 0 && e.words[0] == word {
		e.words = e.words[1:]
		return true
	}
	return false
}

func (e *evaluator) or() bool {
	free := e.and()
	for e.take("OR") {
		branch := e.and() // always walked, so that the words are used up
		free = free || branch
	}
	return free
}

func (e *evaluator) and() bool {
	free := e.simple()
	for e.take("AND") {
		part := e.simple()
		free = free && part
	}
	return free
}

func (e *evaluator) simple() bool {
	if e.take("(") {
		free := e.or()
		e.take(")")
		return free
	}
	if len(e.words) == 0 {
		return false
	}
	id := e.words[0]
	e.words = e.words[1:]
	free := !e.denied[strings.ToLower(id)]
	if e.take("WITH") && len(e.words) > 0 {
		id += " WITH " + e.words[0]
		e.words = e.words[1:]
		free = free && !e.denied[strings.ToLower(id)]
	}
	return free
}
