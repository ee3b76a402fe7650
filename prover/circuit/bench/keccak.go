package bench

import (
	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/keccak"
)

// KeccakF is upstream's KeccakAir (keccak-air/src/air.rs): a permutation is 24 rows, one
// round each. 2633 columns, 3182 constraints of degree 3 at most, no public values.
//
// Bits are boolean columns; a product of bits stands for "and", and a + b - 2ab for
// "xor".
func KeccakF(f *field.Field) air.Table {
	b := air.NewBuilder(f, "keccakf", KeccakWidth, 0)
	k := keccakConstraints{b: b}
	k.notLast = b.Main(colStep + keccak.Rounds - 1).Not()
	k.withinPermutation = b.Transition().Mul(k.notLast)
	k.steps()
	k.preimage()
	k.export()
	k.parity()
	k.theta()
	k.parityOfTheta()
	k.chi()
	k.firstLane()
	k.nextRound()
	return b.Table()
}

// keccakConstraints asserts the table, one method for each group of constraints, in
// upstream's order.
type keccakConstraints struct {
	b                 *air.Builder
	notLast           air.Expr // 1 but in the last round
	withinPermutation air.Expr // selects rows whose next row is the next round
}

func (k *keccakConstraints) step(r int) air.Expr { return k.b.Main(colStep + r) }

func (k *keccakConstraints) aPrime(x, y, z int) air.Expr {
	return k.b.Main(colAPrime + bitColumn(x, y, z))
}

// rotated is bit z of lane (x, y) of A' after rho and pi.
func (k *keccakConstraints) rotated(x, y, z int) air.Expr { return k.aPrime(rhoPi(x, y, z)) }

// xor is a + b - 2ab, with no constant in it: two subtractions of vectors are cheaper
// than a scaling.
func xor(a, b air.Expr) air.Expr {
	ab := a.Mul(b)
	return a.Add(b).Sub(ab).Sub(ab)
}

// assertBit is a² - a = 0.
func (k *keccakConstraints) assertBit(a air.Expr) { k.b.AssertEqual(a.Square(), a) }

// assertLimbs demands that the bits of a lane make up its four limbs, which start at
// column at.
func (k *keccakConstraints) assertLimbs(at int, bit func(z int) air.Expr) {
	for limb := range laneLimbs {
		acc := bit(limb*limbBits + limbBits - 1)
		for z := limb*limbBits + limbBits - 2; z >= limb*limbBits; z-- {
			acc = acc.Add(acc).Add(bit(z))
		}
		k.b.AssertEqual(acc, k.b.Main(at+limb))
	}
}

// steps: the flags start at (1, 0, …, 0) and rotate.
func (k *keccakConstraints) steps() {
	k.b.When(k.b.First(), func() {
		k.b.AssertZero(k.step(0).SubConst(1))
		for r := 1; r < keccak.Rounds; r++ {
			k.b.AssertZero(k.step(r))
		}
	})
	k.b.When(k.b.Transition(), func() {
		for r := range keccak.Rounds {
			k.b.AssertEqual(k.step(r), k.b.Next(colStep+(r+1)%keccak.Rounds))
		}
	})
}

// preimage: it is the first round's input, and the same in all rows of a permutation.
func (k *keccakConstraints) preimage() {
	k.b.When(k.step(0), func() {
		for i := range stateLimbs {
			k.b.AssertEqual(k.b.Main(colPreimage+i), k.b.Main(colA+i))
		}
	})
	k.b.When(k.withinPermutation, func() {
		for i := range stateLimbs {
			k.b.AssertEqual(k.b.Main(colPreimage+i), k.b.Next(colPreimage+i))
		}
	})
}

// export: a bit, and only set in the last round.
func (k *keccakConstraints) export() {
	export := k.b.Main(colExport)
	k.assertBit(export)
	k.b.When(k.notLast, func() { k.b.AssertZero(export) })
}

// parity: C[x] is bits, and C'[x] = C[x] ⊕ C[x-1] ⊕ (C[x+1] rotated by one). That C is
// the parity of A's columns follows from parityOfTheta.
func (k *keccakConstraints) parity() {
	c := func(x, z int) air.Expr { return k.b.Main(colC + (x%5)*laneBits + z%laneBits) }
	for x := range 5 {
		for z := range laneBits {
			k.assertBit(c(x, z))
		}
		for z := range laneBits {
			mixed := xor(xor(c(x, z), c(x+4, z)), c(x+1, z+laneBits-1))
			k.b.AssertEqual(k.b.Main(colCPrime+x*laneBits+z), mixed)
		}
	}
}

// theta: A'[x, y] is bits, and A[x, y] = A'[x, y] ⊕ C[x] ⊕ C'[x].
func (k *keccakConstraints) theta() {
	for x := range 5 {
		// a ⊕ d = a·(1 - 2d) + d, of which all but a is shared by the five lanes.
		var d, factor [laneBits]air.Expr
		for z := range laneBits {
			d[z] = xor(k.b.Main(colC+x*laneBits+z), k.b.Main(colCPrime+x*laneBits+z))
			factor[z] = d[z].Add(d[z]).Not()
		}
		for y := range 5 {
			for z := range laneBits {
				k.assertBit(k.aPrime(x, y, z))
			}
			k.assertLimbs(colA+limbColumn(x, y, 0), func(z int) air.Expr {
				return k.aPrime(x, y, z).Mul(factor[z]).Add(d[z])
			})
		}
	}
}

// parityOfTheta: C'[x] is the parity of the columns of A': their sum, at most 5, exceeds
// it by 0, 2 or 4.
func (k *keccakConstraints) parityOfTheta() {
	for x := range 5 {
		for z := range laneBits {
			excess := k.aPrime(x, 0, z)
			for y := 1; y < 5; y++ {
				excess = excess.Add(k.aPrime(x, y, z))
			}
			excess = excess.Sub(k.b.Main(colCPrime + x*laneBits + z))
			k.b.AssertZero(excess.Mul(excess.SubConst(2)).Mul(excess.SubConst(4)))
		}
	}
}

// chi: A″[x, y] = B[x, y] ⊕ (¬B[x+1, y] ∧ B[x+2, y]), B being A' after rho and pi.
func (k *keccakConstraints) chi() {
	for y := range 5 {
		for x := range 5 {
			k.assertLimbs(colAPrime2+limbColumn(x, y, 0), func(z int) air.Expr {
				b1, b2 := k.rotated((x+1)%5, y, z), k.rotated((x+2)%5, y, z)
				return xor(b2.Sub(b1.Mul(b2)), k.rotated(x, y, z))
			})
		}
	}
}

// firstLane: the bits of A″[0, 0], and its limbs after the round constant.
func (k *keccakConstraints) firstLane() {
	bit := func(z int) air.Expr { return k.b.Main(colFirstBits + z) }
	for z := range laneBits {
		k.assertBit(bit(z))
	}
	k.assertLimbs(colAPrime2+limbColumn(0, 0, 0), bit)
	k.assertLimbs(colFirstIota, func(z int) air.Expr {
		constant := k.b.Const(0) // the bit of this row's round constant
		for r, rc := range keccak.RC {
			if rc>>z&1 == 1 {
				constant = constant.Add(k.step(r))
			}
		}
		return xor(constant, bit(z))
	})
}

// nextRound: the output of a round is the input of the next.
func (k *keccakConstraints) nextRound() {
	k.b.When(k.withinPermutation, func() {
		for x := range 5 {
			for y := range 5 {
				from := colAPrime2 + limbColumn(x, y, 0)
				if x == 0 && y == 0 {
					from = colFirstIota
				}
				for limb := range laneLimbs {
					k.b.AssertEqual(k.b.Main(from+limb), k.b.Next(colA+limbColumn(x, y, limb)))
				}
			}
		}
	})
}
