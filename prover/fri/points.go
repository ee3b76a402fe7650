package fri

import (
	"math/bits"

	"rpp-node/prover/field"
)

// point returns the element of place i of any subgroup in bit-reversed order. Bit b of i
// stands for the generator of order 2^(b+1), whatever the subgroup's order.
func point(f *field.Field, i int) field.Elem { return product(f, f.Root, i, 0) }

// product is the product of root(b+1+shift) over the bits b of i: with RootInv for root,
// the inverse of the element of place i<<shift.
func product(f *field.Field, root func(int) field.Elem, i, shift int) field.Elem {
	out := f.One()
	for v := uint(i); v != 0; v &= v - 1 {
		out = f.Mul(out, root(bits.TrailingZeros(v)+1+shift))
	}
	return out
}
