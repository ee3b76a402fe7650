package stark

import (
	"slices"

	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
	"rpp-node/prover/ntt"
	"rpp-node/prover/shard"
	"rpp-node/prover/system"
)

// Key is a proving key: a system with its constraints compiled and its preprocessed
// columns extended and committed.
type Key struct {
	Sys  *system.System
	Prep *shard.Preprocessed // nil without preprocessed columns
	// Programs are the compiled constraints, made on first use (or by Compile).
	Programs *shard.Programs
}

// NewKey commits to the preprocessed columns of s, which receives the commitment.
func NewKey(s *system.System, dev device.Device) *Key {
	k := &Key{Sys: s, Programs: shard.NewPrograms(s)}
	if !s.HasPreprocessed() {
		return k
	}
	k.Prep = &shard.Preprocessed{}
	f := s.Ext.Base
	logMax := 0
	var list []device.Extension
	for i := range s.Circuit.Tables {
		t := &s.Circuit.Tables[i]
		if t.PrepWidth == 0 {
			continue
		}
		log := ntt.Log(t.PrepHeight()) + s.FRI.LogBlowup
		lde := matrix.New(1<<log, t.PrepWidth)
		list = append(list, device.Extension{
			Rows: lde, Values: matrix.Matrix{Width: t.PrepWidth, Values: t.Prep},
			Order: ntt.Natural, From: f.One(), Shift: f.Generator(),
		})
		logMax = max(logMax, log)
		k.Prep.LDE = append(k.Prep.LDE, lde)
	}
	dev.Extend(f, list)
	suite := merkle.NewSuite(s.Hash, f)
	k.Prep.Tree = dev.Tree(suite, nil, k.Prep.LDE, 1<<merkle.LogCap(s.FRI.CapHeight, logMax))
	s.PrepCap = slices.Clone(k.Prep.Tree.Top())
	return k
}

// Release gives back what the key holds outside the Go heap. It must not be used again.
func (k *Key) Release() {
	if k.Prep != nil {
		k.Prep.Tree.Release()
	}
}

// Witness is what a proof is made from: traces in table order and public values.
type Witness struct {
	Traces  []matrix.Matrix
	Publics [][]field.Elem
}
