package ntt

import (
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// panelColumns are transformed together: two cache lines of each row.
var panelColumns = 32

// cacheWords is how many words of a panel are swept layer by layer; larger blocks are
// finished one child after the other.
var cacheWords = 32 << 10

// groupsMax bounds how many vectors of butterflies of radix 16 one kernel call does: it
// cannot be interrupted, and should end within 100 microseconds.
const groupsMax = 512

// A worker transforms panels: columns of a matrix copied to a buffer where rows are
// contiguous. It belongs to one goroutine.
type worker struct {
	f       *field.Field
	set     *kernelSet
	log     int
	radices []int  // of the passes, from the root down
	left    []int  // left[i] is log2 of the rows of a block at pass i
	columns int    // of the panel, a multiple of lane
	coeffs  buffer // the panel's coefficients
	work    buffer // values on a coset
	p       pass
}

// buffer is a panel's.
type buffer []field.Elem

// view is where a panel's rows lie in a matrix: from element at on, stride apart.
type view struct {
	values     []field.Elem
	at, stride int
}

func newWorker(f *field.Field, log, buffers int) (*worker, matrix.Matrix) {
	set := active()
	w := &worker{f: f, set: set, log: log}
	passes := (log + set.radix - 1) / set.radix
	for i := range passes {
		w.radices = append(w.radices, (log+i)/passes)
	}
	left := log
	for _, r := range w.radices {
		w.left = append(w.left, left)
		left -= r
	}
	m := matrix.Get(buffers<<log, panelColumns)
	n := panelColumns << log
	w.coeffs, w.work = m.Values[:n], m.Values[(buffers-1)*n:]
	w.p.prime = uint64(f.Modulus())
	return w, m
}

// whole reports whether the panel has columns in the matrix for all of its own, so that
// kernels may read and write there.
func (w *worker) whole(columns int) bool { return columns == w.columns }

// evaluate sets the rows of dst to the values below a node of the tree. It uses the
// buffer work, which may be the one of the coefficients, to be overwritten.
func (w *worker) evaluate(dst view, columns int, nodes []twiddle, node int, work buffer) {
	if w.log == 0 {
		copy(dst.values[dst.at:dst.at+columns], w.coeffs)
		return
	}
	p := &w.p
	p.table = nodes
	if w.whole(columns) {
		w.split(0, node, 1, 0, dst, work)
		return
	}
	w.split(0, node, 1, 0, view{work, 0, w.columns}, work)
	for r := range 1 << w.log {
		copy(dst.values[dst.at+r*dst.stride:][:columns], work[r*w.columns:])
	}
}

// split runs the passes from i on of some consecutive blocks, the first of which has the
// given node and begins at the given row.
func (w *worker) split(i, node, blocks, row int, dst view, work buffer) {
	p, r, left, c := &w.p, w.radices[i], w.left[i], w.columns
	p.node, p.nodeStep, p.blocks = node, 1, blocks
	p.src = work[row*c:]
	if i == 0 {
		p.src = w.coeffs
	}
	p.srcStep = c << left
	p.srcGap = p.srcStep >> r
	p.run = p.srcGap
	if i == len(w.radices)-1 {
		p.dst, p.dstStep, p.dstGap = dst.values[dst.at+row*dst.stride:], dst.stride<<left, dst.stride<<(left-r)
		p.do(w.set.forwardLast[r], r)
		return
	}
	p.dst, p.dstStep, p.dstGap = work[row*c:], p.srcStep, p.srcGap
	p.do(w.set.forward[r], r)
	if blocks<<left*c <= cacheWords {
		w.split(i+1, node<<r, blocks<<r, row, dst, work)
		return
	}
	for k := range blocks << r {
		w.split(i+1, node<<r+k, 1, row+k<<(left-r), dst, work)
	}
}

// interpolate sets the coefficients to those of the polynomials whose values the columns
// at src hold. nodes are of the inverse tree, last are their lastNodes. If dst has values,
// the coefficients go there instead.
func (w *worker) interpolate(src view, columns int, in Order, nodes, last []twiddle, dst view) {
	n, c := 1<<w.log, w.columns
	direct := w.whole(columns) && len(w.radices) > 1
	if !direct {
		for r := range n {
			from := r
			if in == Natural {
				from = field.ReverseBits(r, w.log)
			}
			copy(w.coeffs[r*c:][:columns], src.values[src.at+from*src.stride:])
		}
		src.values = nil
	}
	if w.log > 0 {
		w.p.table = nodes
		w.join(0, 1, 1, 0, src, in)
		out := view{w.coeffs, 0, c}
		if dst.values != nil && w.whole(columns) {
			out = dst
		}
		w.joinLast(last, out)
		if dst.values != nil && w.whole(columns) {
			return
		}
	}
	if dst.values != nil {
		for r := range n {
			copy(dst.values[dst.at+r*dst.stride:][:columns], w.coeffs[r*c:])
		}
	}
}

// join runs the inverse passes but the one at the root, up to pass i: of some
// consecutive blocks, the first of which has the given node and begins at the given row.
// Values are read from src, or from the coefficients' buffer if src has none.
func (w *worker) join(i, node, blocks, row int, src view, in Order) {
	p, r, left, c := &w.p, w.radices[i], w.left[i], w.columns
	if i < len(w.radices)-1 {
		if blocks<<left*c <= cacheWords {
			w.join(i+1, node<<r, blocks<<r, row, src, in)
		} else {
			for k := range blocks << r {
				w.join(i+1, node<<r+k, 1, row+k<<(left-r), src, in)
			}
		}
	}
	if i == 0 {
		return
	}
	p.node, p.nodeStep, p.blocks = node, 1, blocks
	p.dst = w.coeffs[row*c:]
	p.dstStep = c << left
	p.dstGap = p.dstStep >> r
	p.run = p.dstGap
	p.src, p.srcStep, p.srcGap = p.dst, p.dstStep, p.dstGap
	if i == len(w.radices)-1 && src.values != nil {
		if in == Natural {
			w.gather(src, row, r)
			return
		}
		p.src, p.srcStep, p.srcGap = src.values[src.at+row*src.stride:], src.stride<<r, src.stride
	}
	p.do(w.set.inverse[r], r)
}

// gather runs the first inverse pass, of the blocks that p describes, on rows of src in
// natural order.
func (w *worker) gather(src view, row, r int) {
	p, total, first := &w.p, w.p.blocks, row>>r
	p.src, p.srcGap = src.values[src.at:], src.stride<<(w.log-r)
	p.ahead = gatherAhead
	for at := 0; at < total; at += gatherBlocks {
		p.blocks = min(gatherBlocks, total-at)
		for b := range p.blocks + gatherAhead {
			p.starts[b] = field.ReverseBits((first+at+b)&(1<<(w.log-r)-1), w.log-r) * src.stride
		}
		w.set.inverseGather[r](p)
		p.dst = p.dst[min(p.blocks*p.dstStep, len(p.dst)):]
		p.node += p.blocks
	}
}

// joinLast runs the inverse pass at the root.
func (w *worker) joinLast(last []twiddle, dst view) {
	p, r, c := &w.p, w.radices[0], w.columns
	rest := w.log - r
	p.table, p.node, p.nodeStep = last, 1, 0
	p.src, p.srcStep, p.srcGap = w.coeffs, c, c<<rest
	p.dst, p.dstStep, p.dstGap = dst.values[dst.at:], dst.stride, dst.stride<<rest
	p.run, p.blocks = c, 1<<rest
	p.do(w.set.inverseLast[r], r)
}

// do runs the pass by a kernel of radix 2^r, in calls short enough.
func (p *pass) do(k kernel, r int) {
	limit := groupsMax << (maxRadix - r) * lane
	if p.run >= limit {
		blocks, run, src, dst, node := p.blocks, p.run, p.src, p.dst, p.node
		p.blocks, p.run = 1, limit
		for b := range blocks {
			p.node = node + b*p.nodeStep
			for at := 0; at < run; at += limit {
				p.src, p.dst = src[b*p.srcStep+at:], dst[b*p.dstStep+at:]
				k(p)
			}
		}
		return
	}
	most := limit / p.run
	for p.blocks > most {
		blocks := p.blocks
		p.blocks = most
		k(p)
		p.blocks = blocks - most
		p.src, p.dst = p.src[most*p.srcStep:], p.dst[most*p.dstStep:]
		p.node += most * p.nodeStep
	}
	k(p)
}
