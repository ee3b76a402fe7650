package main

import (
	"fmt"
	"math/bits"

	"rpp-node/prover/internal/asm"
)

// butterfly emits a butterfly of radix 2^r on 2^r registers: r layers of butterflies of
// two. Node n of the tree of moduli (see table) splits X^2h - c² into X^h - c and X^h + c;
// its descendants k layers below are 2^k·n, …, so that one register, n in bytes, addresses
// all of them by the scales 1, 2, 4 and 8.
//
// Products are Shoup's: for w with w' = floor(2^32·w/p), and any x below 2^32, the word
// x·w - floor(x·w'/2^32)·p is congruent to x·w and lies in [0, 2p). (V. Shoup, NTL; D.
// Harvey, Faster arithmetic for number-theoretic transforms, 2014, from whom the lazy sums
// come too.) So values between layers need to be below 2p only; 2p < 2^32.
type butterfly struct {
	*asm.File
	kernel
	r      int
	p      string
	w      [2][2]string // (w', w): of the plain table, of the scaled one
	t      [3]string
	values []string
}

func newButterfly(f *asm.File, k kernel, r int) *butterfly {
	b := &butterfly{File: f, kernel: k, r: r, values: f.Vs(0, 1<<r)}
	next := 1 << r
	take := func() string { next++; return f.V(next - 1) }
	b.p = take()
	b.t = [3]string{take(), take(), take()}
	b.w[0] = [2]string{take(), take()}
	if k.scaled {
		b.w[1] = [2]string{take(), take()}
	}
	return b
}

// move loads or stores the elements.
func (b *butterfly) move(what, base string, g [4]string, reversed bool) {
	for i := range 1 << b.r {
		if i == 8 {
			b.I("LEAQ (%s)(%s*8), AX", base, g[0])
			base = "AX"
		}
		v := b.values[i]
		if reversed {
			v = b.values[bits.Reverse8(uint8(i))>>(8-b.r)]
		}
		op := [...]string{"VMOVDQU", "VMOVDQU32"}[b.ISA]
		if what == "load" {
			b.I("%s %s, %s", op, element(base, g, i), v)
		} else {
			b.I("%s %s, %s", op, v, element(base, g, i))
		}
	}
}

// prefetchGather fetches the elements of a later block.
func (b *butterfly) prefetchGather() {
	for from := 0; from < 1<<b.r; from += 8 {
		b.I("MOVQ %d(SP), AX", locStarts)
		b.I("ADDQ %d(SP), AX", locAhead)
		b.I("MOVQ (AX), AX")
		b.I("SHLQ $2, AX")
		b.I("ADDQ %d(SP), AX", locSrc)
		if from > 0 {
			b.I("LEAQ (AX)(%s*8), AX", srcGaps[0])
		}
		b.prefetchLines(fmt.Sprintf("prefetch%d", from), "PREFETCHT0", srcGaps)
	}
}

// prefetchLines fetches the whole run of up to eight elements from AX on.
func (b *butterfly) prefetchLines(label, op string, g [4]string) {
	b.I("MOVQ %d(SP), CX", locRun)
	b.Label(label)
	for i := range min(8, 1<<b.r) {
		b.I("%s %s", op, element("AX", g, i))
	}
	b.I("ADDQ $64, AX")
	b.I("SUBQ $64, CX")
	b.I("JNZ %s", b.L(label))
}

// layers emits the layers, from the node down or towards it.
func (b *butterfly) layers() {
	for l := range b.r {
		if b.inverse {
			l = b.r - 1 - l
		}
		h := 1 << (b.r - 1 - l)
		for k := range 1 << l {
			b.twiddle(l, k)
			for i := range h {
				at := 2*h*k + i
				if b.inverse {
					b.joinPair(l, at, h, i)
				} else {
					b.splitPair(l, b.values[at], b.values[at+h])
				}
			}
		}
	}
	if b.scaled {
		b.load(0, scaledOffset, "(BX)")
		b.mul(b.values[0], b.w[0], b.t[0])
		b.reduce(b.t[0], b.values[0])
	}
}

// scaledOffset is where the scaled table lies after the plain one, whose nodes are 0 to
// 15.
const scaledOffset = 8 * 16

// twiddle loads the pair of descendant k of the block's node, l layers below.
func (b *butterfly) twiddle(l, k int) {
	at := fmt.Sprintf("(BX)(DX*%d)", 1<<l)
	b.load(0, 8*k, at)
	if b.scaled {
		b.load(1, 8*k+scaledOffset, at)
	}
}

func (b *butterfly) load(which, off int, at string) {
	for i, reg := range b.w[which] {
		b.I("VPBROADCASTD %d%s, %s", off+4*i, at, reg)
	}
}

// mul sets d = x·w below 2p; t[0] and t[1] are overwritten.
func (b *butterfly) mul(x string, w [2]string, d string) {
	t0, t1 := b.t[0], b.t[1]
	b.I("VMOVSHDUP %s, %s", x, t0)
	b.I("VPMULUDQ %s, %s, %s", w[0], x, t1)
	b.I("VPMULUDQ %s, %s, %s", w[0], t0, t0)
	if b.ISA == asm.AVX512 {
		b.I("VMOVSHDUP %s, K1, %s", t1, t0)
	} else {
		b.I("VMOVSHDUP %s, %s", t1, t1)
		b.I("VPBLENDD $0x55, %s, %s, %s", t1, t0, t0)
	}
	b.I("VPMULLD %s, %s, %s", w[1], x, t1)
	b.I("VPMULLD %s, %s, %s", b.p, t0, t0)
	b.I("VPSUBD %s, %s, %s", t0, t1, d)
}

// reduce sets d to x mod p, for x below 2p; t[1] is overwritten.
func (b *butterfly) reduce(x, d string) {
	b.I("VPSUBD %s, %s, %s", b.p, x, b.t[1])
	b.I("VPMINUD %s, %s, %s", b.t[1], x, d)
}

// splitPair emits x, y = x + w·y, x - w·y.
func (b *butterfly) splitPair(l int, x, y string) {
	b.mul(y, b.w[0], b.t[0])
	b.reduce(b.t[0], b.t[0])
	if l > 0 || !b.canonical {
		b.reduce(x, x)
	}
	b.I("VPSUBD %s, %s, %s", b.t[0], x, y)
	b.I("VPADDD %s, %s, %s", b.t[0], x, x)
	if b.last && l == b.r-1 {
		b.reduce(x, x)
		b.I("VPADDD %s, %s, %s", b.p, y, b.t[1])
		b.I("VPMINUD %s, %s, %s", b.t[1], y, y)
		return
	}
	b.I("VPADDD %s, %s, %s", b.p, y, y)
}

// joinPair emits x, y = x + y, w·(x - y). In a scaled pass a value is scaled where it is
// first multiplied, which is where the lowest set bit of its index says; value 0 never is,
// and is scaled at the end.
func (b *butterfly) joinPair(l, at, h, i int) {
	x, y := b.values[at], b.values[at+h]
	if l < b.r-1 || !b.canonical {
		b.reduce(x, x)
		b.reduce(y, y)
	}
	b.I("VPSUBD %s, %s, %s", y, x, b.t[2])
	b.I("VPADDD %s, %s, %s", y, x, x)
	b.I("VPADDD %s, %s, %s", b.p, b.t[2], b.t[2])
	w := b.w[0]
	if b.scaled && i == 0 {
		w = b.w[1]
	}
	b.mul(b.t[2], w, y)
	if b.last && l == 0 {
		b.reduce(x, x)
		b.reduce(y, y)
	}
}
