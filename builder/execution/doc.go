// Package execution runs the steps of a project on this machine: it lays out what an
// action reads, has the sandbox run the command, and keeps what came out under the
// action's digest, so that an action which ran once is not run again.
//
// What many actions read, a root file system or the packages of a lockfile, is laid out
// once, in the store, and lies under the working folder of each step unchanged; what is a
// step's own is laid out beside it. The sandbox gives the command a view of both that it
// can write to, and what it wrote is thrown away but for its outputs.
//
// Steps that do not need each other run at once, as many as there are processors. A step
// that fails stops those that need it and no other, so that one run reports all that is
// wrong. Its log and its folder stay in the store until the next prune.
//
// The invariant: a result that is kept was made by a command that ended well, with
// exactly the inputs that its action names, and every byte of it is in the store.
package execution
