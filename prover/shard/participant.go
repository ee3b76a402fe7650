package shard

import (
	"fmt"
	"slices"

	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle/tree"
	"rpp-node/prover/ntt"
	"rpp-node/prover/system"
)

// Participant is one device's part in one job.
type Participant struct {
	job    *Job
	dev    device.Device
	part   Part
	traces []matrix.Matrix // until the lookup columns are made

	coeffs map[system.RoundKind][]matrix.Matrix // by matrix of the commitment, unless alone
	rows   map[rowsKey]matrix.Matrix
	trees  map[treeKey]*tree.Tree
	ch     Challenges

	lookups   []matrix.Matrix // the lookup columns, until they are extended
	terminals []*field.E      // of the lookup columns, by table

	codewords map[int]map[int][]field.E // shard, log height
	folded    map[treeKey][]field.E     // codewords as committed

	ran map[Kind]int // tasks run, for reports
}

// Part says how much of a job a participant does.
type Part struct {
	// Alone is set where every shard is this participant's: it extends each matrix once,
	// whole, and keeps no coefficients.
	Alone bool
	// Consume lets it extend a trace where it lies, if its buffer has room, and give the
	// buffers of the traces back (matrix.Put) at their last use.
	Consume bool
}

type rowsKey struct {
	round      system.RoundKind
	mat, shard int
}

type treeKey struct {
	id    TreeID
	shard int
}

// NewParticipant prepares a job. Unless Consume is set, the caller keeps the traces
// unchanged until the proof is made.
func NewParticipant(j *Job, traces []matrix.Matrix, dev device.Device, part Part) *Participant {
	p := &Participant{
		job: j, dev: dev, part: part, traces: slices.Clone(traces),
		coeffs:    map[system.RoundKind][]matrix.Matrix{},
		rows:      map[rowsKey]matrix.Matrix{},
		trees:     map[treeKey]*tree.Tree{},
		codewords: map[int]map[int][]field.E{},
		folded:    map[treeKey][]field.E{},
		ran:       map[Kind]int{},
	}
	if !part.Alone {
		p.keepCoefficients(system.Main, traces)
	}
	return p
}

// keepCoefficients interpolates matrices of values on the trace domains.
func (p *Participant) keepCoefficients(k system.RoundKind, mats []matrix.Matrix) {
	for _, m := range mats {
		c := matrix.Get(m.Height(), m.Width)
		copy(c.Values, m.Values)
		p.dev.Interpolate(p.job.Sys.Ext.Base, c, ntt.Natural)
		p.coeffs[k] = append(p.coeffs[k], c)
	}
}

// Ran is how many tasks of each kind have run here.
func (p *Participant) Ran() map[Kind]int { return p.ran }

// SetChallenges takes the challenges so far. The lookup columns are made as soon as their
// challenges are known; nothing needs the traces afterwards.
func (p *Participant) SetChallenges(c *Challenges) error {
	first := p.ch.Lookups == nil && c.Lookups != nil
	p.ch = *c
	if !first {
		return nil
	}
	if err := p.makeLookups(); err != nil {
		return err
	}
	if p.part.Alone {
		p.wholeRows(system.Main, 0) // by now committed to, but for a task out of order
	} else {
		p.keepCoefficients(system.Permutation, p.lookups)
		for _, m := range p.lookups {
			m.Put()
		}
		p.lookups = nil
	}
	p.dropTraces()
	return nil
}

// dropTraces ends the use of the traces.
func (p *Participant) dropTraces() {
	if p.part.Consume {
		for _, t := range p.traces {
			t.Put()
		}
	}
	p.traces = nil
}

// whole is the shard number under which matrices are kept that are not cut, and all
// matrices of a participant that is alone.
const whole = -1

// shardRows returns the rows of one shard of a matrix, from memory or made again: the
// values on the coset that the shard is.
func (p *Participant) shardRows(k system.RoundKind, mat, shard int) matrix.Matrix {
	j := p.job
	if p.part.Alone || k == system.Preprocessed {
		all := p.wholeRows(k, mat)
		if shard == whole {
			return all
		}
		h := all.Height() >> j.Plan.LogShards
		return all.Rows(shard*h, (shard+1)*h)
	}
	key := rowsKey{k, mat, shard}
	if rows, ok := p.rows[key]; ok {
		return rows
	}
	f, log := j.Sys.Ext.Base, j.LDELog(&j.Round(k).Mats[mat])
	shift := f.Generator()
	if shard != whole {
		s := j.Plan.LogShards
		shift = f.Mul(shift, f.Exp(f.Root(log), uint64(field.ReverseBits(shard, s))))
		log -= s
	}
	rows := p.dev.Evaluate(f, p.coeffs[k][mat], shift, log)
	p.rows[key] = rows
	return rows
}

// wholeRows returns all rows of a matrix, extending all of its commitment on first use.
func (p *Participant) wholeRows(k system.RoundKind, mat int) matrix.Matrix {
	j := p.job
	if k == system.Preprocessed {
		return j.Prep.LDE[mat]
	}
	key := rowsKey{k, mat, whole}
	if rows, ok := p.rows[key]; ok {
		return rows
	}
	f, mats := j.Sys.Ext.Base, j.Round(k).Mats
	values, last := p.traces, p.part.Consume && !j.Sys.Circuit.HasLookups()
	if k == system.Permutation {
		values, last = p.lookups, true
	}
	list := make([]device.Extension, len(mats))
	var used []matrix.Matrix
	for i := range mats {
		height := 1 << j.LDELog(&mats[i])
		rows, inPlace := matrix.Matrix{}, false
		if last { // where the values lie, if there is room
			rows, inPlace = values[i].Grow(height)
		}
		if !inPlace {
			rows = matrix.Get(height, values[i].Width)
		}
		list[i] = device.Extension{Rows: rows, Values: values[i], Order: ntt.Natural, From: f.One(), Shift: f.Generator()}
		p.rows[rowsKey{k, i, whole}] = rows
		if last {
			values[i] = matrix.Matrix{}
			if !inPlace {
				used = append(used, list[i].Values)
			}
		}
	}
	p.dev.Extend(f, list)
	for _, m := range used {
		m.Put()
	}
	return p.rows[key]
}

// Whole returns a matrix that is not cut, all rows.
func (p *Participant) Whole(k system.RoundKind, mat int) matrix.Matrix {
	return p.shardRows(k, mat, whole)
}

// Run does one task.
func (p *Participant) Run(t *Task) (Result, error) {
	p.ran[t.Kind]++
	switch t.Kind {
	case Commit:
		return p.commit(t), nil
	case Evaluate:
		return p.evaluate(t), nil
	case Open:
		return p.open(t), nil
	case Reduce:
		return p.reduce(t), nil
	case CommitFold:
		return p.commitFold(t), nil
	case Fold:
		return p.fold(t), nil
	case Gather:
		return p.gather(t), nil
	case Query:
		return p.query(t), nil
	}
	return Result{}, fmt.Errorf("shard: unknown task %d", t.Kind)
}

// commit makes the shard's rows and subtree of a commitment.
func (p *Participant) commit(t *Task) Result {
	j := p.job
	r := j.Round(t.Round)
	var mats []matrix.Matrix
	for i := range r.Mats {
		if j.Sharded(&r.Mats[i]) {
			mats = append(mats, p.shardRows(t.Round, i, t.Shard))
		}
	}
	tr := p.dev.Tree(j.Suite, nil, mats, 1<<(j.logCrown-j.Plan.LogShards))
	p.trees[treeKey{TreeID{Round: t.Round}, t.Shard}] = tr
	return Result{Digests: slices.Clone(tr.Top())} // the tree may go before the result
}

// Release gives all buffers back. The participant must not be used again.
func (p *Participant) Release() {
	for k, m := range p.rows {
		delete(p.rows, k)
		m.Put()
	}
	for k, t := range p.trees {
		delete(p.trees, k)
		t.Release()
	}
	for _, mats := range p.coeffs {
		for _, m := range mats {
			m.Put()
		}
	}
	for _, m := range p.lookups {
		m.Put()
	}
	p.coeffs, p.lookups = nil, nil
	p.dropTraces()
}
