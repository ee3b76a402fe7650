package shard

import (
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
	"rpp-node/prover/merkle/tree"
	"rpp-node/prover/system"
)

// Preprocessed is the proving key's part: the preprocessed columns of every table that
// has some, their extension and the tree over it.
type Preprocessed struct {
	LDE  []matrix.Matrix // by matrix of the commitment; whole, bit-reversed
	Tree *tree.Tree
}

// Job is one proof to make, as every participant knows it.
type Job struct {
	Sys        *system.System
	Prep       *Preprocessed // nil without preprocessed columns
	Programs   *Programs
	LogHeights []int
	Publics    [][]field.Elem
	Plan       Plan
	Suite      merkle.Suite
	Rounds     []system.Round

	logCrown int
}

// NewJob puts a job together. Heights and public values have been checked.
func NewJob(s *system.System, prep *Preprocessed, programs *Programs, logHeights []int, publics [][]field.Elem, plan Plan) *Job {
	return &Job{
		Sys: s, Prep: prep, Programs: programs, LogHeights: logHeights, Publics: publics, Plan: plan,
		Suite:    merkle.NewSuite(s.Hash, s.Ext.Base),
		Rounds:   s.Rounds(logHeights),
		logCrown: plan.CrownLog(s.FRI.CapHeight),
	}
}

// Round returns the commitment of that kind, or nil.
func (j *Job) Round(k system.RoundKind) *system.Round {
	for i := range j.Rounds {
		if j.Rounds[i].Kind == k {
			return &j.Rounds[i]
		}
	}
	return nil
}

// CrownLog is the log width of the crown.
func (j *Job) CrownLog() int { return j.logCrown }

// LDELog is the log height of a committed matrix.
func (j *Job) LDELog(m *system.Mat) int { return m.LogHeight + j.Sys.FRI.LogBlowup }

// Sharded reports whether a matrix is cut into shards; the conductor makes the others
// whole.
func (j *Job) Sharded(m *system.Mat) bool { return j.LDELog(m) > j.logCrown }

// ShardedRound reports whether the tree of a commitment is cut.
func (j *Job) ShardedRound(r *system.Round) bool {
	for i := range r.Mats {
		if j.Sharded(&r.Mats[i]) {
			return true
		}
	}
	return false
}

// LogMax is the log height of the tallest committed matrix.
func (j *Job) LogMax() int {
	m := 0
	for _, h := range j.LogHeights {
		m = max(m, h)
	}
	return m + j.Sys.FRI.LogBlowup
}

// Points are the points at which a matrix is opened.
func (j *Job) Points(m *system.Mat, zeta field.E) []field.E {
	if !m.Next {
		return []field.E{zeta}
	}
	return []field.E{zeta, j.Sys.Ext.MulBase(zeta, j.Sys.Ext.Base.Root(m.LogHeight))}
}
