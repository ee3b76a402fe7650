// Package ntt is the number-theoretic transform over the two-adic subgroups of a field:
// of single contiguous columns, and of the columns of row-major matrices.
//
// Committed rows are bit-reversed, as Plonky3 commits them (fri/src/two_adic_pcs.rs;
// docs/protocol.md §3.7).
//
// Columns: Forward takes coefficients in natural order to values in bit-reversed order,
// Inverse takes values in bit-reversed order to coefficients in natural order, so that
// neither permutes anything. They are also the reference for matrices.
//
// Matrices: Extend, Interpolate and Evaluate work on panels, a few columns at a time:
//
//	matrix --gather--> coefficients --transforms--> values --scatter--> matrix
//	        (rows in any order)      (in a buffer, by cosets)
//
// so that memory is read once and written once, Extend works where the matrix lies, and
// panels are independent of each other. In the buffer a transform is a walk down the tree
// of X^N - h^N and its factors (tree), one constant for a block of rows: the shift of the
// coset costs nothing, and values come out in the order in which they are committed. The
// inverse is the same walk backwards. Passes of up to four layers (pass) go depth first,
// so that all but the ones at the root work in the second level of cache.
//
// Kernels of passes are written by internal/gen for AVX-512 and AVX2, for both fields;
// elsewhere they are Go.
//
// Twiddles of columns are computed on first use and kept for the life of the process;
// trees are kept up to a bound. No goroutines but those of the For that callers pass; safe
// for concurrent use on distinct matrices and columns.
package ntt
