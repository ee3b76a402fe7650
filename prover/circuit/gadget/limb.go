package gadget

import "rpp-node/prover/field"

// Integers from outside enter circuits as 16-bit limbs, least significant first.
const (
	LimbBits = 16
	LimbsU64 = 4
)

// LimbsOfU64 splits v.
func LimbsOfU64(v uint64) [LimbsU64]field.Elem {
	var l [LimbsU64]field.Elem
	for i := range l {
		l[i] = Field.FromUint(v >> (LimbBits * i) & (1<<LimbBits - 1))
	}
	return l
}

// U64OfLimbs joins four limbs and reports whether each was below 2^16.
func U64OfLimbs(l []field.Elem) (uint64, bool) {
	var v uint64
	for i, e := range l[:LimbsU64] {
		u := Field.Uint(e)
		if u >= 1<<LimbBits {
			return 0, false
		}
		v |= uint64(u) << (LimbBits * i)
	}
	return v, true
}
