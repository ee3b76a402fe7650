// Package derive makes keys from circuits: the same bytes on every machine, so a doubtful
// key is settled by deriving it again. A proving key is the verifying key with the
// preprocessed columns' polynomials, extensions and tree; twiddles and compiled
// constraints are made again when it is used, for they cost less than reading them.
//
// Kernels use the device's workers; no goroutine outlives a call.
package derive
