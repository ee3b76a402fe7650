// Package matrix holds row-major matrices over a base field: traces and low-degree
// extensions. Large ones live in buffers of prover/memory, which Get takes and Put gives
// back. No goroutines; a Matrix belongs to whoever made it until Put.
package matrix
