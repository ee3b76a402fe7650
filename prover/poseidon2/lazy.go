package poseidon2

// Permute works on signed 64-bit integers congruent to the Montgomery words and reduces
// them only as far as the next product needs. Nothing branches, sums cost one addition,
// and products by the internal diagonal cost a shift or an addition in place of a
// Montgomery multiplication. The operations, named alike in koalabear.go and
// babybear.go:
//
//   - Reduce(x) is x·2^-32. With the quotient taken as a signed word its result is at
//     most |x|/2^32 + p/2 in size; x itself is at most 2^63 - 2^31·p.
//   - Fold(x) is congruent to x and at most 2^30 + |x|/2^7 in size (p/2 + |x|/2^8 for
//     BabyBear).
//   - Shift(x, k) is x/2^k, and at most |x|/2^k + p in size.
//
// Sizes, in units of 2^31: an S-box takes a folded lane and gives less than 1, and
// the external matrix multiplies by at most 35 at width 16 and 49 at width 24, so that
// the next fold gives less than 1 again, whose square is below 2^62. All lanes are
// folded before the partial rounds. In these, the lanes with an integer on the diagonal
// are folded in each round, and the others shrink by half or more before the sum is
// added, so no lane but the first passes 4, and no sum 64.
// TestBounds follows the exact sizes through all rounds of every instance.

// external applies the matrix of ExternalLinear.
func external(s []int64) {
	var t0, t1, t2, t3 int64
	for b := s; len(b) >= 4; b = b[4:] {
		x0, x1, x2, x3 := b[0], b[1], b[2], b[3]
		x01, x23 := x0+x1, x2+x3
		all := x01 + x23
		y1, y3 := all+x1, all+x3
		x0, x1, x2, x3 = y1+x01, y1+2*x2, y3+x23, y3+2*x0
		b[0], b[1], b[2], b[3] = x0, x1, x2, x3
		t0 += x0
		t1 += x1
		t2 += x2
		t3 += x3
	}
	for b := s; len(b) >= 4; b = b[4:] {
		b[0] += t0
		b[1] += t1
		b[2] += t2
		b[3] += t3
	}
}
