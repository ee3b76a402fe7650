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
// of rows (field.Ext.BarycentricWeights). Shards that hold some of these rows give parts
// of it.
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
			w = o.rowWeights(m.LogHeight, from, n, z)
			o.weights[key] = w
		}
		weights = append(weights, w)
	}
	var mu sync.Mutex
	total := x.NewRowSum(m.Width, len(weights))
	o.each((n+openRows-1)/openRows, func(a, b int) {
		part := x.NewRowSum(m.Width, len(weights))
		lo, hi := a*openRows, min(b*openRows, n)
		w := make([][]field.E, len(weights))
		for k := range weights {
			w[k] = weights[k][lo:hi]
		}
		part.Add(rows.Values[lo*m.Width:hi*m.Width], m.Width, w)
		mu.Lock()
		defer mu.Unlock()
		total.Merge(part)
	})
	out := make([][]field.E, len(weights))
	for k := range out {
		out[k] = total.Sum(k)
	}
	return out
}

// openRows rows are the least that is worth a sum of its own, to be added to the others.
const openRows = 256

// rowWeights returns the weights of committed rows [from, from+n) for the value at z. z is
// never in the domain: ζ lies outside every trace domain and the cosets of the base field
// alike, but for a chance of 2^-100, which the verifier would refuse.
func (o *Opener) rowWeights(log, from, n int, z field.E) []field.E {
	x, f := o.j.Sys.Ext, o.j.Sys.Ext.Base
	w := make([]field.E, n)
	o.each((n+reduceRows-1)/reduceRows, func(a, b int) {
		lo, hi := a*reduceRows, min(b*reduceRows, n)
		points := make([]field.Elem, hi-lo)
		f.CosetReversed(points, f.Generator(), log, from+lo)
		x.BarycentricWeights(w[lo:hi], z, f.Generator(), log, points)
	})
	return w
}
