// Package shard does the work on one shard of a proof. A shard is a node of the binary
// tree over committed rows: at depth s, shard j holds rows [j·M, (j+1)·M) of every table
// tall enough to be cut, M = height/2^s. Because committed rows are bit-reversed, that is
// a coset: one NTT of size M, one complete Merkle subtree, and folds that stay inside.
// docs/architecture.md has the algebra.
//
// A Participant holds what one device knows of one job: the polynomials of every table,
// and the rows and subtrees of the shards it works on. Its tasks' outputs are pure
// functions of the job, the shard and the challenges so far: any participant gives the
// same bytes for the same task. What another participant kept is recomputed when a task
// here needs it.
//
// prover/stark conducts: it owns the transcript and the crown (tables and levels too
// narrow to cut), and sends tasks through an Executor. Local is the one for a single
// process. A Participant belongs to one goroutine at a time; kernels use the device's
// workers.
package shard
