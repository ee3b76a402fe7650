package ntt

import (
	"unsafe"

	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// cacheWords is how many words of a panel are swept pass by pass; larger blocks are
// finished one child after the other, so that the passes below find them in the cache.
const cacheWords = 32 << 10

// callWords bounds what one kernel call reads: no call can be interrupted, and each
// should end within 100 microseconds.
const callWords = 128 << 10

// panelColumns are copied and transformed together: one cache line of each row. Two lines
// are a tenth faster where rows do not start on one, but the buffers are then twice as
// large, and on more than 2^15 rows they no longer fit the caches.
const panelColumns = lane

// streamWords is the size from which a matrix is written past the caches, which it would
// only empty. A variable for the tests.
var streamWords = 8 << 20

// Panels is into how many parts a transform of a matrix of that many columns can be cut
// for workers.
func Panels(width int) int { return (width + panelColumns - 1) / panelColumns }

// panels calls body for every panel of a matrix's columns, with buffers for so many
// copies of the panel.
func panels(f *field.Field, each For, width, log, buffers int, body func(w *worker, at int)) {
	each(Panels(width), func(from, to int) {
		store := matrix.Get(buffers<<log, panelColumns)
		defer store.Put()
		w := newWorker(f, log, store.Values, buffers)
		for i := from; i < to; i++ {
			w.inside = min(width-i*panelColumns, panelColumns)
			w.columns = (w.inside + lane - 1) / lane * lane
			body(w, i*panelColumns)
		}
	})
}

// buffers is how many copies of a panel a worker needs: the coefficients, and the values
// on a coset while the coefficients are still needed.
func buffers(logBlowup int) int { return min(2, 1<<logBlowup) }

// ScratchBytes is the memory for buffers in use while a matrix of that many columns, with
// 2^log coefficients each, is extended or evaluated on 2^(log+logBlowup) points.
// Interpolate uses as much as for logBlowup 0.
func ScratchBytes(width, log, logBlowup, workers int) int {
	return min(workers, Panels(width)) * buffers(logBlowup) * panelColumns * 4 << log
}

// A worker transforms panels, each in a buffer whose rows are contiguous. It belongs to
// one goroutine.
type worker struct {
	set     *kernelSet
	log     int
	radices []int // log2 of the passes' radices, from the root down
	left    []int // log2 of the rows of a block, by pass
	inside  int   // columns of the panel
	columns int   // columns of the buffers: a multiple of lane
	coeffs  []field.Elem
	values  []field.Elem // on a coset
	p       pass
}

// view is where a panel's rows lie in a matrix: from element at on, stride apart.
type view struct {
	matrix     []field.Elem
	at, stride int
}

func newWorker(f *field.Field, log int, store []field.Elem, buffers int) *worker {
	w := &worker{set: active(), log: log}
	n := len(store) / buffers
	w.coeffs, w.values = store[:n], store[(buffers-1)*n:]
	w.radices = radices(log, w.set.radix)
	for _, r := range w.radices {
		w.left = append(w.left, log)
		log -= r
	}
	w.p.prime = uint64(f.Modulus())
	return w
}

// radices divides the layers into passes. The passes at the root, which sweep most
// memory, do as many layers as they can; the last one, whose rows lie in the matrix, is
// the better for few, as the rows of a butterfly tend to meet in one set of a cache.
func radices(log, most int) (list []int) {
	for ; log > 0; log -= most {
		list = append(list, min(log, most))
	}
	if n := len(list) - 1; n > 0 && list[n] == 1 {
		list[n-1], list[n] = most-1, 2
	}
	return list
}

// whole reports whether the matrix has all of the buffers' columns, so that kernels may
// read and write there.
func (w *worker) whole() bool { return w.inside == w.columns }

// streams reports whether the rows of a view are to be written past the caches.
func (v view) streams() bool { return len(v.matrix) >= streamWords && v.aligned() }

// aligned reports whether all rows begin where a cache line does.
func (v view) aligned() bool {
	return v.stride%lane == 0 && uintptr(unsafe.Pointer(&v.matrix[v.at]))%(4*lane) == 0
}

// store copies a panel's rows to the matrix.
func (w *worker) store(dst view, from []field.Elem) {
	for r := range 1 << w.log {
		copy(dst.matrix[dst.at+r*dst.stride:][:w.inside], from[r*w.columns:])
	}
}

// load copies a panel's rows to the buffer of the coefficients.
func (w *worker) load(src view) {
	p, c := &w.p, w.columns
	if w.whole() {
		p.src, p.srcStep = src.matrix[src.at:], src.stride
		p.dst, p.dstStep = w.coeffs, c
		p.run, p.blocks, p.ahead = c, 1<<w.log, copyAhead*src.stride
		p.do(w.set.copy, 0)
		return
	}
	for r := range 1 << w.log {
		copy(w.coeffs[r*c:][:w.inside], src.matrix[src.at+r*src.stride:])
	}
}

// How many blocks ahead of the one at work the matrix is prefetched.
const (
	copyAhead   = 16
	gatherAhead = 4
	writeAhead  = 4
)

// do runs the pass by a kernel of radix 2^r, in calls short enough.
func (p *pass) do(k kernel, r int) {
	limit := callWords >> r
	if p.run >= limit {
		blocks, run, src, dst, node := p.blocks, p.run, p.src, p.dst, p.node
		p.blocks = 1
		for b := range blocks {
			p.node = node + b*p.nodeStep
			for at := 0; at < run; at += limit {
				p.run = min(limit, run-at)
				p.src, p.dst = src[b*p.srcStep+at:], dst[b*p.dstStep+at:]
				k(p)
			}
		}
		return
	}
	for most := limit / p.run; p.blocks > most; {
		rest := p.blocks - most
		p.blocks = most
		k(p)
		p.blocks = rest
		p.src, p.dst = p.src[most*p.srcStep:], p.dst[most*p.dstStep:]
		p.node += most * p.nodeStep
	}
	k(p)
}
