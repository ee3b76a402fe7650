package field

// Sums over the rows of large matrices multiply every element of a matrix by extension
// elements, so they are the only place where 64-bit sums are kept modulo m = p·2^32 for
// long. With h = (p-1)/2, an element x enters as x - h and a weight as its representative
// in [-h, h]: a product is at most p²/4 and eight of them at most 2p² < m < 2^63 in
// absolute value. Such a sum is brought to [0, m) by adding m where it is negative, joins
// an accumulator below m, and m is subtracted again where the result, below 2m < 2^64,
// reached it. What h makes of the result, h·Σ weights, is added at the end.

// blockRows is the number of products in a sum before it joins the accumulators.
const blockRows = 8

// shift is h.
func (f *Field) shift() uint32 { return f.p / 2 }

// centred is the representative of a in [-h, h].
func (f *Field) centred(a Elem) int32 {
	if uint32(a) > f.shift() {
		return int32(uint32(a) - f.p)
	}
	return int32(a)
}

// accumulate adds a signed sum in (-m, m) to an accumulator below m.
func accumulate(acc uint64, sum int64, m uint64) uint64 {
	s := uint64(sum)
	return below(acc+min(s, s+m), m)
}
