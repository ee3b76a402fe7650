package unistark

import (
	"slices"

	"rpp-node/prover/challenger"
	"rpp-node/prover/codec"
	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/internal/vectors/tape"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
	"rpp-node/prover/merkle/tree"
	"rpp-node/prover/ntt"
	"rpp-node/prover/shard"
)

// pcs is the proving side of the polynomial commitment scheme.
type pcs struct {
	c      tape.Config
	params fri.Params
	suite  merkle.Suite
	dev    device.Device
}

func newPCS(c tape.Config, p fri.Params) *pcs {
	return &pcs{c, p, merkle.NewSuite(c.Hash, c.Ext.Base), device.NewCPU(2)}
}

// commitment is a committed batch and the points at which each of its matrices is opened.
type commitment struct {
	polys  []matrix.Matrix // coefficients, lowest first
	lde    []matrix.Matrix
	tree   *tree.Tree
	points [][]field.E
}

func (s *commitment) cap() codec.Cap { return s.tree.Top() }

func (s *commitment) logMax() int {
	h := 0
	for _, m := range s.lde {
		h = max(h, ntt.Log(m.Height()))
	}
	return h
}

// commitTraces commits to matrices of values on subgroups.
func (s *pcs) commitTraces(mats ...matrix.Matrix) *commitment {
	var polys []matrix.Matrix
	for _, m := range mats {
		p := matrix.Matrix{Width: m.Width, Values: slices.Clone(m.Values)}
		s.dev.Interpolate(s.c.Ext.Base, p, ntt.Natural)
		polys = append(polys, p)
	}
	return s.commit(polys)
}

func (s *pcs) commit(polys []matrix.Matrix) *commitment {
	f := s.c.Ext.Base
	out := &commitment{polys: polys}
	for _, p := range polys {
		out.lde = append(out.lde, s.dev.Evaluate(f, p, f.Generator(), ntt.Log(p.Height())+s.params.LogBlowup))
	}
	out.tree = s.dev.Tree(s.suite, nil, out.lde, 1<<merkle.LogCap(s.params.CapHeight, out.logMax()))
	return out
}

// valueAt evaluates each polynomial at z.
func valueAt(x *field.Ext, p matrix.Matrix, z field.E) []field.E {
	out := make([]field.E, p.Width)
	for r := p.Height() - 1; r >= 0; r-- {
		for k, c := range p.Row(r) {
			out[k] = x.AddBase(x.Mul(out[k], z), c)
		}
	}
	return out
}

// open proves the values of all rounds, which it returns by round, matrix and point. The
// transcript has absorbed the commitments.
func (s *pcs) open(t challenger.Transcript, rounds []*commitment) (values [][][][]field.E, p *codec.FRIProof) {
	x := s.c.Ext
	for _, r := range rounds {
		var mats [][][]field.E
		for m, poly := range r.polys {
			var points [][]field.E
			for _, z := range r.points[m] {
				v := valueAt(x, poly, z)
				t.ObserveExt("opened", v...)
				points = append(points, v)
			}
			mats = append(mats, points)
		}
		values = append(values, mats)
	}
	words := s.reduce(t.SampleExt("fri-alpha"), rounds, values)
	p = &codec.FRIProof{}
	folded := s.fold(t, p, words)
	p.QueryPoW = t.Grind("query-pow", s.params.QueryPoWBits, s.dev.Workers())
	logMax := slices.Max(heights(words))
	indices := make([]int, s.params.NumQueries)
	for q := range indices {
		indices[q] = t.SampleBits("query", logMax)
	}
	s.answer(p, rounds, folded, logMax, indices)
	return values, p
}

func heights(words map[int][]field.E) (out []int) {
	for h := range words {
		out = append(out, h)
	}
	return out
}

// reduce adds up, for every height, α^k·(f(z) - f(x))/(z - x) over rounds, matrices,
// points and columns.
func (s *pcs) reduce(alpha field.E, rounds []*commitment, values [][][][]field.E) map[int][]field.E {
	x, f := s.c.Ext, s.c.Ext.Base
	words, power := map[int][]field.E{}, map[int]field.E{}
	for r, round := range rounds {
		for m, lde := range round.lde {
			h := ntt.Log(lde.Height())
			if words[h] == nil {
				words[h], power[h] = make([]field.E, 1<<h), x.One()
			}
			for k, z := range round.points[m] {
				inv := make([]field.E, 1<<h)
				for i := range inv {
					inv[i] = x.SubBase(z, f.Mul(f.Generator(), f.Exp(f.Root(h), uint64(field.ReverseBits(i, h)))))
				}
				x.BatchInv(inv)
				for c, v := range values[r][m][k] {
					for i := range inv {
						term := x.Mul(x.SubBase(v, lde.Row(i)[c]), inv[i])
						words[h][i] = x.Add(words[h][i], x.Mul(power[h], term))
					}
					power[h] = x.Mul(power[h], alpha)
				}
			}
		}
	}
	return words
}

// foldedRound is one round's codeword and its tree.
type foldedRound struct {
	word     []field.E
	logArity int
	tree     *tree.Tree
}

// fold is the commit phase, up to the final polynomial and the arities.
func (s *pcs) fold(t challenger.Transcript, p *codec.FRIProof, words map[int][]field.E) (rounds []foldedRound) {
	x := s.c.Ext
	arities := s.params.Schedule(heights(words))
	h := slices.Max(heights(words))
	word := words[h]
	for _, a := range arities {
		rows := shard.CodewordRows(x, word, a)
		r := foldedRound{word, a, s.dev.Tree(s.suite, nil, []matrix.Matrix{rows}, 1<<merkle.LogCap(s.params.CapHeight, h-a))}
		rounds = append(rounds, r)
		p.Commits = append(p.Commits, r.tree.Top())
		t.ObserveCap("fri-commit", r.tree.Top())
		p.CommitPoW = append(p.CommitPoW, t.Grind("commit-pow", s.params.CommitPoWBits, s.dev.Workers()))
		beta := t.SampleExt("beta")
		word = shard.FoldWord(s.dev, x, word, h, a, 0, beta)
		h -= a
		if input, ok := words[h]; ok {
			shard.RollIn(x, word, input, a, beta)
		}
	}
	// The first values of a bit-reversed codeword are those on a subgroup.
	last := matrix.New(1<<s.params.LogFinalPolyLen, x.D)
	for i := range last.Height() {
		copy(last.Row(i), word[i][:x.D])
	}
	s.dev.Interpolate(x.Base, last, ntt.Reversed)
	p.FinalPoly = make([]field.E, last.Height())
	for i := range p.FinalPoly {
		copy(p.FinalPoly[i][:x.D], last.Row(i))
	}
	t.ObserveExt("final-poly", p.FinalPoly...)
	for _, a := range arities {
		t.Observe("log-arity", x.Base.FromUint(uint64(a)))
	}
	return rounds
}

// answer opens every tree at the queries.
func (s *pcs) answer(p *codec.FRIProof, rounds []*commitment, folded []foldedRound, logMax int, indices []int) {
	for _, r := range rounds {
		h := r.logMax()
		in := codec.BatchOpening{}
		var at []int
		for _, i := range indices {
			at = append(at, i>>(logMax-h))
			var rows [][]field.Elem
			for _, m := range r.lde {
				rows = append(rows, m.Row(i>>(logMax-ntt.Log(m.Height()))))
			}
			in.Rows = append(in.Rows, rows)
		}
		in.Siblings = siblings(r.tree, at)
		p.Inputs = append(p.Inputs, in)
	}
	at := slices.Clone(indices)
	for _, r := range folded {
		out := codec.RoundOpening{LogArity: uint8(r.logArity)}
		for q, i := range at {
			first := i >> r.logArity << r.logArity
			row := slices.Clone(r.word[first : first+1<<r.logArity])
			out.Values = append(out.Values, slices.Delete(row, i-first, i-first+1))
			at[q] = i >> r.logArity
		}
		out.Siblings = siblings(r.tree, at)
		p.Rounds = append(p.Rounds, out)
	}
}

func siblings(tr *tree.Tree, at []int) (out []merkle.Digest) {
	frontier := slices.Compact(slices.Sorted(slices.Values(at)))
	merkle.Multiproof(frontier, ntt.Log(tr.Width()/len(tr.Top())), func(level, index int) {
		out = append(out, tr.At(tr.Width()>>level, index))
	})
	return out
}

// claims are the verifier's view of opened rounds.
func (s *pcs) claims(rounds []*commitment, values [][][][]field.E) (out []fri.Round) {
	for r, round := range rounds {
		fr := fri.Round{Cap: round.cap()}
		for m, lde := range round.lde {
			mat := fri.Mat{LogHeight: ntt.Log(lde.Height()), Width: lde.Width}
			for k, z := range round.points[m] {
				mat.Openings = append(mat.Openings, fri.Opening{Z: z, Values: values[r][m][k]})
			}
			fr.Mats = append(fr.Mats, mat)
		}
		out = append(out, fr)
	}
	return out
}
