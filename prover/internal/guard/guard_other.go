//go:build !linux && !darwin

package guard

import "testing"

// place is ordinary memory where there is no way to protect pages: the kernels' results
// are still compared.
func place[T any](_ testing.TB, _ Side, n int) []T { return make([]T, n) }
