package main

import (
	"fmt"

	"rpp-node/prover/poseidon2/internal/plan"
)

// Full rounds. The two halves take turns, round by round: while the sums of one, on which
// its next round waits, are being finished, the other one's S-boxes fill the pipes. So the
// elements lie in memory between rounds, as they are before the sums over the blocks are
// added to them; these sums stay in registers.
var (
	sums = [2][]string{{"Z24", "Z25", "Z26", "Z27"}, {"Z28", "Z29", "Z30", "Z31"}}
	both = [2]string{even, odd}
)

// Constants in registers during the full rounds.
const (
	zNegMU = "Z20"
	zP     = "Z21"
	zOne   = "Z22"
	zMU    = "Z23"
)

func (k *kernel) fullBlock() *block {
	free := k.Vs(0, 20)
	if k.Degree == 3 {
		free = append(free, zMU)
	}
	return &block{free: free}
}

// enterFull doubles the words, so that all elements are even, and applies the external
// matrix.
func (k *kernel) enterFull() {
	k.fullConstants()
	b := k.fullBlock()
	for h := range both {
		m := k.matrix(b, h)
		for i := 0; i < k.Width; i += 4 {
			var x [4]*value
			for j := range x {
				w := b.load(row(words, i+j))
				if h == 0 {
					w = b.add(w, w)
				} else {
					w = b.shifted("VPSRLQ", "$31", w)
				}
				x[j] = b.and(k.c(plan.Even), w)
			}
			m.multiply(i, x)
		}
	}
	k.emit(b.scheduled()...)
}

// enterLast prepares the full rounds after the partial ones, which have no matrix before
// them.
func (k *kernel) enterLast() {
	for h := range both {
		for _, s := range sums[h] {
			k.emit(fmt.Sprintf("VPXORQ %s, %s, %s", s, s, s))
		}
	}
	k.fullConstants()
}

func (k *kernel) fullConstants() {
	constants := map[string]int{zNegMU: plan.NegMU, zP: plan.P, zOne: plan.One, zMU: plan.MU}
	for _, reg := range []string{zNegMU, zP, zOne, zMU} {
		if reg != zMU || k.Degree == 7 {
			k.emit(fmt.Sprintf("%s %s, %s", broadcast, k.c(constants[reg]), reg))
		}
	}
}

// keepSums stores the sums behind the elements.
func (k *kernel) keepSums() {
	for h, base := range both {
		for j, s := range sums[h] {
			k.emit("VMOVDQU64 " + s + ", " + row(base, k.Width+j))
		}
	}
}

// fullRound is one full round of both halves.
func (k *kernel) fullRound() {
	b := k.fullBlock()
	for h, base := range both {
		m := k.matrix(b, h)
		for i := 0; i < k.Width; i += 4 {
			var x [4]*value
			for j := range x {
				z := b.add(row(base, i+j), m.old[j])
				x[j] = k.sbox(b, b.add(constant(fmt.Sprintf("%d(%s)", 8*(i+j), round)), z))
			}
			m.multiply(i, x)
		}
	}
	k.emit(b.scheduled()...)
	k.emit(fmt.Sprintf("ADDQ $%d, %s", 8*k.Width, round))
}

// sbox is twice x^3 or x^7.
//
// x is odd, because the sums of doubled results are even and the round constants come odd
// (as they are or plus p). So its square is odd, and its product by what is not zero and
// below 2^52 is no multiple of 2^52: the quotients may be negative ones (see kernel),
// whose results are positive, as factors of the next product must be.
func (k *kernel) sbox(b *block, x *value) *value {
	m := b.lo(zNegMU, x, b.zero())
	q := b.lo(m, x, b.zero())
	x2 := b.hi(zP, q, b.hi(x, x, b.set(zOne)))
	q = b.lo(m, x2, b.zero())
	x3 := b.hi(zP, q, b.hi(x2, x, b.set(zOne)))
	if k.Degree == 3 {
		return b.shifted("VPSLLQ", "$1", x3)
	}
	// x⁴ and x⁷ are products of 32-bit words, whose low halves may be zero: their
	// quotients are positive ones, and so these results lie between -p and 2^12.
	t := b.mulu(x2, x2)
	g := b.hi(zP, b.lo(zMU, t, b.zero()), b.zero())
	x4 := b.sub(b.shifted("VPSRLQ", "$52", t), g)
	t = b.op("VPMULDQ", mul, latencyMul, false, x4, x3, (*value)(nil))
	g = b.hi(zP, b.lo(zMU, t, b.zero()), b.zero())
	return b.shifted("VPSLLQ", "$1", b.sub(b.shifted("VPSRAQ", "$52", t), g))
}

// matrix applies the external matrix to one half, block by block.
type matrix struct {
	*block
	base     string
	old, new [4]*value // sums, of the last round and of this one
	last     int       // the last block
}

func (k *kernel) matrix(b *block, h int) *matrix {
	m := &matrix{block: b, base: both[h], last: k.Width - 4}
	for j, s := range sums[h] {
		m.old[j] = fixed(s)
	}
	return m
}

// multiply multiplies x by M4 (see ExternalLinear), stores it as elements i to i+3 and adds
// it to the sums.
func (m *matrix) multiply(i int, x [4]*value) {
	t01, t23 := m.add(x[0], x[1]), m.add(x[2], x[3])
	t := m.add(t01, t23)
	t0, t2 := m.add(t, x[1]), m.add(t, x[3])
	y := [4]*value{
		m.add(t0, t01), m.add(t0, m.add(x[2], x[2])),
		m.add(t2, t23), m.add(t2, m.add(x[0], x[0])),
	}
	for j, v := range y {
		m.store("VMOVDQU64", v, row(m.base, i+j))
		switch i {
		case 0:
			m.new[j] = v
		case m.last:
			m.into(m.old[j], "VPADDQ", v, m.new[j])
		default:
			m.new[j] = m.add(v, m.new[j])
		}
	}
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
		b := &block{free: k.Vs(0, 24)}
		p, c, cmu := b.set(k.c(plan.P)), b.set(k.c(k.Out)), b.set(k.c(k.Out+1))
		r := &reducer{p: p}
		for i := part[0]; i < part[1]; i++ {
			var v [2]*value
			for h, base := range both {
				x := r.montgomery(b, k.positive(b, b.add(row(base, i), sums[h][i%4])), c, cmu)
				v[h] = b.into(nil, "VPMINUD", b.sub(x, p), x)
			}
			w := b.into(nil, "VPORQ", b.shifted("VPSLLQ", "$32", v[1]), v[0])
			b.store("VMOVDQU64", w, row(words, i))
		}
		k.emit(b.scheduled()...)
	}
}

// positive makes an element positive before it is multiplied.
func (k *kernel) positive(b *block, x *value) *value {
	if k.Degree == 3 {
		return x
	}
	return b.add(k.c(plan.Offset), x)
}
