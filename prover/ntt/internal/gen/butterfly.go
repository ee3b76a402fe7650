package main

import (
	"fmt"
	"math/bits"
	"strings"

	"rpp-node/prover/internal/asm"
)

// butterfly emits a butterfly of radix 2^r on 2^r registers: r layers of butterflies of
// two. Node n of the tree (see the package) splits X^2h - c² into X^h - c and X^h + c;
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
	values []string
	spare  []string // the other registers
}

func newButterfly(f *asm.File, k kernel, r int) *butterfly {
	n := 1 << r
	all := 16
	if f.ISA == asm.AVX512 {
		all = 32
	}
	return &butterfly{File: f, kernel: k, r: r, values: f.Vs(0, n), p: f.V(n), spare: f.Vs(n+1, all)}
}

func (b *butterfly) load() {
	b.elements("SI", srcGaps, func(i int, at string) {
		if b.gathered {
			i = int(bits.Reverse8(uint8(i)) >> (8 - b.r))
		}
		b.I("%s %s, %s", [...]string{"VMOVDQU", "VMOVDQU32"}[b.ISA], at, b.values[i])
	})
}

func (b *butterfly) store() {
	mov := [...]string{"VMOVDQU", "VMOVDQU32"}[b.ISA]
	if b.stream {
		mov = "VMOVNTDQ"
	}
	b.elements("DI", dstGaps, func(i int, at string) {
		b.I("%s %s, %s", mov, b.values[i], at)
	})
}

// elements calls f for every element of the butterfly with its address.
func (b *butterfly) elements(base string, g [4]string, f func(i int, at string)) {
	for i := range 1 << b.r {
		if i == 8 {
			b.I("LEAQ (%s)(%s*8), AX", base, g[0])
			base = "AX"
		}
		f(i, element(base, g, i))
	}
}

// layers emits the layers, from the node down or towards it.
func (b *butterfly) layers() {
	for l := range b.r {
		if b.inverse {
			l = b.r - 1 - l
		}
		var pairs []pair
		h := 1 << (b.r - 1 - l)
		for k := range 1 << l {
			for i := range h {
				at := 2*h*k + i
				pairs = append(pairs, pair{
					x: b.values[at], y: b.values[at+h], node: k,
					first: b.first(l), last: b.last && l == b.lastLayer(), scaled: b.scaled && i == 0,
				})
			}
		}
		for len(pairs) > 0 {
			n := b.together(pairs)
			b.layer(l, pairs[:n])
			pairs = pairs[n:]
		}
	}
	if b.scaled {
		w := b.spare[2:4]
		b.broadcast(w, fmt.Sprintf("%d(BX)", scaledOffset), fmt.Sprintf("%d(BX)", scaledOffset+4))
		b.emit([][]string{append(b.mul(b.values[0], b.values[0], w, b.spare), b.reduce(b.values[0], b.values[0], b.spare[0])...)})
	}
}

// scaledOffset is where the scaled table lies after the plain one, whose nodes are 0 to
// 15.
const scaledOffset = 8 * 16

// first reports whether a layer is the first of the pass and its inputs are below p.
func (b *butterfly) first(l int) bool {
	return b.canonical && l == b.r-1-b.lastLayer()
}

func (b *butterfly) lastLayer() int {
	if b.inverse {
		return 0
	}
	return b.r - 1
}

// A pair is one butterfly of radix 2.
type pair struct {
	x, y   string
	node   int  // which of the layer's nodes
	first  bool // inputs are below p
	last   bool // outputs are to be below p
	scaled bool // the product is to be scaled
}

// together is how many of some independent butterflies are emitted instruction by
// instruction in turn: a chain of dependent ones would fill the scheduler with waiting
// instructions.
func (b *butterfly) together(pairs []pair) int {
	if b.ISA == asm.AVX512 {
		return min(len(pairs), 4)
	}
	if len(pairs) > 1 && pairs[0].node == pairs[1].node && pairs[0].scaled == pairs[1].scaled {
		return 2 // there are registers for one twiddle
	}
	return 1
}

// layer emits some butterflies of one layer.
func (b *butterfly) layer(l int, pairs []pair) {
	temporary := func(i int) []string { return b.spare[2*i : 2*i+2] }
	free := b.spare[2*len(pairs):]
	type twiddle struct {
		node   int
		scaled bool
	}
	loaded := map[twiddle][]string{}
	var code [][]string
	for i, p := range pairs {
		key := twiddle{p.node, p.scaled}
		w := loaded[key]
		if w == nil {
			off := 8 * p.node
			if p.scaled {
				off += scaledOffset
			}
			quotient, value := fmt.Sprintf("%d(BX)(DX*%d)", off, 1<<l), fmt.Sprintf("%d(BX)(DX*%d)", off+4, 1<<l)
			if len(free) >= 2 {
				w, free = free[:2], free[2:]
				b.broadcast(w, quotient, value)
			} else if b.ISA == asm.AVX512 {
				w = []string{quotient, value}
			} else {
				panic("no register for a twiddle")
			}
			loaded[key] = w
		}
		if b.inverse {
			code = append(code, b.join(p, w, temporary(i)))
		} else {
			code = append(code, b.split(p, w, temporary(i)))
		}
	}
	b.emit(code)
}

// emit emits sequences in turn.
func (b *butterfly) emit(code [][]string) {
	for i := range code[0] {
		for _, c := range code {
			b.I("%s", c[i])
		}
	}
}

func (b *butterfly) broadcast(w []string, quotient, value string) {
	b.I("VPBROADCASTD %s, %s", quotient, w[0])
	b.I("VPBROADCASTD %s, %s", value, w[1])
}

func op(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// mul sets d = x·w below 2p.
func (b *butterfly) mul(x, d string, w, t []string) (code []string) {
	broadcast := ""
	if strings.HasSuffix(w[0], ")") {
		broadcast = ".BCST" // of both words for VPMULUDQ, which ignores the upper one
	}
	code = append(code,
		op("VMOVSHDUP %s, %s", x, t[0]),
		op("VPMULUDQ%s %s, %s, %s", broadcast, w[0], x, t[1]),
		op("VPMULUDQ%s %s, %s, %s", broadcast, w[0], t[0], t[0]))
	if b.ISA == asm.AVX512 {
		code = append(code, op("VMOVSHDUP %s, K1, %s", t[1], t[0]))
	} else {
		code = append(code,
			op("VMOVSHDUP %s, %s", t[1], t[1]),
			op("VPBLENDD $0x55, %s, %s, %s", t[1], t[0], t[0]))
	}
	return append(code,
		op("VPMULLD%s %s, %s, %s", broadcast, w[1], x, t[1]),
		op("VPMULLD %s, %s, %s", b.p, t[0], t[0]),
		op("VPSUBD %s, %s, %s", t[0], t[1], d))
}

// reduce sets d to x mod p, for x below 2p.
func (b *butterfly) reduce(x, d, t string) []string {
	return []string{
		op("VPSUBD %s, %s, %s", b.p, x, t),
		op("VPMINUD %s, %s, %s", t, x, d),
	}
}

// split makes x, y = x + w·y, x - w·y. The product comes first: everything waits for it.
func (b *butterfly) split(p pair, w, t []string) []string {
	code := b.mul(p.y, t[0], w, t)
	code = append(code, b.reduce(t[0], t[0], t[1])...)
	if !p.first {
		code = append(code, b.reduce(p.x, p.x, t[1])...)
	}
	code = append(code,
		op("VPSUBD %s, %s, %s", t[0], p.x, p.y),
		op("VPADDD %s, %s, %s", t[0], p.x, p.x))
	if !p.last {
		return append(code, op("VPADDD %s, %s, %s", b.p, p.y, p.y))
	}
	code = append(code, b.reduce(p.x, p.x, t[0])...)
	return append(code,
		op("VPADDD %s, %s, %s", b.p, p.y, t[1]),
		op("VPMINUD %s, %s, %s", t[1], p.y, p.y))
}

// join makes x, y = x + y, w·(x - y). In a scaled pass a value is scaled where it is first
// multiplied, which is where the lowest set bit of its index says; value 0 never is, and
// is scaled at the end.
func (b *butterfly) join(p pair, w, t []string) (code []string) {
	if !p.first {
		code = append(code, b.reduce(p.x, p.x, t[0])...)
		code = append(code, b.reduce(p.y, p.y, t[1])...)
	}
	code = append(code,
		op("VPSUBD %s, %s, %s", p.y, p.x, t[0]),
		op("VPADDD %s, %s, %s", p.y, p.x, p.x),
		op("VPADDD %s, %s, %s", b.p, t[0], p.y))
	code = append(code, b.mul(p.y, p.y, w, t)...)
	if p.last {
		code = append(code, b.reduce(p.x, p.x, t[0])...)
		code = append(code, b.reduce(p.y, p.y, t[1])...)
	}
	return code
}
