package device

import (
	"sync"
	"sync/atomic"

	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
	"rpp-node/prover/merkle/tree"
	"rpp-node/prover/ntt"
)

// CPU runs the portable kernels, with gnark-crypto's vector arithmetic below them.
type CPU struct{ workers int }

// NewCPU returns a CPU with that many workers, at least one.
func NewCPU(workers int) *CPU { return &CPU{max(1, workers)} }

// Name implements Device.
func (c *CPU) Name() string { return "cpu" }

// Workers implements Device.
func (c *CPU) Workers() int { return c.workers }

// For implements Device. Ranges are handed out as workers become free.
func (c *CPU) For(n int, body func(from, to int)) {
	workers := min(c.workers, n)
	if workers <= 1 {
		if n > 0 {
			body(0, n)
		}
		return
	}
	grain := max(1, n/(8*workers))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				from := int(next.Add(int64(grain))) - grain
				if from >= n {
					return
				}
				body(from, min(from+grain, n))
			}
		})
	}
	wg.Wait()
}

// tile columns are transposed together: a cache line of each row.
const tile = 16

// Interpolate implements Device. The transposition reads rows in bit-reversed order, so
// that the transform need not permute.
func (c *CPU) Interpolate(f *field.Field, m matrix.Matrix) Poly {
	log := ntt.Log(m.Height())
	p := NewPoly(log, m.Width)
	c.For((m.Width+tile-1)/tile, func(from, to int) {
		for t := from; t < to; t++ {
			cols := p.Cols[t*tile : min((t+1)*tile, m.Width)]
			for r := range 1 << log {
				row := m.Values[field.ReverseBits(r, log)*m.Width+t*tile:]
				for k := range cols {
					cols[k][r] = row[k]
				}
			}
			for _, col := range cols {
				ntt.Inverse(f, col)
			}
		}
	})
	return p
}

// InterpolateReversed implements Device.
func (c *CPU) InterpolateReversed(f *field.Field, p Poly) {
	c.For(len(p.Cols), func(from, to int) {
		for _, col := range p.Cols[from:to] {
			ntt.Inverse(f, col)
		}
	})
}

// Evaluate implements Device.
func (c *CPU) Evaluate(f *field.Field, p Poly, shift field.Elem, log int) matrix.Matrix {
	width := len(p.Cols)
	out := matrix.Get(1<<log, width)
	coset := ntt.NewCoset(f, shift, log)
	c.For((width+tile-1)/tile, func(from, to int) {
		scratch := make([]field.Elem, tile<<log)
		for t := from; t < to; t++ {
			cols := p.Cols[t*tile : min((t+1)*tile, width)]
			for k, col := range cols {
				coset.Evaluate(scratch[k<<log:(k+1)<<log], col)
			}
			for r := range 1 << log {
				row := out.Values[r*width+t*tile:]
				for k := range cols {
					row[k] = scratch[k<<log+r]
				}
			}
		}
	})
	return out
}

// Tree implements Device.
func (c *CPU) Tree(s merkle.Suite, base []merkle.Digest, mats []matrix.Matrix, stop int) *tree.Tree {
	return tree.Build(s, c.For, base, mats, stop)
}
