// Package guard places the operands of kernels next to memory that cannot be touched, so
// that a kernel which reads or writes outside of them ends the test. Canaries around an
// operand only notice what is written.
//
// Called by the tests of the packages that have kernels, by any goroutine. A slice lives
// until its test ends.
package guard
