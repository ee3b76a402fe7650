package fri_test

import (
	"math/bits"
	"slices"

	"rpp-node/prover/challenger"
	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
	"rpp-node/prover/merkle/tree"
)

// A small prover of openings, for matrices given by their committed values: it does not
// ask whether they are of low degree or the claims true, and can be told to cheat.

// committed is a matrix on its coset, rows in bit-reversed order, and the claims about it.
type committed struct {
	values matrix.Matrix
	claims []fri.Opening
}

func (c *committed) log() int { return bits.Len(uint(c.values.Height())) - 1 }

// cheat says how a proof departs from an honest one.
type cheat struct {
	finalLen    int  // coefficients of the final polynomial, if not what the parameters say
	plainRollIn bool // inputs join a fold without a factor
	skipRounds  int  // last commitments that are claimed but not opened
	lateFinal   bool // the final polynomial is chosen when the queries are known
}

// opener proves the claims of several commitments.
type opener struct {
	x      *field.Ext
	params fri.Params
	suite  merkle.Suite
	rounds [][]committed
	trees  []*tree.Tree
}

func newOpener(x *field.Ext, params fri.Params, rounds ...[]committed) *opener {
	o := &opener{x: x, params: params, suite: merkle.NewSuite(merkle.Poseidon2, x.Base), rounds: rounds}
	for _, r := range rounds {
		var mats []matrix.Matrix
		for _, c := range r {
			mats = append(mats, c.values)
		}
		o.trees = append(o.trees, o.tree(mats))
	}
	return o
}

func (o *opener) tree(mats []matrix.Matrix) *tree.Tree {
	logMax := 0
	for _, m := range mats {
		logMax = max(logMax, bits.Len(uint(m.Height()))-1)
	}
	return tree.Build(o.suite, tree.Sequential, nil, mats, 1<<merkle.LogCap(o.params.CapHeight, logMax))
}

// claims is what the verifier is told.
func (o *opener) claims() []fri.Round {
	var out []fri.Round
	for i, r := range o.rounds {
		fr := fri.Round{Cap: o.trees[i].Top()}
		for _, c := range r {
			fr.Mats = append(fr.Mats, fri.Mat{LogHeight: c.log(), Width: c.values.Width, Openings: c.claims})
		}
		out = append(out, fr)
	}
	return out
}

func (o *opener) verifier() *fri.Verifier {
	return &fri.Verifier{Ext: o.x, Suite: o.suite, Params: o.params}
}

// transcript is a fresh one that has absorbed the commitments.
func (o *opener) transcript() challenger.Transcript {
	t := challenger.New(merkle.Poseidon2, o.x)
	for _, tr := range o.trees {
		t.ObserveCap("commitment", tr.Top())
	}
	return t
}

// point is the place of row i of a matrix of height 2^log.
func point(f *field.Field, log, i int) field.Elem {
	return f.Mul(f.Generator(), f.Exp(f.Root(log), uint64(reverse(i, log))))
}

func reverse(i, n int) int { return int(bits.Reverse64(uint64(i)) >> (64 - n)) }

func (o *opener) heights() (all []int) {
	for _, r := range o.rounds {
		for _, c := range r {
			all = append(all, c.log())
		}
	}
	return all
}

func (o *opener) prove(t challenger.Transcript, ch cheat) *codec.FRIProof {
	x, f := o.x, o.x.Base
	for _, r := range o.rounds {
		for _, c := range r {
			for _, cl := range c.claims {
				t.ObserveExt("opened", cl.Values...)
			}
		}
	}
	words := o.reduce(t.SampleExt("fri-alpha"), len(o.rounds)-ch.skipRounds)
	logMax := slices.Max(o.heights())
	arities := o.params.Schedule(o.heights())
	p := &codec.FRIProof{}
	var folded []matrix.Matrix
	var trees []*tree.Tree
	word, h := words[logMax], logMax
	for _, a := range arities {
		rows := matrix.New(1<<(h-a), x.D<<a)
		for i, v := range word {
			copy(rows.Values[i*x.D:], v[:x.D])
		}
		tr := o.tree([]matrix.Matrix{rows})
		folded, trees = append(folded, rows), append(trees, tr)
		p.Commits = append(p.Commits, tr.Top())
		t.ObserveCap("fri-commit", tr.Top())
		p.CommitPoW = append(p.CommitPoW, t.Grind("commit-pow", o.params.CommitPoWBits, 1))
		beta := t.SampleExt("beta")
		next := make([]field.E, 1<<(h-a))
		for i := range next {
			next[i] = fri.NewFolder(x, h, a, beta).Fold(i, slices.Clone(word[i<<a:(i+1)<<a]))
			if in, ok := words[h-a]; ok {
				factor := x.Exp2(beta, a)
				if ch.plainRollIn {
					factor = x.One()
				}
				next[i] = x.Add(next[i], x.Mul(factor, in[i]))
			}
		}
		word, h = next, h-a
	}
	at := func(i int) field.Elem { return f.Exp(f.Root(h), uint64(reverse(i, h))) }
	final := func(n int, indices []int) []field.E {
		var points []field.Elem
		var values []field.E
		for _, i := range indices {
			if q := at(i); !slices.Contains(points, q) {
				points, values = append(points, q), append(values, word[i])
			}
		}
		return append(interpolate(x, points, values), make([]field.E, n-len(points))...)
	}
	n := 1 << o.params.LogFinalPolyLen
	if ch.finalLen > 0 {
		n = ch.finalLen
	}
	if !ch.lateFinal {
		var lowest []int
		for i := range n {
			lowest = append(lowest, i)
		}
		p.FinalPoly = final(n, lowest)
		t.ObserveExt("final-poly", p.FinalPoly...)
	}
	for _, a := range arities {
		t.Observe("log-arity", f.FromUint(uint64(a)))
	}
	p.QueryPoW = t.Grind("query-pow", o.params.QueryPoWBits, 1)
	var indices []int
	for range o.params.NumQueries {
		indices = append(indices, t.SampleBits("query", logMax))
	}
	if ch.lateFinal {
		var last []int
		for _, i := range indices {
			last = append(last, i>>(logMax-h))
		}
		p.FinalPoly = final(n, last)
	}
	for i, r := range o.rounds[:len(o.rounds)-ch.skipRounds] {
		tall := 0
		for _, c := range r {
			tall = max(tall, c.log())
		}
		in := codec.BatchOpening{Siblings: o.siblings(o.trees[i], tall, indices, logMax-tall)}
		for _, q := range indices {
			var rows [][]field.Elem
			for _, c := range r {
				rows = append(rows, slices.Clone(c.values.Row(q>>(logMax-c.log()))))
			}
			in.Rows = append(in.Rows, rows)
		}
		p.Inputs = append(p.Inputs, in)
	}
	shift := 0
	for i, a := range arities {
		r := codec.RoundOpening{LogArity: uint8(a), Siblings: o.siblings(trees[i], logMax-shift-a, indices, shift+a)}
		for _, q := range indices {
			row := folded[i].Row(q >> (shift + a))
			var values []field.E
			for k := range 1 << a {
				if k != q>>shift&(1<<a-1) {
					var e field.E
					copy(e[:x.D], row[k*x.D:])
					values = append(values, e)
				}
			}
			r.Values = append(r.Values, values)
		}
		p.Rounds = append(p.Rounds, r)
		shift += a
	}
	return p
}

// reduce makes the codeword of each height from the claims of the first n commitments.
func (o *opener) reduce(alpha field.E, n int) map[int][]field.E {
	x, f := o.x, o.x.Base
	words, start := map[int][]field.E{}, map[int]field.E{}
	for _, r := range o.rounds[:n] {
		for _, c := range r {
			h := c.log()
			if words[h] == nil {
				words[h], start[h] = make([]field.E, 1<<h), x.One()
			}
			for _, cl := range c.claims {
				for k, v := range cl.Values {
					for i := range words[h] {
						num := x.SubBase(v, c.values.Row(i)[k])
						den := x.SubBase(cl.Z, point(f, h, i))
						words[h][i] = x.Add(words[h][i], x.Mul(start[h], x.Mul(num, x.Inv(den))))
					}
					start[h] = x.Mul(start[h], alpha)
				}
			}
		}
	}
	return words
}

func (o *opener) siblings(tr *tree.Tree, log int, indices []int, shift int) (out []merkle.Digest) {
	var leaves []int
	for _, q := range indices {
		leaves = append(leaves, q>>shift)
	}
	slices.Sort(leaves)
	merkle.Multiproof(slices.Compact(leaves), log-merkle.LogCap(o.params.CapHeight, log), func(level, i int) {
		out = append(out, tr.At(tr.Width()>>level, i))
	})
	return out
}

// interpolate returns the coefficients of the polynomial through the points. Newton's
// divided differences.
func interpolate(x *field.Ext, points []field.Elem, values []field.E) []field.E {
	f, n := x.Base, len(points)
	c := slices.Clone(values)
	for k := 1; k < n; k++ {
		for i := n - 1; i >= k; i-- {
			c[i] = x.MulBase(x.Sub(c[i], c[i-1]), f.Inv(f.Sub(points[i], points[i-k])))
		}
	}
	out := make([]field.E, n)
	for k := n - 1; k >= 0; k-- { // out = out·(X - points[k]) + c[k]
		for i := n - 1; i > 0; i-- {
			out[i] = x.Sub(out[i-1], x.MulBase(out[i], points[k]))
		}
		out[0] = x.Sub(c[k], x.MulBase(out[0], points[k]))
	}
	return out
}

// evaluate is Horner's rule.
func evaluate(x *field.Ext, coeffs []field.Elem, z field.E) (v field.E) {
	for _, c := range slices.Backward(coeffs) {
		v = x.AddBase(x.Mul(v, z), c)
	}
	return v
}
