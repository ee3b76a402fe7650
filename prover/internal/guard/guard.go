package guard

import "testing"

// A Side says at which end of a slice memory ends.
type Side int

// Before finds what is touched before the first element, After what is touched after the
// last one.
const (
	Before Side = iota
	After
)

// Sides are both.
var Sides = []Side{Before, After}

func (s Side) String() string { return [...]string{"before", "after"}[s] }

// Copy returns a copy of v with nothing beyond it on that side. T has no pointers.
func Copy[T any](tb testing.TB, s Side, v []T) []T {
	w := place[T](tb, s, len(v))
	copy(w, v)
	return w
}
