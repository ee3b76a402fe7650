package main

import (
	"fmt"
	"slices"

	"rpp-node/prover/poseidon2/internal/plan"
)

// Full rounds. The two halves take turns, round by round: while the sums of one, on which
// its next round waits, are being finished, the other one's S-boxes fill the pipes. So the
// elements lie in memory between rounds, as they are before the sums over the blocks are
// added to them; these sums follow them.
var both = [2]string{even, odd}

// Constants in registers during the full rounds.
const (
	zP   = "Z30"
	zOne = "Z31"
)

func (k *kernel) fullConstants() {
	k.emit(fmt.Sprintf("%s %s, %s", broadcast, k.c(plan.P), zP), fmt.Sprintf("%s %s, %s", broadcast, k.c(plan.One), zOne))
}

func (k *kernel) fullBlock() *block { return &block{free: k.Vs(0, 30)} }

// enterFull doubles the words, so that all elements are even, and applies the external
// matrix.
func (k *kernel) enterFull() {
	b := k.fullBlock()
	for h := range k.halves {
		m := k.matrix(b, h)
		for i := 0; i < k.Width; i += 4 {
			var x [4]*value
			for j := range x {
				w := b.load(row(words, i+j))
				if h == 0 {
					w = b.add(w, w)
				} else {
					w = b.into(nil, "VPSRLQ", "$31", w)
				}
				x[j] = b.add(k.c(k.Initial+i+j), b.and(k.c(plan.Even), w))
			}
			m.multiply(i, x)
		}
	}
	k.emit(b.lines()...)
}

// lag is how many blocks the matrix stays behind the S-boxes.
const lag = 2

// fullRound is one full round of all halves.
func (k *kernel) fullRound() {
	b := k.fullBlock()
	var sboxes, matrices [][]*inst
	for h, base := range k.halves {
		m := k.matrix(b, h)
		var sums [4]*value
		for i := 0; i < k.Width; i += 4 {
			var x [4]*value
			sboxes = append(sboxes, b.sequence(func() {
				if i == 0 {
					sums = k.loadSums(b, base)
				}
				b.insts = append(b.insts, k.sboxes(b, base, i, sums, &x)...)
			}))
			matrices = append(matrices, b.sequence(func() { m.multiply(i, x) }))
		}
	}
	for n, s := range sboxes {
		if n < lag {
			b.insts = append(b.insts, effective(s)...)
		} else {
			b.insts = append(b.insts, spread(s, matrices[n-lag])...)
		}
	}
	b.insts = append(b.insts, slices.Concat(matrices[len(matrices)-lag:]...)...)
	k.emit(b.lines()...)
	k.emit(fmt.Sprintf("ADDQ $%d, %s", 8*k.Width, round))
}

// sboxes passes elements i to i+3 through the S-box.
func (k *kernel) sboxes(b *block, base string, i int, sums [4]*value, x *[4]*value) []*inst {
	var seqs [4][]*inst
	for j := range x {
		seqs[j] = b.sequence(func() {
			c := constant(fmt.Sprintf("%d(%s)", 8*(i+j), round))
			x[j] = k.sbox(b, b.add(row(base, i+j), sums[j]), c)
		})
	}
	return append(take(seqs[0], seqs[1]), take(seqs[2], seqs[3])...)
}

func (k *kernel) loadSums(b *block, base string) (sums [4]*value) {
	for j := range sums {
		sums[j] = b.load(row(base, k.Width+j))
	}
	return sums
}

// sbox is twice the sum of x^3 or x^7 and a constant. The constants are the next round's,
// taken back through the matrix, so that they cost no addition: c is what an accumulation
// begins with.
//
// x is odd, because the sums of doubled results are even and an odd multiple of p is added
// to each (see multiply). So its square is odd, and its product by what is not zero and
// below 2^52 is no multiple of 2^52: the quotients may be negative ones (see kernel),
// whose results are positive, as factors of the next product must be.
func (k *kernel) sbox(b *block, x *value, c constant) *value {
	m := b.lo(k.c(plan.NegMU), x, b.zero())
	q := b.lo(m, x, b.zero())
	x2 := b.hi(zP, q, b.hi(x, x, b.set(zOne)))
	q = b.lo(m, x2, b.zero())
	if k.Degree == 3 {
		return b.double(b.hi(zP, q, b.hi(x2, x, b.set(c))))
	}
	x3 := b.hi(zP, q, b.hi(x2, x, b.set(zOne)))
	// x⁴ and x⁷ are products of 32-bit words, whose low halves may be zero: their
	// quotients are positive ones, and so these results lie between -p and 2^12.
	t := b.mulu(x2, x2)
	g := b.hi(zP, b.lo(k.c(plan.MU), t, b.zero()), b.zero())
	x4 := b.sub(b.high(t), g)
	t = b.into(nil, "VPMULDQ", x4, x3)
	g = b.hi(zP, b.lo(k.c(plan.MU), t, b.zero()), b.set(c))
	return b.double(b.sub(b.into(nil, "VPSRAQ", "$52", t), g))
}

// matrix applies the external matrix to one half, block by block.
type matrix struct {
	*block
	base string
	sums [4]*value
	odd  constant
	last int // the last block
}

func (k *kernel) matrix(b *block, h int) *matrix {
	return &matrix{block: b, base: both[h], odd: k.c(plan.Odd), last: k.Width - 4}
}

// multiply multiplies x by M4 (see ExternalLinear), stores it as elements i to i+3 and adds
// it to the sums, which end with an odd multiple of p that makes them positive.
func (m *matrix) multiply(i int, x [4]*value) {
	put := func(j int, y *value) {
		m.store(y, row(m.base, i+j))
		if i == 0 {
			m.sums[j] = m.add(m.odd, y)
		} else {
			m.sums[j] = m.add(y, m.sums[j])
		}
		if i == m.last {
			m.store(m.sums[j], row(m.base, i+4+j))
		}
	}
	t01, d0 := m.add(x[0], x[1]), m.double(x[0])
	t23, d2 := m.add(x[2], x[3]), m.double(x[2])
	t := m.add(t01, t23)
	t0 := m.add(t, x[1])
	t2 := m.add(t, x[3])
	put(0, m.add(t0, t01))
	put(1, m.add(t0, d2))
	put(2, m.add(t2, t23))
	put(3, m.add(t2, d0))
}

// out brings the elements into canonical form and stores them as words.
func (k *kernel) out() {
	rate := k.Width - plan.Capacity
	for _, part := range [][2]int{{0, rate}, {rate, k.Width}} {
		if part[0] == 0 {
			k.emit("TESTQ "+skip+", "+skip, "JNZ "+k.L("capacity"))
		} else {
			k.Label("capacity")
		}
		b := k.fullBlock()
		var sums [2][4]*value
		for h, base := range k.halves {
			sums[h] = k.loadSums(b, base)
		}
		c, negCMU := b.set(k.c(k.Out)), b.set(k.c(k.Out+1))
		r := &reducer{p: zP, one: zOne}
		for i := part[0]; i < part[1]; i++ {
			var v [2]*value
			for h, base := range k.halves {
				x := r.montgomeryOdd(b, b.add(row(base, i), sums[h][i%4]), c, negCMU)
				v[h] = b.into(nil, "VPMINUD", b.sub(x, zP), x)
			}
			if v[1] != nil {
				v[0] = b.into(nil, "VPORQ", b.into(nil, "VPSLLQ", "$32", v[1]), v[0])
			}
			b.store(v[0], row(words, i))
		}
		k.emit(b.lines()...)
	}
}
