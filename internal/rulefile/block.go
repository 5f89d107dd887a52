package rulefile

import "github.com/nbuild/nbuild/internal/diag"

// Block is a dynamism block.
type Block struct {
	Rules string   // the set it builds on: "common", "strict", "experimental"; "" for none
	Deny  []string // kinds of finding and ids of rules that stop a build, whatever the set says
	Warn  []string // ... that are only reported
	Own   []Rule   // in source order
	Allow []Allow  // in source order
}

// Severity is what a rule does.
type Severity string

// The severities.
const (
	Deny Severity = "deny" // stops a build
	Warn Severity = "warn" // is reported
)

// Rule finds places and says what is wrong with them. Exactly one of Kinds, Call,
// Assign and Unread is set.
type Rule struct {
	ID       string
	Kinds    []string // of findings
	Call     []string // patterns of what is called or constructed
	Assign   []string // patterns of what is assigned to
	Unread   string   // "file": files that could not be read; "part": those of which a part could not
	When     []Condition
	Severity Severity
	Message  string // what is the case, in a line
	Reason   string // why it matters
	Remedy   string // what to do instead
	Allow    []Allow
	At       diag.Pos
}

// AnyArgument is the Argument of a condition that any argument may meet.
const AnyArgument = -1

// Condition narrows a call or an assignment down. What is not set does not count;
// all that is set must hold of one and the same argument, Target and Compared of the
// place.
type Condition struct {
	Argument int      // from 0, or AnyArgument
	Property []string // properties of an object literal, one of which is looked at in place of the argument
	Shape    []string // how the argument is made
	Matches  string   // a regular expression (RE2) that one of its constants matches, or the parts of a built string, joined by "…"
	Below    int64    // one of its constants is a number less than this; 0 is not set
	Absent   bool     // the argument, or the property, is not there
	Target   string   // a regular expression that the name matches which the result is given to
	Compared bool     // the result is compared with == or ===
}

// Allow is an exception.
type Allow struct {
	Purl    string   // "pkg:npm/lodash", with or without a version; Project for the project's own files
	Kinds   []string // of findings
	Rules   []string // ids
	Sites   int64    // at exactly so many places; 0 means any number
	Reason  string
	Owner   string
	Expires string // the last day on which it holds, 2027-06-30, or ""
	At      diag.Pos
}

// Project is what an Allow names for the project's own files.
const Project = "project"
