package merkle

// Shape is what a verifier knows of a committed batch: for each matrix, in commitment
// order, the logarithm of its height and its width in base elements.
type Shape struct {
	LogHeights []int
	Widths     []int
}

// LogMax is the logarithm of the tallest height.
func (s *Shape) LogMax() int {
	m := 0
	for _, h := range s.LogHeights {
		m = max(m, h)
	}
	return m
}

// LogCap is the logarithm of the number of digests in the cap of a tree with leaves
// 2^logMax: a cap larger than the tree is shortened, as upstream does silently.
func LogCap(capHeight, logMax int) int { return min(capHeight, logMax) }

// Multiproof walks the paths from a set of leaves to the cap once, calling visit for
// each node of which the verifier lacks the digest, level by level from the leaves and
// ascending in a level. Both sides agree on the order of siblings through it.
//
// frontier lists the leaf indices, sorted and distinct; it is overwritten.
func Multiproof(frontier []int, levels int, visit func(level, index int)) {
	for level := range levels {
		next := frontier[:0]
		for i := 0; i < len(frontier); i++ {
			n := frontier[i]
			if n&1 == 0 && i+1 < len(frontier) && frontier[i+1] == n+1 {
				i++
			} else {
				visit(level, n^1)
			}
			next = append(next, n>>1)
		}
		frontier = next
	}
}
