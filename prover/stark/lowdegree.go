package stark

import (
	"slices"

	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
	"rpp-node/prover/merkle/tree"
	"rpp-node/prover/ntt"
	"rpp-node/prover/shard"
	"rpp-node/prover/system"
)

// foldRound is one folding round as made: by the shards, or here.
type foldRound struct {
	cutTree
	logArity int
	word     []field.E // here
}

// lowDegree runs the low-degree test on the opened values: reduce, fold, grind, query.
func (c *conductor) lowDegree(opened [][][][]field.E) (*codec.FRIProof, error) {
	j := c.job
	for r := range opened {
		for m := range opened[r] {
			for _, v := range opened[r][m] {
				c.t.ObserveExt("opened", v...)
			}
		}
	}
	alpha := c.t.SampleExt("fri-alpha")
	c.begin(StageReduce)
	words, err := c.reduce(shard.NewClaims(j, alpha, opened))
	if err != nil {
		return nil, err
	}
	c.begin(StageFold)
	f := &folding{conductor: c, words: words}
	defer func() {
		for _, r := range f.rounds {
			r.crown.Release()
		}
	}()
	if err := f.run(); err != nil {
		return nil, err
	}
	c.begin(StageGrind)
	p := &f.proof
	p.QueryPoW = c.t.Grind("query-pow", j.Sys.FRI.QueryPoWBits, c.dev.Workers())
	c.begin(StageQuery)
	indices := make([]int, j.Sys.FRI.NumQueries)
	for q := range indices {
		indices[q] = c.t.SampleBits("query", j.LogMax())
	}
	return p, c.answer(p, f.rounds, indices)
}

// reduce makes the codewords of all heights: here those that are not cut, and the
// quotient's part of all, which the shards add to theirs.
func (c *conductor) reduce(claims *shard.Claims) (map[int][]field.E, error) {
	j := c.job
	words := map[int][]field.E{}
	red := c.own.NewReducer(claims)
	sharded := false
	for r := range j.Rounds {
		kind := j.Rounds[r].Kind
		for m := range j.Rounds[r].Mats {
			mat := &j.Rounds[r].Mats[m]
			if j.Sharded(mat) {
				sharded = true
				if kind != system.Quotient {
					continue
				}
			}
			red.Take(r, m, c.whole(kind, m))
		}
	}
	for _, h := range red.Heights() {
		words[h] = make([]field.E, 1<<h)
		red.AddTo(words[h], h, 0, c.ch.Zeta)
	}
	if !sharded {
		return words, nil
	}
	tasks := make([]shard.Task, 1<<j.Plan.LogShards)
	for i := range tasks {
		tasks[i] = shard.Task{Kind: shard.Reduce, Shard: i, Claims: claims, Addends: map[int][]field.E{}}
		for h, w := range words {
			if h > j.CrownLog() {
				n := len(w) >> j.Plan.LogShards
				tasks[i].Addends[h] = w[i*n : (i+1)*n : (i+1)*n]
			}
		}
	}
	if _, err := c.exec.Run(tasks); err != nil {
		return nil, err
	}
	for h := range words {
		if h > j.CrownLog() {
			delete(words, h)
		}
	}
	return words, nil
}

// folding is the commit phase.
type folding struct {
	*conductor
	words  map[int][]field.E // held here, by log height
	cur    int               // log height of the codeword being folded
	here   bool              // it is held here
	rounds []*foldRound
	proof  codec.FRIProof
}

func (f *folding) run() error {
	j := f.job
	var heights []int
	for _, h := range j.LogHeights {
		heights = append(heights, h+j.Sys.FRI.LogBlowup)
	}
	arities := j.Sys.FRI.Schedule(heights)
	f.cur = j.LogMax()
	f.here = f.cur <= j.CrownLog()
	for _, a := range arities {
		if !f.here && (f.cur <= max(j.Plan.LogGather, j.CrownLog()) || a > f.cur-j.Plan.LogShards) {
			if err := f.gather(); err != nil {
				return err
			}
		}
		if err := f.round(a); err != nil {
			return err
		}
	}
	if !f.here {
		if err := f.gather(); err != nil {
			return err
		}
	}
	f.finish(arities)
	return nil
}

// gather takes the shards' codewords over.
func (f *folding) gather() error {
	results, err := f.everyShard(shard.Task{Kind: shard.Gather})
	if err != nil {
		return err
	}
	for _, res := range results {
		for h, v := range res.Values {
			f.words[h] = append(f.words[h], v...)
		}
	}
	f.here = true
	return nil
}

func (f *folding) round(a int) error {
	j, x := f.job, f.job.Sys.Ext
	r := &foldRound{cutTree: cutTree{logMax: f.cur - a, cut: !f.here}, logArity: a}
	var base []merkle.Digest
	var mats []matrix.Matrix
	if f.here {
		r.word = f.words[f.cur]
		mats = []matrix.Matrix{shard.CodewordRows(x, r.word, a)}
	} else {
		results, err := f.everyShard(shard.Task{Kind: shard.CommitFold, LogArity: a, Tree: shard.TreeID{Folding: true, Index: len(f.rounds)}})
		if err != nil {
			return err
		}
		for _, res := range results {
			base = append(base, res.Digests...)
		}
	}
	r.crown = f.dev.Tree(j.Suite, base, mats, 1<<merkle.LogCap(j.Sys.FRI.CapHeight, r.logMax))
	f.rounds = append(f.rounds, r)
	f.proof.Commits = append(f.proof.Commits, r.cap())
	f.t.ObserveCap("fri-commit", r.cap())
	f.proof.CommitPoW = append(f.proof.CommitPoW, f.t.Grind("commit-pow", j.Sys.FRI.CommitPoWBits, f.dev.Workers()))
	beta := f.t.SampleExt("beta")
	next := f.cur - a
	if f.here {
		word := shard.FoldWord(f.dev, x, r.word, f.cur, a, 0, beta)
		if input, ok := f.words[next]; ok {
			shard.RollIn(x, word, input, a, beta)
		}
		f.words[next] = word
	} else {
		if _, err := f.everyShard(shard.Task{Kind: shard.Fold, LogArity: a, Beta: beta}); err != nil {
			return err
		}
		if input, ok := f.words[next]; ok { // of a height that is not cut
			delete(f.words, next)
			if err := f.gather(); err != nil {
				return err
			}
			shard.RollIn(x, f.words[next], input, a, beta)
		}
	}
	f.cur = next
	return nil
}

// finish sends the final polynomial and the arities.
func (f *folding) finish(arities []int) {
	x, p := f.job.Sys.Ext, f.job.Sys.FRI
	n := 1 << p.LogFinalPolyLen
	word := f.words[f.cur][:n]
	final := make([]field.E, n)
	col := make([]field.Elem, n)
	for e := range x.D {
		for i := range word {
			col[i] = word[i][e]
		}
		ntt.Inverse(x.Base, col) // the first entries are a subgroup, bit-reversed
		for i := range final {
			final[i][e] = col[i]
		}
	}
	f.proof.FinalPoly = final
	f.t.ObserveExt("final-poly", final...)
	for _, a := range arities {
		f.t.Observe("log-arity", x.Base.FromUint(uint64(a)))
	}
}

// answer opens every tree at the queries.
func (c *conductor) answer(p *codec.FRIProof, rounds []*foldRound, indices []int) error {
	j, logMax := c.job, c.job.LogMax()
	for r := range j.Rounds {
		round := &j.Rounds[r]
		ct := c.trees[round.Kind]
		at := make([]int, len(indices))
		for q, i := range indices {
			at[q] = i >> (logMax - ct.logMax)
		}
		rows, siblings, err := c.openTree(ct, shard.TreeID{Round: round.Kind}, at)
		if err != nil {
			return err
		}
		in := codec.BatchOpening{Siblings: siblings, Rows: make([][][]field.Elem, len(at))}
		for q, i := range at {
			in.Rows[q] = make([][]field.Elem, len(round.Mats))
			for m := range round.Mats {
				mat := &round.Mats[m]
				if ct.cut && j.Sharded(mat) {
					in.Rows[q][m] = rows[i][m]
				} else {
					in.Rows[q][m] = slices.Clone(c.whole(round.Kind, m).Row(i >> (ct.logMax - j.LDELog(mat))))
				}
			}
		}
		p.Inputs = append(p.Inputs, in)
	}
	at := slices.Clone(indices)
	for k, r := range rounds {
		pos := make([]int, len(at))
		for q := range at {
			pos[q] = at[q] & (1<<r.logArity - 1)
			at[q] >>= r.logArity
		}
		rows, siblings, err := c.openTree(&r.cutTree, shard.TreeID{Folding: true, Index: k}, at)
		if err != nil {
			return err
		}
		out := codec.RoundOpening{LogArity: uint8(r.logArity), Siblings: siblings}
		for q, i := range at {
			var row []field.E
			if r.cut {
				row = c.elements(rows[i][0])
			} else {
				row = slices.Clone(r.word[i<<r.logArity : (i+1)<<r.logArity])
			}
			out.Values = append(out.Values, slices.Delete(row, pos[q], pos[q]+1))
		}
		p.Rounds = append(p.Rounds, out)
	}
	return nil
}

func (c *conductor) elements(flat []field.Elem) []field.E {
	d := c.job.Sys.Ext.D
	out := make([]field.E, len(flat)/d)
	for i := range out {
		copy(out[i][:d], flat[i*d:])
	}
	return out
}

// openTree returns the pruned multiproof of a tree at the given leaves, and, where the
// tree is cut, the shards' rows there.
func (c *conductor) openTree(ct *cutTree, id shard.TreeID, at []int) (map[int][][]field.Elem, []merkle.Digest, error) {
	j := c.job
	frontier := slices.Compact(slices.Sorted(slices.Values(at)))
	leaves := slices.Clone(frontier)
	logCap := merkle.LogCap(j.Sys.FRI.CapHeight, ct.logMax)
	var siblings []merkle.Digest
	type want struct{ place, shard int }
	var wants []want
	shards := 1 << j.Plan.LogShards
	tasks := make([]shard.Task, shards)
	crown := ct.crown.Width()
	var inCrown []tree.Node
	var places []int
	merkle.Multiproof(frontier, ct.logMax-logCap, func(level, index int) {
		n := tree.Node{Width: 1 << (ct.logMax - level), Index: index}
		if n.Width <= crown {
			inCrown = append(inCrown, n)
			places = append(places, len(siblings))
		} else {
			s := index / (n.Width / shards)
			tasks[s].Nodes = append(tasks[s].Nodes, n)
			wants = append(wants, want{len(siblings), s})
		}
		siblings = append(siblings, merkle.Digest{})
	})
	for k, d := range ct.crown.Digests(inCrown) {
		siblings[places[k]] = d
	}
	if !ct.cut {
		return nil, siblings, nil
	}
	for _, i := range leaves {
		s := i / (1 << ct.logMax / shards)
		tasks[s].Rows = append(tasks[s].Rows, i)
	}
	for s := range tasks {
		tasks[s].Kind, tasks[s].Shard, tasks[s].Tree = shard.Query, s, id
	}
	results, err := c.exec.Run(tasks)
	if err != nil {
		return nil, nil, err
	}
	rows := map[int][][]field.Elem{}
	for s, res := range results {
		for k, i := range tasks[s].Rows {
			rows[i] = res.Opened[k]
		}
	}
	for _, w := range wants {
		siblings[w.place] = results[w.shard].Digests[0]
		results[w.shard].Digests = results[w.shard].Digests[1:]
	}
	return rows, siblings, nil
}
