// Package rule judges an inventory: which of its places the project's rules stop,
// which they only report, and which somebody has looked at and allowed.
//
// A rule is a few lines of the build language (internal/rulefile). The sets common,
// strict and experimental, each with all of those before it, are such files in this
// package's folder sets; a project takes one and adds rules of its own. Judging is
// apart from finding, so that a rule can change without a file being read again.
//
// An exception is explicit, for one package and for what it names, and exact: one
// place more than was reviewed stops a build, one less is reported, because the
// exception has become wider than the review. It ends on a day, by the date of the
// build and never by the clock. What a package says about itself in comments (the
// directives of linters) has no say: a package can't vouch for itself.
//
// The invariants: the result depends on the inventory, the policy and the date
// alone, whatever order the packages stand in; and every place that a rule matches
// is in the result once for that rule. docs/rules.md is the list of the rules.
package rule
