package field

// A RowSum adds up the rows of a matrix, each times a weight of the extension: for
// barycentric weights, the values of all columns' polynomials at a point. Several points
// share one reading of the matrix. A RowSum belongs to one goroutine; workers have one
// each and Merge them.
type RowSum struct {
	x      *Ext
	width  int
	points int
	count  int      // of base-field weights for a row: points·D
	acc    []uint64 // of column c and weight k at [c/16][k][c%2][c%16/2], below m
	total  []Elem   // Σ of the weights
	block  []int32  // weights of a strip, by block of rows and weight
}

const (
	// stripRows share the preparation of their weights.
	stripRows = 64
	// panelWords accumulators, 16 KiB, stay in the first level of cache for a strip.
	panelWords = 2048
)

// NewRowSum prepares sums over rows of the given width at a number of points.
func (x *Ext) NewRowSum(width, points int) *RowSum {
	count := points * x.D
	return &RowSum{
		x: x, width: width, points: points, count: count,
		acc:   make([]uint64, (width+15)/16*16*count),
		total: make([]Elem, count),
		block: make([]int32, stripRows*count),
	}
}

// Add adds the rows that begin at rows[0], rows[stride], …, as many as there are weights;
// weights[k] are those for point k.
func (s *RowSum) Add(rows []Elem, stride int, weights [][]E) {
	n := len(weights[0])
	if n == 0 || s.width == 0 {
		return
	}
	_ = rows[(n-1)*stride+s.width-1]
	panel := max(16, panelWords/s.count&^15)
	for from := 0; from < n; from += stripRows {
		to := min(from+stripRows, n)
		full := s.prepare(weights, from, to)
		for c := 0; c < s.width; c += panel {
			width := min(panel, s.width-c)
			acc := s.acc[c*s.count:]
			for r := 0; r < to-from; {
				at := rows[(from+r)*stride+c:]
				if r < full {
					s.add(acc, at, stride, width, s.block[r*s.count:])
					r += blockRows
					continue
				}
				// A row of its own, with seven times itself at weight 0.
				s.add(acc, at, 0, width, s.block[(full+(r-full)*blockRows)*s.count:])
				r++
			}
		}
	}
}

// prepare centres and transposes the weights of rows [from, to) and adds them to their
// totals. It returns the number of rows in full blocks, after which each remaining row
// has a block of its own.
func (s *RowSum) prepare(weights [][]E, from, to int) (full int) {
	f, d := s.x.Base, s.x.D
	full = (to - from) / blockRows * blockRows
	if need := (full + (to-from-full)*blockRows) * s.count; need > len(s.block) {
		s.block = make([]int32, need)
	}
	clear(s.block[full*s.count:])
	for k := range s.points {
		w := weights[k][from:to]
		for e := range d {
			at := (k*d + e) * blockRows
			var total uint64
			for r := range w {
				v := w[r][e]
				total += uint64(v)
				if r < full {
					s.block[r/blockRows*blockRows*s.count+at+r%blockRows] = f.centred(v)
				} else {
					s.block[(full+(r-full)*blockRows)*s.count+at] = f.centred(v)
				}
			}
			s.total[k*d+e] = f.Add(s.total[k*d+e], Elem(total%uint64(f.p)))
		}
	}
	return full
}

// add adds a block of rows to the accumulators of as many columns.
func (s *RowSum) add(acc []uint64, rows []Elem, stride, width int, weights []int32) {
	if s.rowSumKernel(acc, rows, stride, width, weights) {
		return
	}
	f := s.x.Base
	m, h := f.m(), int64(f.shift())
	for c := range width {
		var x [blockRows]int64
		for r := range x {
			x[r] = int64(rows[r*stride+c]) - h
		}
		at := c/16*16*s.count + c%2*8 + c%16/2
		for k := range s.count {
			w := (*[blockRows]int32)(weights[k*blockRows:])
			sum := int64(w[0])*x[0] + int64(w[1])*x[1] + int64(w[2])*x[2] + int64(w[3])*x[3] +
				int64(w[4])*x[4] + int64(w[5])*x[5] + int64(w[6])*x[6] + int64(w[7])*x[7]
			acc[at+16*k] = accumulate(acc[at+16*k], sum, m)
		}
	}
}

// Merge adds the sums of o, which has the same shape.
func (s *RowSum) Merge(o *RowSum) {
	f := s.x.Base
	m := f.m()
	for i, v := range o.acc {
		s.acc[i] = below(s.acc[i]+v, m)
	}
	for i, v := range o.total {
		s.total[i] = f.Add(s.total[i], v)
	}
}

// Sum returns the sum of every column at one of the points.
func (s *RowSum) Sum(point int) []E {
	f, d := s.x.Base, s.x.D
	out := make([]E, s.width)
	for e := range d {
		k := point*d + e
		shift := f.Mul(Elem(f.shift()), s.total[k])
		for c := range out {
			v := s.acc[c/16*16*s.count+16*k+c%2*8+c%16/2]
			out[c][e] = f.Add(f.reduce(v), shift)
		}
	}
	return out
}
