// Package sandbox runs a command that sees nothing but what it was given.
//
// A step of a build is other people's code: compilers, bundlers, test runners, install
// scripts. What it reads beyond its declared inputs makes a build that can't be repeated,
// and what it reaches beyond its outputs is how a build machine is taken over. So it runs
// in namespaces of its own, with a root file system that is only what the snapshot pins,
// a working folder that is a private copy of its inputs, no network but its own loopback,
// no capability, and the few hundred system calls that programs need.
//
// The sandbox is made from the inside by a small program, the helper, whose source is
// the folder helper. Its bytes are kept here for each platform, because nothing is
// generated when nbuild is installed and because they are part of every action's digest;
// a test builds them again and compares.
//
// It works for root and for other users. Where the kernel denies what it needs, nothing
// runs, and the problem names what is missing. What the sandbox holds and what it does not
// is on the page docs/threat-model.md.
//
// The invariant: what comes out of [Run] without an error was run as the order says, held
// to its limits, and nothing of it runs any more.
package sandbox
