package field

// PowersReversed sets dst[i] to start·root^r, r being from+i with its log bits reversed:
// successive points of a bit-reversed domain.
func (f *Field) PowersReversed(dst []Elem, start, root Elem, log, from int) {
	// steps[j] is what bit j of the index stands for.
	var steps [64]Elem
	for j := log - 1; j >= 0; j-- {
		steps[j] = root
		root = f.Square(root)
	}
	// The lower bits come from a table, the others are one factor for all that share them.
	const most = 9
	var table [1 << most]Elem
	bits := 0
	table[0] = f.one
	for bits < min(log, most) && 1<<bits < len(dst) {
		f.ScaleVec(table[1<<bits:2<<bits], table[:1<<bits], steps[bits])
		bits++
	}
	for len(dst) > 0 {
		first := from & (1<<bits - 1)
		factor := start
		for j := bits; j < log; j++ {
			if from>>j&1 == 1 {
				factor = f.Mul(factor, steps[j])
			}
		}
		n := min(1<<bits-first, len(dst))
		f.ScaleVec(dst[:n], table[first:first+n], factor)
		dst, from = dst[n:], from+n
	}
}

// CosetReversed sets dst to the points of rows from, from+1, … of a matrix that is
// committed over the coset shift·H, H being the subgroup of order 2^log.
func (f *Field) CosetReversed(dst []Elem, shift Elem, log, from int) {
	f.PowersReversed(dst, shift, f.roots[log], log, from)
}
