package shard

import (
	"fmt"

	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle/tree"
	"rpp-node/prover/system"
)

// Participant is one device's part in one job.
type Participant struct {
	job    *Job
	dev    device.Device
	traces []matrix.Matrix // until the lookup columns are made

	polys map[system.RoundKind][]device.Poly // by matrix of the commitment
	rows  map[rowsKey]matrix.Matrix
	trees map[treeKey]*tree.Tree
	ch    Challenges

	terminals []*field.E // of the lookup columns, by table

	codewords map[int]map[int][]field.E // shard, log height
	folded    map[treeKey][]field.E     // codewords as committed

	ran map[Kind]int // tasks run, for reports
}

type rowsKey struct {
	round      system.RoundKind
	mat, shard int
}

type treeKey struct {
	id    TreeID
	shard int
}

// NewParticipant prepares a job: the traces are interpolated. The caller keeps the
// traces unchanged until the proof is made.
func NewParticipant(j *Job, traces []matrix.Matrix, dev device.Device) *Participant {
	p := &Participant{
		job: j, dev: dev, traces: traces,
		polys:     map[system.RoundKind][]device.Poly{},
		rows:      map[rowsKey]matrix.Matrix{},
		trees:     map[treeKey]*tree.Tree{},
		codewords: map[int]map[int][]field.E{},
		folded:    map[treeKey][]field.E{},
		ran:       map[Kind]int{},
	}
	f := j.Sys.Ext.Base
	for _, t := range traces {
		p.polys[system.Main] = append(p.polys[system.Main], dev.Interpolate(f, t))
	}
	if j.Prep != nil {
		p.polys[system.Preprocessed] = j.Prep.Polys
	}
	return p
}

// Polys are the polynomials of a commitment, by matrix.
func (p *Participant) Polys(k system.RoundKind) []device.Poly { return p.polys[k] }

// Ran is how many tasks of each kind have run here.
func (p *Participant) Ran() map[Kind]int { return p.ran }

// SetChallenges takes the challenges so far. The lookup columns are made as soon as their
// challenges are known.
func (p *Participant) SetChallenges(c *Challenges) error {
	first := p.ch.Lookups == nil && c.Lookups != nil
	p.ch = *c
	if first {
		if err := p.makeLookups(); err != nil {
			return err
		}
	}
	return nil
}

// whole is the shard number under which matrices are kept that are not cut.
const whole = -1

// shardRows returns the rows of one shard of a matrix, from memory or made again: the
// values on the coset that the shard is.
func (p *Participant) shardRows(k system.RoundKind, mat, shard int) matrix.Matrix {
	j := p.job
	m := &j.Round(k).Mats[mat]
	if k == system.Preprocessed {
		h := j.Prep.LDE[mat].Height() >> j.Plan.LogShards
		if shard == whole {
			return j.Prep.LDE[mat]
		}
		return j.Prep.LDE[mat].Rows(shard*h, (shard+1)*h)
	}
	key := rowsKey{k, mat, shard}
	if rows, ok := p.rows[key]; ok {
		return rows
	}
	f, log := j.Sys.Ext.Base, j.LDELog(m)
	shift := f.Generator()
	if shard != whole {
		s := j.Plan.LogShards
		shift = f.Mul(shift, f.Exp(f.Root(log), uint64(field.ReverseBits(shard, s))))
		log -= s
	}
	rows := p.dev.Evaluate(f, p.polys[k][mat], shift, log)
	p.rows[key] = rows
	return rows
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
	return Result{Digests: tr.Top()}
}

// Release gives the rows' buffers back. The participant must not be used again.
func (p *Participant) Release() {
	for k, m := range p.rows {
		delete(p.rows, k)
		m.Put()
	}
}
