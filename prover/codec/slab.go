package codec

// A slab hands out lists from a larger piece of memory: a proof has thousands of short
// ones, and most of the time of decoding would go into allocating each.
type slab[T any] struct{ free []T }

// Items in a piece of memory, of each kind.
const (
	elemSlabCount = 8192
	extSlabCount  = 1024
	rowSlabCount  = 512
)

// slabShare: only lists of at most a slabShare-th of a piece come from one, so that the
// end of a piece which a list does not fit is a small part of it, whatever the input. With
// it, the memory of all pieces stays below what TestMemoryOfEmptyLists holds decoding to.
const slabShare = 32

// take returns n zeros. A new piece has count items, but no more than most, which is at
// least n: those that the rest of the input can hold.
func (s *slab[T]) take(n, count, most int) []T {
	switch {
	case n == 0:
		return []T{}
	case n > count/slabShare:
		return make([]T, n)
	case n > len(s.free):
		s.free = make([]T, min(count, most))
	}
	out := s.free[:n:n]
	s.free = s.free[n:]
	return out
}
