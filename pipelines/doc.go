// Package pipelines is the build.hcl language: what a project is built from, how,
// and what may not happen to it.
//
// [Open] reads the file, holds it to the language ([Language], from which
// docs/build-hcl.md is made) and evaluates it to a [Project] of plain Go values with
// every default filled in. [Project.Plan] joins a Project with nbuild.lock: which
// artefacts each image takes, and each step as a Remote Execution API v2 action, whose
// digest is its key in every cache.
//
// Blocks with labels can be referred to and are typed values, not texts: step.X,
// npm.X.production, base.X, fetch.X, files(…). The order of steps comes from these
// references. A build reads nothing else: no environment, no clock, no network, no
// file outside of the project. What came in through a sensitive variable is held
// by type and can't be given to an action or an image.
//
// The invariant: equal files, variables and snapshot give equal plans, byte for
// byte, on any machine.
package pipelines
