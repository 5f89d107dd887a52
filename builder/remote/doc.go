// Package remote runs steps on other machines, and shares what they came to, as a client
// of the Remote Execution API v2.
//
// One machine is not enough for a team: steps that one has run another should not run
// again, and a thousand builds an hour need a cluster. There are several such engines,
// and all speak this protocol, so nbuild is a client of it and has no cluster of its own.
// A step is an action of that API from the start (docs/decisions/actions.md), so nothing
// is translated: what runs here and what runs there is one action with one digest.
//
// An engine gives no hermeticity of its own. The sandbox travels in the action, and the
// worker's standard error is the sandbox's report: an action without one did not run in
// the sandbox, and its result is refused.
//
// Everything that a server says is held to a bound and to a digest before it is used.
// What digests can't hold is whether a result is what its action gives: only who ran it
// knows. So a server is trusted by configuration with what it says of actions, and with
// nothing else (docs/threat-model.md).
//
// The invariant: no byte of an outcome is in the store under another digest than its own,
// and an outcome has the outputs that the step declares, and no others.
package remote
