// Package arch holds the house to its plan.
//
// Its tests read the code as it is and compare it with what docs/architecture.md
// says: who may import whom, that every package opens with an essay, that the
// clock, the environment and chance stay at the edge, that every problem code has
// a page. There is nothing to import here.
package arch
