package sbom

import (
	"maps"
	"slices"
	"strings"
)

// Unlicensed is npm's word for a package that nobody else may use.
const Unlicensed = "UNLICENSED"

// Deniable reports whether a text can be denied: one licence by its SPDX identifier, with
// an exception or without, a reference of an author's own, or what npm writes where there
// is no licence of the list ("UNLICENSED", "SEE LICENSE IN FILE").
func Deniable(text string) bool {
	words := strings.Fields(Licence(text))
	switch {
	case len(words) == 0:
		return false
	case len(words) > 2 && strings.EqualFold(strings.Join(words[:3], " "), "SEE LICENSE IN"):
		return true
	case len(words) == 3 && words[1] != "WITH":
		return false
	case len(words) != 1 && len(words) != 3:
		return false
	}
	p := expressionParser{words: words}
	return strings.EqualFold(text, Unlicensed) || p.simple() && p.at == len(words)
}

// Licences lists the identifiers of the SPDX licence list, sorted.
func Licences() []string { return slices.Sorted(maps.Values(spdxIDs())) }

// same is a licence, in lower case, under the one name that a comparison goes by: SPDX
// has renamed the licences of GNU, and "GPL-3.0" is "GPL-3.0-only", "GPL-3.0+" is
// "GPL-3.0-or-later" (SPDX licence list, deprecated identifiers).
func same(id string) string {
	id = strings.ToLower(id)
	name, exception, with := strings.Cut(id, " with ")
	for _, family := range []string{"gpl-", "lgpl-", "agpl-", "gfdl-"} {
		if !strings.HasPrefix(name, family) {
			continue
		}
		name = strings.TrimSuffix(name, "-only")
		if later, ok := strings.CutSuffix(name, "-or-later"); ok {
			name = later + "+"
		}
	}
	if with {
		return name + " with " + exception
	}
	return name
}

// Denials is a set of denied licences, for Usable.
func Denials(licences []string) map[string]bool {
	denied := make(map[string]bool, len(licences))
	for _, l := range licences {
		denied[same(Licence(l))] = true
	}
	return denied
}

// Usable reports whether a licence, in the form that Licence gives, can be chosen
// so that none of the denied ones, as Denials gives them, applies.
func Usable(licence string, denied map[string]bool) bool {
	if denied[same(licence)] {
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
	free := !e.denied[same(id)]
	if e.take("WITH") && len(e.words) > 0 {
		exception := e.words[0]
		e.words = e.words[1:]
		free = free && !e.denied[same(exception)] && !e.denied[same(id+" WITH "+exception)]
	}
	return free
}
