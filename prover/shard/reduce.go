package shard

import (
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
		words[h] = append([]field.E(nil), add...)
	}
	red := newReducer(p.dev, j, t.Claims)
	for r := range j.Rounds {
		kind := j.Rounds[r].Kind
		if kind == system.Quotient {
			continue
		}
		for m := range j.Rounds[r].Mats {
			mat := &j.Rounds[r].Mats[m]
			if !j.Sharded(mat) {
				continue
			}
			h := j.LDELog(mat)
			n := 1 << (h - j.Plan.LogShards)
			if words[h] == nil {
				words[h] = make([]field.E, n)
			}
			red.Add(words[h], p.shardRows(kind, m, t.Shard), r, m, t.Shard*n, p.ch.Zeta)
		}
	}
	p.codewords[t.Shard] = words
	return Result{}
}

// Reducer adds up reduced openings: Σ α^k (f(z) - f(x))/(z - x).
type Reducer struct {
	dev    device.Device
	j      *Job
	claims *Claims
	powers extSlices // of α
	inv    map[invKey][]field.E
}

type invKey struct {
	log, from, n int
	next         bool
}

func newReducer(dev device.Device, j *Job, c *Claims) *Reducer {
	widest := 0
	for _, r := range j.Rounds {
		for _, m := range r.Mats {
			widest = max(widest, m.Width)
		}
	}
	red := &Reducer{dev: dev, j: j, claims: c, inv: map[invKey][]field.E{}}
	red.powers.fill(j.Sys.Ext, j.Sys.Ext.One(), c.Alpha, widest)
	return red
}

// NewReducer is for the conductor, which reduces what is not cut.
func (p *Participant) NewReducer(c *Claims) *Reducer { return newReducer(p.dev, p.job, c) }

// Add adds to word, the codeword of committed rows from, from+1, …, the openings of one
// matrix with those rows.
func (r *Reducer) Add(word []field.E, rows matrix.Matrix, round, mat, from int, zeta field.E) {
	m := &r.j.Rounds[round].Mats[mat]
	x, log := r.j.Sys.Ext, r.j.LDELog(m)
	starts, sums := r.claims.Starts[round][mat], r.claims.Sums[round][mat]
	var inv [][]field.E
	for k, z := range r.j.Points(m, zeta) {
		inv = append(inv, r.inverses(invKey{log, from, len(word), k == 1}, z))
	}
	r.dev.For(len(word), func(a, b int) {
		for i := a; i < b; i++ {
			here := r.powers.dot(x, rows.Row(i))
			for k := range inv {
				d := x.Mul(x.Sub(sums[k], here), inv[k][i])
				word[i] = x.Add(word[i], x.Mul(starts[k], d))
			}
		}
	})
}

// inverses returns 1/(z - x) at committed rows; the points of a height are few and
// shared by its matrices. z is never in the domain: ζ lies outside every trace domain and
// the cosets of the base field alike, but for a chance of 2^-100, which the verifier
// would refuse.
func (r *Reducer) inverses(k invKey, z field.E) []field.E {
	if v, ok := r.inv[k]; ok {
		return v
	}
	x, f := r.j.Sys.Ext, r.j.Sys.Ext.Base
	v := make([]field.E, k.n)
	r.dev.For(k.n, func(a, b int) {
		for i := a; i < b; i++ {
			at := f.Mul(f.Generator(), f.Exp(f.Root(k.log), uint64(field.ReverseBits(k.from+i, k.log))))
			v[i] = x.SubBase(z, at)
		}
		x.BatchInv(v[a:b])
	})
	r.inv[k] = v
	return v
}
