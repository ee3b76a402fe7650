package shard

import (
	"maps"
	"slices"

	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
	"rpp-node/prover/system"
)

// NewClaims prepares the opened values for the reduction: values[r][m][k] are those of
// opening k of matrix m of commitment r. Powers of α are counted for each height.
func NewClaims(j *Job, alpha field.E, values [][][][]field.E) *Claims {
	x := j.Sys.Ext
	c := &Claims{Alpha: alpha}
	next := map[int]field.E{}
	for r := range j.Rounds {
		var starts, sums [][]field.E
		for m := range j.Rounds[r].Mats {
			mat := &j.Rounds[r].Mats[m]
			var st, su []field.E
			for _, v := range values[r][m] {
				start, ok := next[mat.LogHeight]
				if !ok {
					start = x.One()
				}
				var sum field.E
				for k := len(v) - 1; k >= 0; k-- {
					sum = x.Add(x.Mul(sum, alpha), v[k])
				}
				st, su = append(st, start), append(su, sum)
				next[mat.LogHeight] = x.Mul(start, x.Exp(alpha, uint64(len(v))))
			}
			starts, sums = append(starts, st), append(sums, su)
		}
		c.Starts, c.Sums = append(c.Starts, starts), append(c.Sums, sums)
	}
	return c
}

// reduce computes the reduced openings of the shard's rows for every height that is cut,
// adds the conductor's part, and keeps them.
func (p *Participant) reduce(t *Task) Result {
	j := p.job
	words := map[int][]field.E{}
	for h, add := range t.Addends {
		words[h] = add
	}
	red := p.NewReducer(t.Claims)
	for r := range j.Rounds {
		kind := j.Rounds[r].Kind
		if kind == system.Quotient {
			continue
		}
		for m := range j.Rounds[r].Mats {
			if j.Sharded(&j.Rounds[r].Mats[m]) {
				red.Take(r, m, p.shardRows(kind, m, t.Shard))
			}
		}
	}
	for _, h := range red.Heights() {
		n := 1 << (h - j.Plan.LogShards)
		if words[h] == nil {
			words[h] = make([]field.E, n)
		}
		red.AddTo(words[h], h, t.Shard*n, p.ch.Zeta)
	}
	p.codewords[t.Shard] = words
	return Result{}
}

// Reducer adds up reduced openings: Σ α^k (f(z) - f(x))/(z - x) over the matrices of a
// height that it has taken.
type Reducer struct {
	dev    device.Device
	j      *Job
	claims *Claims
	powers *field.Powers // of α
	taken  map[int][]reduction
}

// reduction is one matrix's part.
type reduction struct {
	rows         matrix.Matrix
	starts, sums []field.E // by point
}

// NewReducer prepares a reduction. The conductor has one for what is not cut.
func (p *Participant) NewReducer(c *Claims) *Reducer {
	widest := 0
	for _, r := range p.job.Rounds {
		for _, m := range r.Mats {
			widest = max(widest, m.Width)
		}
	}
	return &Reducer{
		dev: p.dev, j: p.job, claims: c, taken: map[int][]reduction{},
		powers: p.job.Sys.Ext.NewPowers(c.Alpha, widest),
	}
}

// Take notes committed rows of a matrix, from the same place on for all matrices of a
// height.
func (r *Reducer) Take(round, mat int, rows matrix.Matrix) {
	h := r.j.LDELog(&r.j.Rounds[round].Mats[mat])
	r.taken[h] = append(r.taken[h], reduction{rows, r.claims.Starts[round][mat], r.claims.Sums[round][mat]})
}

// Heights are the log heights of the matrices taken, in ascending order.
func (r *Reducer) Heights() []int { return slices.Sorted(maps.Keys(r.taken)) }

// reduceRows rows are reduced at a time: their points' inverses serve all matrices of the
// height, and stay in the first level of cache.
const reduceRows = 512

// AddTo adds to word, the codeword of log height h at committed rows from, from+1, …, the
// openings of the matrices taken.
func (r *Reducer) AddTo(word []field.E, h, from int, zeta field.E) {
	x, f := r.j.Sys.Ext, r.j.Sys.Ext.Base
	points := []field.E{zeta, x.MulBase(zeta, f.Root(h-r.j.Sys.FRI.LogBlowup))}
	var claimed []field.E // by point: Σ start·sum over the matrices
	for _, m := range r.taken[h] {
		for k := range m.starts {
			if k == len(claimed) {
				claimed = append(claimed, field.E{})
			}
			claimed[k] = x.Add(claimed[k], x.Mul(m.starts[k], m.sums[k]))
		}
	}
	r.dev.For((len(word)+reduceRows-1)/reduceRows, func(a, b int) {
		var at [reduceRows]field.Elem
		var here [reduceRows]field.E
		var inv [reduceRows]field.E
		var terms [2][reduceRows]field.E // by point, what is left to divide by z - x
		for lo := a * reduceRows; lo < min(b*reduceRows, len(word)); lo += reduceRows {
			n := min(reduceRows, len(word)-lo)
			f.CosetReversed(at[:n], f.Generator(), h, from+lo)
			for k := range claimed {
				for i := range terms[k][:n] {
					terms[k][i] = claimed[k]
				}
			}
			for _, m := range r.taken[h] {
				w := m.rows.Width
				r.powers.RowDots(here[:n], m.rows.Values[lo*w:(lo+n)*w], w, w)
				for k := range m.starts {
					x.ScaleAddVec(terms[k][:n], x.Neg(m.starts[k]), here[:n])
				}
			}
			for k := range claimed {
				x.InverseDifferences(inv[:n], points[k], at[:n])
				x.MulAddVec(word[lo:lo+n], terms[k][:n], inv[:n])
			}
		}
	})
}
