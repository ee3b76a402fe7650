// Package packet evaluates a table's expressions over packets of committed rows: what the
// quotient and the lookup columns are made of.
//
// Compile turns the graph into a program for registers that hold one value for every row
// of a packet. Equal values are computed once, values that are the same on every row are
// scalars, columns are loaded in groups of 16 when the first of them is needed, and the
// order of evaluation lets values die early, so that registers stay in the first-level
// cache. A Machine runs the program: one call of an interpreter in assembly for a segment
// of it (AVX-512: packets of 64 rows, AVX2: 32), or portable Go (128 rows). At the end of
// a segment, its outputs are folded with powers of a challenge, or handed to a callback.
//
// Inputs are rows where they lie, in row-major matrices: a machine takes a slice for each
// row and transposes what it reads in registers. So the caller decides what the next row
// is.
//
// Callers: prover/shard. No goroutines: a Program is immutable and shared, a Machine
// belongs to one goroutine. No call of assembly runs longer than segmentWeight
// instructions, some 20 µs.
package packet

//go:generate go run ./internal/gen
