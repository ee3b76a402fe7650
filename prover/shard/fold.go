package shard

import (
	"slices"

	"unsafe"

	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle/tree"
	"rpp-node/prover/ntt"
)

// CodewordRows lays a codeword out as the matrix that a folding round commits to: rows
// of 2^logArity neighbours, each element as its D coefficients. Elements without unused
// coefficients are that already, and the matrix aliases word.
func CodewordRows(x *field.Ext, word []field.E, logArity int) matrix.Matrix {
	if x.D == field.MaxDegree {
		all := unsafe.Slice((*field.Elem)(unsafe.Pointer(unsafe.SliceData(word))), len(word)*x.D)
		return matrix.Matrix{Width: x.D << logArity, Values: all}
	}
	m := matrix.New(len(word)>>logArity, x.D<<logArity)
	for i := range word {
		copy(m.Values[i*x.D:], word[i][:x.D])
	}
	return m
}

// FoldWord folds committed rows of a codeword of 2^log values in all, starting at row
// from.
func FoldWord(dev device.Device, x *field.Ext, word []field.E, log, logArity, from int, beta field.E) []field.E {
	out := make([]field.E, len(word)>>logArity)
	folder := fri.NewFolder(x, log, logArity, beta)
	blocks(dev, len(out), func(a, b int) {
		folder.FoldRows(out[a:b], word[a<<logArity:b<<logArity], from+a)
	})
	return out
}

// RollIn adds β^(2^logArity) times an input to a folded codeword.
func RollIn(x *field.Ext, word, input []field.E, logArity int, beta field.E) {
	x.ScaleAddVec(word, x.Exp2(beta, logArity), input)
}

// foldRows rows are folded at a time; fewer are not worth a second core.
const foldRows = 256

// blocks calls body over ranges that cover [0, n), of at least foldRows but for the last.
func blocks(dev device.Device, n int, body func(from, to int)) {
	dev.For((n+foldRows-1)/foldRows, func(a, b int) { body(a*foldRows, min(b*foldRows, n)) })
}

// tallest is the log height of the codeword being folded.
func (p *Participant) tallest(shard int) int {
	top := 0
	for h := range p.codewords[shard] {
		top = max(top, h)
	}
	return top
}

// commitFold commits to the shard of the codeword.
func (p *Participant) commitFold(t *Task) Result {
	j := p.job
	h := p.tallest(t.Shard)
	word := p.codewords[t.Shard][h]
	id := TreeID{Folding: true, Index: t.Tree.Index}
	stop := 1 << (min(j.logCrown, h-t.LogArity) - j.Plan.LogShards)
	tr := p.dev.Tree(j.Suite, nil, []matrix.Matrix{CodewordRows(j.Sys.Ext, word, t.LogArity)}, stop)
	p.trees[treeKey{id, t.Shard}] = tr
	p.folded[treeKey{id, t.Shard}] = word
	return Result{Digests: slices.Clone(tr.Top())}
}

// fold folds the shard of the codeword and rolls in the input of the new height.
func (p *Participant) fold(t *Task) Result {
	x := p.job.Sys.Ext
	words := p.codewords[t.Shard]
	h := p.tallest(t.Shard)
	rows := len(words[h]) >> t.LogArity
	out := FoldWord(p.dev, x, words[h], h, t.LogArity, t.Shard*rows, t.Beta)
	delete(words, h)
	h -= t.LogArity
	if input, ok := words[h]; ok {
		RollIn(x, out, input, t.LogArity, t.Beta)
	}
	words[h] = out
	return Result{}
}

// gather gives up the shard's codewords.
func (p *Participant) gather(t *Task) Result {
	out := Result{Values: p.codewords[t.Shard]}
	delete(p.codewords, t.Shard)
	return out
}

// query returns rows and nodes of a tree that lie in the shard.
func (p *Participant) query(t *Task) Result {
	j := p.job
	var out Result
	key := treeKey{t.Tree, t.Shard}
	tr := p.trees[key]
	nodes := make([]tree.Node, len(t.Nodes))
	for k, n := range t.Nodes {
		width := n.Width >> j.Plan.LogShards
		nodes[k] = tree.Node{Width: width, Index: n.Index & (width - 1)}
	}
	out.Digests = tr.Digests(nodes)
	if t.Tree.Folding {
		word := p.folded[key]
		logArity := ntt.Log(len(word) / tr.Width())
		for _, r := range t.Rows {
			i := r & (tr.Width() - 1)
			row := make([]field.Elem, 0, j.Sys.Ext.D<<logArity)
			for _, e := range word[i<<logArity : (i+1)<<logArity] {
				row = append(row, e[:j.Sys.Ext.D]...)
			}
			out.Opened = append(out.Opened, [][]field.Elem{row})
		}
		return out
	}
	r := j.Round(t.Tree.Round)
	shape := j.Sys.Shape(r)
	for _, row := range t.Rows {
		opened := make([][]field.Elem, len(r.Mats))
		for i := range r.Mats {
			if m := &r.Mats[i]; j.Sharded(m) {
				at := row >> (shape.LogMax() - j.LDELog(m))
				rows := p.shardRows(t.Tree.Round, i, t.Shard)
				opened[i] = append([]field.Elem(nil), rows.Row(at&(rows.Height()-1))...)
			}
		}
		out.Opened = append(out.Opened, opened)
	}
	return out
}
