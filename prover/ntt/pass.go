package ntt

import "rpp-node/prover/field"

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
	nodeStep         int       // from a block to the next: 1, or 0 if all are rows of one; 1 for a gather
	ahead            int       // prefetch so far ahead in the matrix
	prime            uint64
	places           [gatherBlocks]int // gather: which block of dst, and which node after the first
}

// gatherBlocks is the largest number of blocks of a gathering pass.
const gatherBlocks = 64

// A kernel runs a pass of one radix.
type kernel func(*pass)

// kernelSet has the kernels of each radix, by its log2.
type kernelSet struct {
	radix         int    // log2 of the largest radix
	copy          kernel // rows to rows
	forward       [maxRadix + 1]kernel
	forwardLast   [maxRadix + 1]kernel // values below p
	forwardStream [maxRadix + 1]kernel // the same, past the caches, to whole cache lines
	inverse       [maxRadix + 1]kernel
	inverseGather [maxRadix + 1]kernel // values below p; those of a block in bit-reversed order
	inverseLast   [maxRadix + 1]kernel // coefficients below p, scaled; see lastNodes
}

// portable runs the passes in Go. A pass takes rows where they are to be and does layer
// after layer there.
var portable = func() *kernelSet {
	s := &kernelSet{radix: maxRadix, copy: (*pass).copyRows}
	for r := 1; r <= maxRadix; r++ {
		s.forward[r] = func(p *pass) { p.split(r, false) }
		s.forwardLast[r] = func(p *pass) { p.split(r, true) }
		s.forwardStream[r] = s.forwardLast[r]
		s.inverse[r] = func(p *pass) { p.join(r, false, false) }
		s.inverseGather[r] = func(p *pass) { p.join(r, true, false) }
		s.inverseLast[r] = func(p *pass) { p.join(r, false, true) }
	}
	return s
}()

// copyRows is a pass of no layers.
func (p *pass) copyRows() {
	for b := range p.blocks {
		copy(p.dst[b*p.dstStep:][:p.run], p.src[b*p.srcStep:])
	}
}

// split is the forward pass: on each layer, x and y become x + w·y and x - w·y.
func (p *pass) split(r int, last bool) {
	prime := uint32(p.prime)
	for b := range p.blocks {
		row := p.take(r, b, b, false)
		for l := range r {
			h := 1 << (r - 1 - l)
			for i := range 1 << r {
				if i&h != 0 {
					continue
				}
				w := p.table[(p.node+b*p.nodeStep)<<l+i/(2*h)]
				x, y := row(i), row(i+h)
				for e, u := range x {
					a, t := reduce(uint32(u), prime), reduce(w.mul(uint32(y[e]), prime), prime)
					x[e], y[e] = field.Elem(a+t), field.Elem(a-t+prime)
				}
			}
		}
		if last {
			reduceRows(row, r, prime)
		}
	}
}

// join is the inverse pass: on each layer, x and y become x + y and w·(x - y).
func (p *pass) join(r int, gather, last bool) {
	prime := uint32(p.prime)
	for b := range p.blocks {
		place := b
		if gather {
			place = p.places[b]
		}
		row := p.take(r, b, place, gather)
		for l := r - 1; l >= 0; l-- {
			h := 1 << (r - 1 - l)
			for i := range 1 << r {
				if i&h != 0 {
					continue
				}
				n := (p.node+place*p.nodeStep)<<l + i/(2*h)
				if last && i%h == 0 { // the first product of value i + h: see lastNodes
					n += scaledAt
				}
				w := p.table[n]
				x, y := row(i), row(i+h)
				for e, u := range x {
					a, c := reduce(uint32(u), prime), reduce(uint32(y[e]), prime)
					x[e], y[e] = field.Elem(a+c), field.Elem(w.mul(a-c+prime, prime))
				}
			}
		}
		if last {
			for e, u := range row(0) {
				row(0)[e] = field.Elem(p.table[scaledAt].mul(uint32(u), prime))
			}
			reduceRows(row, r, prime)
		}
	}
}

// take copies block b of src to a place in dst and returns its rows there.
func (p *pass) take(r, b, place int, reversed bool) func(i int) []field.Elem {
	src, dst, gap, run := p.src[b*p.srcStep:], p.dst[place*p.dstStep:], p.dstGap, p.run
	row := func(i int) []field.Elem { return dst[i*gap:][:run] }
	for i := range 1 << r {
		to := i
		if reversed {
			to = field.ReverseBits(i, r)
		}
		copy(row(to), src[i*p.srcGap:])
	}
	return row
}

// reduce returns x mod p for x below 2p.
func reduce(x, prime uint32) uint32 {
	d := x - prime
	return d + prime&uint32(int32(d)>>31)
}

func reduceRows(row func(int) []field.Elem, r int, prime uint32) {
	for i := range 1 << r {
		for e, u := range row(i) {
			row(i)[e] = field.Elem(reduce(uint32(u), prime))
		}
	}
}
