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
	evenSums = []string{"Z24", "Z25", "Z26", "Z27"}
	oddSums  = []string{"Z28", "Z29", "Z30", "Z31"}
	newSums  = []string{"Z16", "Z17", "Z18", "Z19"}
)

// Constants in registers during the full rounds.
const (
	zNegMU = "Z20"
	zP     = "Z21"
	zOne   = "Z22"
	zMU    = "Z23"
)

// enterFull doubles the words, so that all elements are even, and applies the external
// matrix.
func (k *kernel) enterFull() {
	for b, to := range []string{even, odd} {
		for i := 0; i < k.Width; i += 4 {
			for j := range 4 {
				x := k.V(j)
				k.emit(fmt.Sprintf("VMOVDQU64 %d(%s), %s", 64*(i+j)+4*b, words, x),
					k.add(x, x, x), k.and(k.c(plan.Even), x, x))
			}
			k.block(i, to)
		}
		k.moveSums(b)
	}
	k.fullConstants()
}

// enterLast prepares the full rounds after the partial ones, which have no matrix before
// them.
func (k *kernel) enterLast() {
	for _, s := range append(evenSums[:4:4], oddSums...) {
		k.emit(k.zero(s))
	}
	k.fullConstants()
}

func (k *kernel) fullConstants() {
	k.emit(k.set(k.c(plan.NegMU), zNegMU), k.set(k.c(plan.P), zP), k.set(k.c(plan.One), zOne))
	if k.Degree == 7 {
		k.emit(k.set(k.c(plan.MU), zMU))
	}
}

func (k *kernel) moveSums(b int) {
	for j, s := range [][]string{evenSums, oddSums}[b] {
		k.emit(k.set(newSums[j], s))
	}
}

// keepSums stores the sums behind the elements.
func (k *kernel) keepSums() {
	for j := range 4 {
		k.emit("VMOVDQU64 "+evenSums[j]+", "+row(even, k.Width+j), "VMOVDQU64 "+oddSums[j]+", "+row(odd, k.Width+j))
	}
}

// fullRound is one full round of both halves.
func (k *kernel) fullRound() {
	for b, from := range []string{even, odd} {
		sums := [][]string{evenSums, oddSums}[b]
		for i := 0; i < k.Width; i += 4 {
			for j := range 4 {
				x := k.V(j)
				k.emit("VPADDQ "+row(from, i+j)+", "+sums[j]+", "+x,
					fmt.Sprintf("VPADDQ.BCST %d(%s), %s, %s", 8*(i+j), round, x, x))
			}
			k.sboxes()
			k.block(i, from)
		}
		k.moveSums(b)
	}
	k.emit(fmt.Sprintf("ADDQ $%d, %s", 8*k.Width, round))
}

// sboxes replaces Z0 to Z3.
//
// The argument is odd, because the sums of doubled results are even and the round
// constants come odd (as they are or plus p). So its square is odd, and its product by
// what is not zero and below 2^52 is no multiple of 2^52: the quotients may be negative
// ones (see kernel), whose results are positive, as factors of the next product must be.
// The last result is doubled again.
func (k *kernel) sboxes() {
	if k.Degree == 3 {
		var seqs [][]string
		for j := range 4 {
			seqs = append(seqs, k.cube(k.V(j), k.V(4+3*j), k.V(5+3*j), k.V(6+3*j)))
		}
		k.weave(seqs...)
		return
	}
	for j := 0; j < 4; j += 2 {
		k.weave(k.seventh(k.V(j), k.Vs(4, 9)), k.seventh(k.V(j+1), k.Vs(9, 14)))
	}
}

func (k *kernel) cube(x, m, q, u string) []string {
	return []string{
		k.zero(m), k.lo(zNegMU, x, m),
		k.zero(q), k.lo(m, x, q),
		k.set(zOne, u), k.hi(x, x, u),
		k.hi(zP, q, u), // x²
		k.zero(q), k.lo(m, u, q),
		k.set(zOne, m), k.hi(u, x, m),
		k.hi(zP, q, m), // x³
		k.double(m, x),
	}
}

// seventh takes x⁴ and x⁷ from products of 32-bit words, whose low halves may be zero:
// their quotients are positive ones, and so these results lie between -p and 2^12.
func (k *kernel) seventh(x string, t []string) []string {
	m, q, x2, x3, x4 := t[0], t[1], t[2], t[3], t[4]
	return []string{
		k.zero(m), k.lo(zNegMU, x, m),
		k.zero(q), k.lo(m, x, q),
		k.set(zOne, x2), k.hi(x, x, x2),
		k.hi(zP, q, x2),
		k.zero(q), k.lo(m, x2, q),
		k.set(zOne, x3), k.hi(x2, x, x3),
		k.hi(zP, q, x3),
		k.mulu(x2, x2, x4),
		k.zero(q), k.lo(zMU, x4, q),
		k.zero(m), k.hi(zP, q, m),
		"VPSRLQ $52, " + x4 + ", " + x4,
		k.sub(m, x4, x4),
		"VPMULDQ " + x4 + ", " + x3 + ", " + x3, // x⁷
		k.zero(q), k.lo(zMU, x3, q),
		k.zero(m), k.hi(zP, q, m),
		"VPSRAQ $52, " + x3 + ", " + x3,
		k.sub(m, x3, x3),
		k.double(x3, x),
	}
}

// block multiplies Z0 to Z3 by M4 (see ExternalLinear), stores them as elements i to i+3
// and adds them to the new sums.
func (k *kernel) block(i int, to string) {
	x0, x1, x2, x3 := k.V(0), k.V(1), k.V(2), k.V(3)
	t01, t23, t0, t2 := k.V(4), k.V(5), k.V(6), k.V(7)
	k.emit(
		k.add(x0, x1, t01), k.add(x2, x3, t23),
		k.add(x0, x0, x0), k.add(x2, x2, x2),
		k.add(t01, t23, t0),
		k.add(t0, x3, t2), k.add(t0, x1, t0),
		k.add(t2, x0, x3), k.add(t0, x2, x1),
		k.add(t0, t01, x0), k.add(t2, t23, x2),
	)
	for j := range 4 {
		k.emit("VMOVDQU64 " + k.V(j) + ", " + row(to, i+j))
		if i == 0 {
			k.emit(k.set(k.V(j), newSums[j]))
		} else {
			k.emit(k.add(k.V(j), newSums[j], newSums[j]))
		}
	}
}

// out brings one half into canonical form and stores it among the words.
func (k *kernel) out() {
	for j := range 4 {
		k.emit("VMOVDQU64 " + row(half, k.Width+j) + ", " + k.V(16+j))
	}
	k.emit(k.set(k.c(plan.P), zP))
	const group = 4
	for i := 0; i < k.Width; i += group {
		if i == 0 {
			k.emit("TESTQ "+skip+", "+skip, "JNZ "+k.L("capacity"))
		}
		if i == k.Width-plan.Capacity {
			k.Label("capacity")
		}
		var seqs [][]string
		for j := range group {
			x, q, h := k.V(3*j), k.V(3*j+1), k.V(3*j+2)
			s := []string{"VPADDQ " + row(half, i+j) + ", " + k.V(16+(i+j)%4) + ", " + x}
			s = append(s, k.positive(x)...)
			s = append(s, k.montgomery(x, k.Out, q, h)...)
			s = append(s, k.sub(zP, x, q), "VPMINUD "+q+", "+x+", "+x,
				fmt.Sprintf("VMOVDQU32 %s, K1, %d(%s)", x, 64*(i+j), halfWord))
			seqs = append(seqs, s)
		}
		k.weave(seqs...)
	}
}

// positive makes an element positive before it is multiplied.
func (k *kernel) positive(x string) []string {
	if k.Degree == 3 {
		return nil
	}
	return []string{k.add(k.c(plan.Offset), x, x)}
}

// montgomery replaces x by -x·c/R, between 0 and 2p, for the constant at word.
func (k *kernel) montgomery(x string, word int, q, h string) []string {
	return []string{
		k.zero(q), k.lo(k.c(word+1), x, q),
		k.zero(h), k.hi(k.c(word), x, h),
		k.set(k.c(plan.P), x), k.sub(h, x, x),
		k.hi(k.c(plan.P), q, x),
	}
}
