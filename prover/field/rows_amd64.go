package field

import "rpp-node/prover/kernels"

//go:noescape
func rowSumAVX2(acc *uint64, rows *Elem, stride, width int, weights *int32, count int, m uint64, negh uint32)

//go:noescape
func rowSumAVX512(acc *uint64, rows *Elem, stride, width int, weights *int32, count int, m uint64, negh uint32)

//go:noescape
func rowDots4AVX2(out *Elem, rows *Elem, stride, width int, powers *int32, scratch *uint64, m uint64, negh, p, mu uint32)

//go:noescape
func rowDots5AVX2(out *Elem, rows *Elem, stride, width int, powers *int32, scratch *uint64, m uint64, negh, p, mu uint32)

//go:noescape
func rowDots4AVX512(out *Elem, rows *Elem, stride, width int, powers *int32, scratch *uint64, m uint64, negh, p, mu uint32)

//go:noescape
func rowDots5AVX512(out *Elem, rows *Elem, stride, width int, powers *int32, scratch *uint64, m uint64, negh, p, mu uint32)

// rowSumKernel adds a block of rows to the accumulators of as many columns, and reports
// whether there is a kernel. A call reads at most a few thousand elements.
func (s *RowSum) rowSumKernel(acc []uint64, rows []Elem, stride, width int, weights []int32) bool {
	f := s.x.Base
	negh := -f.shift()
	switch kernels.Active() {
	case kernels.AVX512:
		rowSumAVX512(&acc[0], &rows[0], 4*stride, width, &weights[0], s.count, f.m(), negh)
	case kernels.AVX2:
		rowSumAVX2(&acc[0], &rows[0], 4*stride, width, &weights[0], s.count, f.m(), negh)
	default:
		return false
	}
	return true
}

// Rows that a kernel reduces at once.
const (
	dotRowsAVX2   = 2
	dotRowsAVX512 = 4
)

// dotsKernel is RowDots for at least one row and column; it reports whether there is a
// kernel. A call of it reads four rows.
func (p *Powers) dotsKernel(dst []E, rows []Elem, width, stride int) bool {
	set := kernels.Active()
	if set == kernels.Portable {
		return false
	}
	f, d, shift := p.x.Base, p.x.D, &p.shift[width]
	together := dotRowsAVX2
	if set == kernels.AVX512 {
		together = dotRowsAVX512
	}
	var scratch [MaxDegree * dotRowsAVX512 * 8]uint64
	var out [24]Elem // whole vectors
	for i := 0; i < len(dst); {
		n, step := together, 4*stride
		if len(dst)-i < n {
			n, step = 1, 0 // one row, read as several
		}
		row, negh := &rows[i*stride], -f.shift()
		switch {
		case set == kernels.AVX512 && d == 4:
			rowDots4AVX512(&out[0], row, step, width, &p.words[0], &scratch[0], f.m(), negh, f.p, f.mu)
		case set == kernels.AVX512:
			rowDots5AVX512(&out[0], row, step, width, &p.words[0], &scratch[0], f.m(), negh, f.p, f.mu)
		case d == 4:
			rowDots4AVX2(&out[0], row, step, width, &p.words[0], &scratch[0], f.m(), negh, f.p, f.mu)
		default:
			rowDots5AVX2(&out[0], row, step, width, &p.words[0], &scratch[0], f.m(), negh, f.p, f.mu)
		}
		for r := range n {
			v := &dst[i+r]
			v[4] = 0
			for e := range d {
				v[e] = f.Add(out[e*together+r], shift[e])
			}
		}
		i += n
	}
	return true
}
