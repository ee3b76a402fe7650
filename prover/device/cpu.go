package device

import (
	"sync"
	"sync/atomic"

	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
	"rpp-node/prover/merkle/tree"
	"rpp-node/prover/ntt"
)

// CPU runs the active kernel set of prover/kernels.
type CPU struct{ workers int }

// NewCPU returns a CPU with that many workers, at least one.
func NewCPU(workers int) *CPU { return &CPU{max(1, workers)} }

// Name implements Device.
func (c *CPU) Name() string { return CPUName(kernels.Active()) }

// CPUName names the device that runs a kernel set: cpu-avx512, cpu-avx2, cpu-portable.
func CPUName(s kernels.Set) string { return "cpu-" + s.String() }

// Workers implements Device.
func (c *CPU) Workers() int { return c.workers }

// lanes is a multiple of what the kernels do at once: ranges of it leave no tails.
const lanes = 64

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
	if grain > lanes {
		grain -= grain % lanes
	}
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

// Extend implements Device.
func (c *CPU) Extend(f *field.Field, list []Extension) {
	extend := func(e *Extension, each ntt.For) {
		log := ntt.Log(e.Values.Height())
		ntt.ExtendTo(f, each, e.Rows.Values, e.Values.Values, e.Rows.Width, log, ntt.Log(e.Rows.Height())-log, e.Order, e.From, e.Shift)
	}
	var narrow []*Extension
	for i := range list {
		if e := &list[i]; SideBySide(e.Rows.Width, c.workers) {
			narrow = append(narrow, e)
		} else {
			extend(e, c.For)
		}
	}
	c.For(len(narrow), func(from, to int) {
		for _, e := range narrow[from:to] {
			extend(e, tree.Sequential)
		}
	})
}

// SideBySide reports whether so many workers extend matrices of that many columns one each.
func SideBySide(width, workers int) bool { return ntt.Panels(width) < workers }

// Interpolate implements Device.
func (c *CPU) Interpolate(f *field.Field, m matrix.Matrix, in ntt.Order) {
	ntt.Interpolate(f, c.For, m.Values, m.Values, m.Width, ntt.Log(m.Height()), in, f.One())
}

// Evaluate implements Device.
func (c *CPU) Evaluate(f *field.Field, coeffs matrix.Matrix, shift field.Elem, log int) matrix.Matrix {
	out := matrix.Get(1<<log, coeffs.Width)
	ntt.Evaluate(f, c.For, out.Values, coeffs.Values, coeffs.Width, ntt.Log(coeffs.Height()), shift, log)
	return out
}

// Tree implements Device.
func (c *CPU) Tree(s merkle.Suite, base []merkle.Digest, mats []matrix.Matrix, stop int) *tree.Tree {
	return tree.Build(s, c.For, base, mats, stop)
}
