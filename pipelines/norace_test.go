//go:build !race

package pipelines

// detecting is how many times longer the race detector may make what a test measures.
const detecting = 1
