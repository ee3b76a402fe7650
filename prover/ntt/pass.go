package ntt

import (
	"math/bits"

	"rpp-node/prover/field"
)

// lane is the number of elements that kernels handle at once; runs are multiples of it.
const lane = 16

// maxRadix is the largest log2 of a pass's radix in any kernel set.
const maxRadix = 4

// A pass is one sweep of butterflies of radix 2^r over blocks of rows: r layers of the
// transform at a time. Element e of a block's run meets those at e + gap, e + 2·gap, …;
// gaps, steps and runs are in elements. All runs are multiples of lane.
//
// Values between passes are below 2p, so that sums need no reduction; a kernel of the
// last pass reduces them.
//
// The kernels read the struct: internal/gen knows its layout.
type pass struct {
	src, dst         []field.Elem
	srcGap, dstGap   int
	srcStep, dstStep int // from a block to the next
	run, blocks      int
	table            []twiddle // by node; see tree
	node             int       // of the first block
	nodeStep         int       // from a block to the next: 1, or 0 if all are one block's rows
	ahead            int       // gather: how many blocks ahead is prefetched
	prime            uint64
	starts           [gatherBlocks + gatherAhead]int // gather: where blocks start in src
}

// gatherBlocks is the largest number of blocks of a gathering pass, and gatherAhead how
// many more starts are listed, to prefetch from.
const (
	gatherBlocks = 64
	gatherAhead  = 8
)

// A kernel runs a pass of one radix.
type kernel func(*pass)

// kernelSet has the kernels of each radix, by its log2.
type kernelSet struct {
	radix         int // log2 of the largest radix
	forward       [maxRadix + 1]kernel
	forwardLast   [maxRadix + 1]kernel // values below p
	inverse       [maxRadix + 1]kernel
	inverseGather [maxRadix + 1]kernel // values below p; those of a block in bit-reversed order
	inverseLast   [maxRadix + 1]kernel // coefficients below p, scaled; see lastTable
}

// portable runs the passes in Go.
var portable = func() *kernelSet {
	s := &kernelSet{radix: maxRadix}
	for r := 1; r <= maxRadix; r++ {
		s.forward[r] = func(p *pass) { p.split(r, false) }
		s.forwardLast[r] = func(p *pass) { p.split(r, true) }
		s.inverse[r] = func(p *pass) { p.join(r, false, false) }
		s.inverseGather[r] = func(p *pass) { p.join(r, true, false) }
		s.inverseLast[r] = func(p *pass) { p.join(r, false, true) }
	}
	return s
}()

// split is the forward pass: on each layer, x and y become x + w·y and x - w·y.
func (p *pass) split(r int, last bool) {
	prime, n := uint32(p.prime), 1<<r
	var v [1 << maxRadix]uint32
	for b := range p.blocks {
		node := p.node + b*p.nodeStep
		src, dst := p.src[b*p.srcStep:], p.dst[b*p.dstStep:]
		for e := range p.run {
			for i := range n {
				v[i] = uint32(src[i*p.srcGap+e])
			}
			for l := range r {
				h := n >> (l + 1)
				for k := range 1 << l {
					w := p.table[node<<l+k]
					x, y := v[2*h*k:2*h*k+h], v[2*h*k+h:2*h*k+2*h]
					for i, a := range x {
						a = min(a, a-prime)
						t := w.mul(y[i], prime)
						t = min(t, t-prime)
						x[i], y[i] = a+t, a-t+prime
					}
				}
			}
			for i := range n {
				if last {
					v[i] = min(v[i], v[i]-prime)
				}
				dst[i*p.dstGap+e] = field.Elem(v[i])
			}
		}
	}
}

// join is the inverse pass: on each layer, x and y become x + y and w·(x - y).
func (p *pass) join(r int, gather, last bool) {
	prime, n := uint32(p.prime), 1<<r
	var v [1 << maxRadix]uint32
	for b := range p.blocks {
		node := p.node + b*p.nodeStep
		start := b * p.srcStep
		if gather {
			start = p.starts[b]
		}
		src, dst := p.src[start:], p.dst[b*p.dstStep:]
		for e := range p.run {
			for i := range n {
				at := i
				if gather {
					at = int(bits.Reverse8(uint8(i)) >> (8 - r))
				}
				v[i] = uint32(src[at*p.srcGap+e])
			}
			for l := r - 1; l >= 0; l-- {
				h := n >> (l + 1)
				for k := range 1 << l {
					w := p.table[node<<l+k]
					x, y := v[2*h*k:2*h*k+h], v[2*h*k+h:2*h*k+2*h]
					for i, a := range x {
						c := y[i]
						a, c = min(a, a-prime), min(c, c-prime)
						t := w
						if last && i == 0 {
							t = p.table[scaledAt+1<<l+k]
						}
						x[i], y[i] = a+c, t.mul(a-c+prime, prime)
					}
				}
			}
			if last {
				v[0] = p.table[scaledAt].mul(v[0], prime)
			}
			for i := range n {
				if last {
					v[i] = min(v[i], v[i]-prime)
				}
				dst[i*p.dstGap+e] = field.Elem(v[i])
			}
		}
	}
}
