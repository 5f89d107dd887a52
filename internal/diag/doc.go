// Package diag is how nbuild reports to a person that something is wrong.
//
// There are two kinds of error in this project. Plumbing ("reading lockfile: …")
// is an ordinary wrapped error. What a person must act on is a [Problem]: what is the
// case, why it matters, where it stands, and the command or the line that mends it. A
// phase reports all its problems at once, in source order.
//
// The invariant: a [Problem] has a valid [Code] and a Remedy, and each code has a page
// in docs/errors that `nbuild explain CODE` prints. A test holds both.
//
// The code carries the exit code (NB2003 ends with 20), so that the two can't
// drift apart: the process ends with the code of the first problem it reports.
package diag
