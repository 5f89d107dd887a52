// Package linkage finds out what machine code needs before its first instruction runs:
// the processor that it is for, the loader that its header names, the libraries and the
// versions of their symbols that the loader has to find, and where it looks for them.
//
// It reads ELF files (System V ABI, "Object Files"; the Linux Standard Base on symbol
// versions; Node's documentation on what a native addon defines) by the standard
// library's reader, and loads, runs and resolves nothing. Files come from packages of
// others, so a file that is not a whole ELF file is an error and never a guess.
//
// The invariant: equal bytes give equal facts, whatever machine reads them.
package linkage
