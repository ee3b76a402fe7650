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

// round emits round r, in 90 instructions that need a vector unit and 15 copies, which
// the processors' renaming makes.
func (w *wide) round(r int) {
	a := w.lanes(r)
	w.parity(a, w.temp[:5])
	w.theta(a, w.temp)
	w.chi(a, 5)
	w.iota(r)
}

// parity emits c[x] = the sum of column x.
func (w *wide) parity(a [5][5]string, c []string) {
	for x := range 5 {
		w.I("VMOVDQA64 %s, %s", a[x][0], c[x])
		w.xor3(a[x][1], a[x][2], c[x])
		w.xor3(a[x][3], a[x][4], c[x])
	}
}

// theta emits a[x][y] += c[x-1] + (c[x+1] rotated by one), c being the first five
// registers of t. It overwrites t.
//
// No order of the columns gets by on the five registers and less than two others.
func (w *wide) theta(a [5][5]string, t []string) {
	c, r0, r1 := t[:5], t[5], t[6]
	column := func(x int, rotated string) {
		for y := range 5 {
			w.xor3(c[(x+4)%5], rotated, a[x][y])
		}
	}
	w.rotate(1, c[1], r1)
	w.rotate(1, c[0], r0)
	column(0, r1)
	w.rotate(1, c[4], c[4]) // only its rotation is still asked for
	column(4, r0)
	w.rotate(1, c[2], r1)
	w.rotate(1, c[3], c[3]) // likewise
	column(1, r1)
	for _, x := range []int{2, 3} {
		column(x, c[x+1])
	}
}

// chi emits rho and chi for as many rows of the next round's state.
func (w *wide) chi(a [5][5]string, rows int) {
	for y := range rows {
		var b [5]string
		for x := range b {
			fromX, fromY := pi(x, y)
			b[x] = a[fromX][fromY]
			if k := keccak.Rotation[fromX][fromY]; k != 0 {
				w.rotate(k, b[x], b[x])
			}
		}
		t0, t1 := w.temp[2*(y%3)], w.temp[2*(y%3)+1]
		w.I("VMOVDQA64 %s, %s", b[0], t0)
		w.I("VMOVDQA64 %s, %s", b[1], t1)
		next := append(b[:], t0, t1)
		for x := range b {
			// 0xd2 is d + ¬b·c.
			w.I("VPTERNLOGQ $0xd2, %s, %s, %s", next[x+2], next[x+1], b[x])
		}
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
