package ntt

import "rpp-node/prover/field"

// interpolate sets the coefficients to those of the polynomials whose values the columns
// at src hold. nodes are of the inverse tree, last are their lastNodes. If dst is a
// matrix, the coefficients go there instead.
func (w *worker) interpolate(src view, in Order, nodes, last []twiddle, dst view) {
	direct := w.whole() && len(w.radices) > 1
	if !direct {
		w.loadValues(src, in)
		src.matrix = nil
	}
	if w.log > 0 {
		w.p.table = nodes
		passes := len(w.radices)
		if direct && in == Natural {
			w.gather(src)
			passes--
		}
		w.join(0, passes, 1, 1, 0, src)
		if dst.matrix != nil && w.whole() {
			w.joinLast(last, dst)
			return
		}
		w.joinLast(last, view{w.coeffs, 0, w.columns})
	}
	if dst.matrix != nil {
		w.store(dst, w.coeffs)
	}
}

// loadValues copies a panel's rows to the buffer of the coefficients, in bit-reversed
// order.
func (w *worker) loadValues(src view, in Order) {
	for r := range 1 << w.log {
		from := r
		if in == Natural {
			from = field.ReverseBits(r, w.log)
		}
		copy(w.coeffs[r*w.columns:][:w.inside], src.matrix[src.at+from*src.stride:])
	}
}

// gather runs the first inverse pass on rows of src in natural order. It reads them one
// after the other, and writes blocks where they belong: the other way around, the rows of
// many blocks in turn lie a multiple of a large power of two apart, in one set of each
// cache.
func (w *worker) gather(src view) {
	p, c, r := &w.p, w.columns, w.radices[len(w.radices)-1]
	rest := w.log - r
	p.dst, p.dstStep, p.dstGap = w.coeffs, c<<r, c
	p.srcStep, p.srcGap = src.stride, src.stride<<rest
	p.run, p.node, p.nodeStep = c, 1<<rest, 1
	p.ahead = gatherAhead * src.stride
	for at := 0; at < 1<<rest; at += gatherBlocks {
		p.src = src.matrix[src.at+at*src.stride:]
		p.blocks = min(gatherBlocks, 1<<rest-at)
		for b := range p.blocks {
			p.places[b] = field.ReverseBits(at+b, rest)
		}
		w.set.inverseGather[r](p)
	}
}

// join runs the first passes but the one at the root, pass i last, of consecutive blocks,
// the first of which has the given node and begins at the given row. Values are read from
// src, or, if it is no matrix, from the buffer.
func (w *worker) join(i, passes, node, blocks, row int, src view) {
	p, r, left, c := &w.p, w.radices[i], w.left[i], w.columns
	switch {
	case i == passes-1:
	case blocks<<left*c <= cacheWords:
		w.join(i+1, passes, node<<r, blocks<<r, row, src)
	default:
		for k := range blocks << r {
			w.join(i+1, passes, node<<r+k, 1, row+k<<(left-r), src)
		}
	}
	if i == 0 {
		return
	}
	p.node, p.nodeStep, p.blocks = node, 1, blocks
	p.dst, p.dstStep, p.dstGap = w.coeffs[row*c:], c<<left, c<<(left-r)
	p.src, p.srcStep, p.srcGap = p.dst, p.dstStep, p.dstGap
	p.run = p.dstGap
	if i == len(w.radices)-1 && src.matrix != nil {
		p.src, p.srcStep, p.srcGap = src.matrix[src.at+row*src.stride:], src.stride<<r, src.stride
	}
	p.do(w.set.inverse[r], r)
}

// joinLast runs the inverse pass at the root.
func (w *worker) joinLast(last []twiddle, dst view) {
	p, r, c := &w.p, w.radices[0], w.columns
	rest := w.log - r
	p.table, p.node, p.nodeStep = last, 1, 0
	p.src, p.srcStep, p.srcGap = w.coeffs, c, c<<rest
	p.dst, p.dstStep, p.dstGap = dst.matrix[dst.at:], dst.stride, dst.stride<<rest
	p.run, p.blocks = c, 1<<rest
	p.do(w.set.inverseLast[r], r)
}

// cosets sets dst to the values on the cosets that extend a subgroup, from the
// coefficients, which the last of them overwrites.
func (w *worker) cosets(dst view, nodes []twiddle, logBlowup int) {
	for k := range 1 << logBlowup {
		values := w.values
		if k == 1<<logBlowup-1 {
			values = w.coeffs
		}
		w.evaluate(dst, nodes, 1<<logBlowup+k, values)
		dst.at += dst.stride << w.log
	}
}

// evaluate sets the rows of dst to the values below a node of the tree, by way of a
// buffer that may be the one of the coefficients.
func (w *worker) evaluate(dst view, nodes []twiddle, node int, values []field.Elem) {
	w.p.table = nodes
	switch {
	case w.log == 0:
		w.store(dst, w.coeffs)
	case w.whole():
		w.split(0, node, 1, 0, dst, values)
	default:
		w.split(0, node, 1, 0, view{values, 0, w.columns}, values)
		w.store(dst, values)
	}
}

// split runs the passes from i on of consecutive blocks, the first of which has the given
// node and begins at the given row.
func (w *worker) split(i, node, blocks, row int, dst view, values []field.Elem) {
	p, r, left, c := &w.p, w.radices[i], w.left[i], w.columns
	p.node, p.nodeStep, p.blocks = node, 1, blocks
	p.src, p.srcStep, p.srcGap = values[row*c:], c<<left, c<<(left-r)
	p.run = p.srcGap
	if i == 0 {
		p.src = w.coeffs
	}
	if i == len(w.radices)-1 {
		p.dst, p.dstStep, p.dstGap = dst.matrix[dst.at+row*dst.stride:], dst.stride<<r, dst.stride
		if dst.streams() {
			p.do(w.set.forwardStream[r], r)
			return
		}
		p.ahead = writeAhead * p.dstStep
		p.do(w.set.forwardLast[r], r)
		return
	}
	p.dst, p.dstStep, p.dstGap = values[row*c:], p.srcStep, p.srcGap
	p.do(w.set.forward[r], r)
	if blocks<<left*c <= cacheWords {
		w.split(i+1, node<<r, blocks<<r, row, dst, values)
		return
	}
	for k := range blocks << r {
		w.split(i+1, node<<r+k, 1, row+k<<(left-r), dst, values)
	}
}
