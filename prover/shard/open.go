package shard

import (
	"sync"

	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
	"rpp-node/prover/system"
)

// open evaluates, for every matrix that is cut, the part of its polynomials that its rows
// in the shard contribute.
func (p *Participant) open(t *Task) Result {
	j := p.job
	o := NewOpener(j, p.dev.For, p.ch.Zeta)
	var out Result
	for _, r := range j.Rounds {
		if r.Kind == system.Quotient {
			continue // the conductor's
		}
		for i := range r.Mats {
			m := &r.Mats[i]
			if !j.Sharded(m) {
				continue
			}
			rows := p.shardRows(r.Kind, i, t.Shard)
			if sums := o.Sums(m, rows, t.Shard*rows.Height()); sums != nil {
				out.Sums = append(out.Sums, OpenSum{Round: r.Kind, Mat: i, Points: sums})
			}
		}
	}
	return out
}

// Opener evaluates committed matrices outside their domain. The first N committed rows of
// a matrix of N trace rows are the values of its polynomials on a coset of N points, which
// determine them: the barycentric formula gives the value anywhere else as a weighted sum
// of rows (field.Ext.CosetWeights). Shards that hold some of these rows give parts of it.
type Opener struct {
	j       *Job
	each    func(n int, body func(from, to int))
	zeta    field.E
	weights map[weightsKey][]field.E
}

type weightsKey struct {
	log, from, n int
	next         bool
}

// NewOpener prepares to open at zeta.
func NewOpener(j *Job, each func(n int, body func(from, to int)), zeta field.E) *Opener {
	return &Opener{j: j, each: each, zeta: zeta, weights: map[weightsKey][]field.E{}}
}

// Sums returns, for each point of a matrix, the parts of its columns' values that rows
// contributes, its committed rows from, from+1, …; nil if none of them counts.
func (o *Opener) Sums(m *system.Mat, rows matrix.Matrix, from int) [][]field.E {
	n := min(rows.Height(), 1<<m.LogHeight-from)
	if n <= 0 {
		return nil
	}
	x := o.j.Sys.Ext
	var weights [][]field.E
	for k, z := range o.j.Points(m, o.zeta) {
		key := weightsKey{m.LogHeight, from, n, k == 1}
		w, ok := o.weights[key]
		if !ok {
			w = o.cosetWeights(m.LogHeight, from, n, z)
			o.weights[key] = w
		}
		weights = append(weights, w)
	}
	var mu sync.Mutex
	total := newRowSum(x, m.Width, len(weights))
	o.each((n+openRows-1)/openRows, func(a, b int) {
		part := newRowSum(x, m.Width, len(weights))
		for i := a * openRows; i < min(b*openRows, n); i++ {
			for k := range weights {
				part.add(k, weights[k][i], rows.Row(i))
			}
		}
		mu.Lock()
		defer mu.Unlock()
		total.merge(part)
	})
	return total.sums()
}

// openRows rows are added up at a time.
const openRows = 256

// cosetWeights returns the weights of rows [from, from+n) of the coset g·H, |H| = 2^log,
// in bit-reversed order, for the value at z: (z^N - g^N)/(N·g^N)·x/(z - x).
func (o *Opener) cosetWeights(log, from, n int, z field.E) []field.E {
	x, f := o.j.Sys.Ext, o.j.Sys.Ext.Base
	gn := f.Exp2(f.Generator(), log)
	scale := x.MulBase(x.SubBase(x.Exp2(z, log), gn), f.Inv(f.Mul(gn, f.FromUint(1<<log))))
	w := make([]field.E, n)
	o.each(n, func(a, b int) {
		points := make([]field.Elem, b-a)
		for i := a; i < b; i++ {
			at := f.Mul(f.Generator(), f.Exp(f.Root(log), uint64(field.ReverseBits(from+i, log))))
			points[i-a] = at
			w[i] = x.SubBase(z, at)
		}
		x.BatchInv(w[a:b])
		for i := a; i < b; i++ {
			w[i] = x.Mul(scale, x.MulBase(w[i], points[i-a]))
		}
	})
	return w
}

type rowSum struct {
	x   *field.Ext
	acc [][field.MaxDegree][]field.Elem
	tmp []field.Elem
}

func newRowSum(x *field.Ext, width, points int) *rowSum {
	r := &rowSum{x: x, acc: make([][field.MaxDegree][]field.Elem, points), tmp: make([]field.Elem, width)}
	for k := range r.acc {
		for e := range x.D {
			r.acc[k][e] = make([]field.Elem, width)
		}
	}
	return r
}

func (r *rowSum) add(k int, w field.E, row []field.Elem) {
	for e := range r.x.D {
		r.x.Base.MulAddVec(r.acc[k][e], row, w[e], r.tmp)
	}
}

func (r *rowSum) merge(o *rowSum) {
	for k := range r.acc {
		for e := range r.x.D {
			r.x.Base.AddVec(r.acc[k][e], r.acc[k][e], o.acc[k][e])
		}
	}
}

func (r *rowSum) sums() [][]field.E {
	out := make([][]field.E, len(r.acc))
	for k := range out {
		out[k] = make([]field.E, len(r.tmp))
		for c := range out[k] {
			for e := range r.x.D {
				out[k][c][e] = r.acc[k][e][c]
			}
		}
	}
	return out
}

// extSlices holds extension elements by coefficient.
type extSlices [field.MaxDegree][]field.Elem

// fill sets element i to start·step^i, i < n.
func (s *extSlices) fill(x *field.Ext, start, step field.E, n int) {
	for e := range x.D {
		s[e] = make([]field.Elem, n)
	}
	for i := range n {
		for e := range x.D {
			s[e][i] = start[e]
		}
		start = x.Mul(start, step)
	}
}

// dot returns Σ s_i·v_i over the first len(v) elements.
func (s *extSlices) dot(x *field.Ext, v []field.Elem) (r field.E) {
	for e := range x.D {
		r[e] = x.Base.Dot(s[e][:len(v)], v)
	}
	return r
}
