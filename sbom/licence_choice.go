package sbom

import "strings"

// Usable reports whether a licence, in the form that Licence gives, can be chosen
// so that none of the denied ones, in lower case, applies.
func Usable(licence string, denied map[string]bool) bool {
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
