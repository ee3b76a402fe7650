// Package ntt is the number-theoretic transform over the two-adic subgroups of a field:
// single contiguous columns, on which everything else is built.
//
// Orders: Forward takes coefficients in natural order to values in bit-reversed order,
// Inverse takes values in bit-reversed order to coefficients in natural order, so that
// neither permutes anything; callers fuse the reversal with a transposition where they
// need one. Committed rows are bit-reversed, as Plonky3 commits them
// (fri/src/two_adic_pcs.rs; docs/protocol.md §3.7).
//
// Twiddles are computed on first use and kept for the life of the process. No goroutines;
// safe for concurrent use on distinct columns.
package ntt
