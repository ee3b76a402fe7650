package main

import (
	"rpp-node/prover/internal/asm"
	"rpp-node/prover/keccak"
)

// wide emits AVX-512 kernels for eight states, a register for each lane, whose element i
// belongs to state i. Rho and pi move no register: they change which lane a register is.
type wide struct {
	*asm.File
	rc   string
	temp []string // the seven registers beside the state
}

func avx512() *asm.File {
	f := asm.NewFile(asm.AVX512)
	w := &wide{f, f.Words64("rc", keccak.RC[:]...), f.Vs(25, 32)}
	w.permutation()
	w.permute()
	w.absorb()
	w.squeeze()
	w.compress()
	return f
}

// lanes says which register is lane (x, y), at [x][y], before round r. The order of pi
// divides 24, so that after the last round every lane is back in its place.
func (w *wide) lanes(r int) (lane [5][5]string) {
	for y := range 5 {
		for x := range 5 {
			lane[x][y] = w.V(index(x, y))
		}
	}
	for range r {
		last := lane
		for y := range 5 {
			for x := range 5 {
				fromX, fromY := pi(x, y)
				lane[x][y] = last[fromX][fromY]
			}
		}
	}
	return lane
}

// permutation emits the subroutine permute, on the state in Z0 … Z24, and middle, its
// rounds but the first and the last.
func (w *wide) permutation() {
	w.Sub("middle")
	for r := 1; r < keccak.Rounds-1; r++ {
		w.round(r)
	}
	w.I("RET")
	w.Sub("permute")
	w.round(0)
	w.Call("middle")
	w.round(keccak.Rounds - 1)
	w.I("RET")
}

// round emits round r, in 95 instructions that need a vector unit and 15 copies, which
// the processors' renaming makes.
//
// Zen 5 starts two VPTERNLOG and two rotations a cycle among four instructions, Intel two
// instructions of any kind. So theta adds its sums by exclusive or, although VPTERNLOG
// would save five instructions, and its and rho's work on a row stands before chi of the
// row before: in the order of the steps a round takes a quarter longer on Zen 5.
func (w *wide) round(r int) {
	a := w.lanes(r)
	w.parity(a)
	d := w.deltas()
	w.thetaRho(a, d, 0)
	for y := range 5 {
		if y < 4 {
			w.thetaRho(a, d, y+1)
		}
		w.chi(a, y)
		if y == 0 {
			w.iota(r)
		}
	}
}

// The temporary registers: columns' sums c; two others, t, and those of the sums that are
// free once there are deltas, u.
func (w *wide) c() []string { return w.temp[:5] }
func (w *wide) t() []string { return w.temp[5:] }
func (w *wide) u() []string { return w.temp[:2] }

// parity emits c[x] = the sum of column x.
func (w *wide) parity(a [5][5]string) {
	for x, c := range w.c() {
		w.I("VMOVDQA64 %s, %s", a[x][0], c)
		w.xor3(a[x][1], a[x][2], c)
		w.xor3(a[x][3], a[x][4], c)
	}
}

// deltas emits d[x] = c[x-1] + (c[x+1] rotated by one), what theta adds to column x.
func (w *wide) deltas() [5]string {
	c, t := w.c(), w.t()
	// Each overwrites a sum that no later one asks for.
	d := [5]string{t[1], c[2], c[3], c[4], t[0]}
	for _, x := range []int{4, 0, 3, 2, 1} {
		w.rotate(1, c[(x+1)%5], d[x])
		w.I("VPXORQ %s, %s, %s", c[(x+4)%5], d[x], d[x])
	}
	return d
}

// row is the registers of what becomes row y by pi.
func row(a [5][5]string, y int) (b [5]string) {
	for x := range b {
		fromX, fromY := pi(x, y)
		b[x] = a[fromX][fromY]
	}
	return b
}

// thetaRho emits theta and rho for row y after pi.
func (w *wide) thetaRho(a [5][5]string, d [5]string, y int) {
	b := row(a, y)
	for x := range b {
		fromX, _ := pi(x, y)
		w.I("VPXORQ %s, %s, %s", d[fromX], b[x], b[x])
	}
	for x := range b {
		fromX, fromY := pi(x, y)
		if k := keccak.Rotation[fromX][fromY]; k != 0 {
			w.rotate(k, b[x], b[x])
		}
	}
}

// chi emits chi for row y.
func (w *wide) chi(a [5][5]string, y int) {
	b, u := row(a, y), w.u()
	w.I("VMOVDQA64 %s, %s", b[0], u[0])
	w.I("VMOVDQA64 %s, %s", b[1], u[1])
	next := []string{b[0], b[1], b[2], b[3], b[4], u[0], u[1]}
	for x := range b {
		// 0xd2 is d + ¬b·c.
		w.I("VPTERNLOGQ $0xd2, %s, %s, %s", next[x+2], next[x+1], b[x])
	}
}

// iota emits the addition of the constant of round r.
func (w *wide) iota(r int) {
	first := w.lanes(r + 1)[0][0]
	w.I("VPXORQ.BCST %s+%d(SB), %s, %s", w.rc, 8*r, first, first)
}

// xor3 emits d += x + y.
func (w *wide) xor3(x, y, d string) { w.I("VPTERNLOGQ $0x96, %s, %s, %s", x, y, d) }

func (w *wide) rotate(k int, x, d string) { w.I("VPROLQ $%d, %s, %s", k, x, d) }

// state moves the state between memory at DI and its registers.
func (w *wide) loadState(base string) {
	for i := range 25 {
		w.I("VMOVDQU64 %d(%s), %s", 64*i, base, w.V(i))
	}
}

func (w *wide) storeState(base string, lanes int) {
	for i := range lanes {
		w.I("VMOVDQU64 %s, %d(%s)", w.V(i), 64*i, base)
	}
}

// permute emits func(dst, src *uint64): eight states.
func (w *wide) permute() {
	w.Text("permute", 0, 16)
	w.I("MOVQ dst+0(FP), DI")
	w.I("MOVQ src+8(FP), SI")
	w.loadState("SI")
	w.Call("permute")
	w.storeState("DI", 25)
	w.Return()
}
