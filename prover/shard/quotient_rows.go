package shard

import (
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
	"rpp-node/prover/system"
)

// source gives the rows of one commitment for one table.
type source struct {
	p     *Participant
	kind  system.RoundKind
	mat   int
	cut   bool
	shift int // log of a shard's rows
	parts map[int]matrix.Matrix
}

// newSource returns the rows of a table in a commitment, or nil if it has none there.
// Shards are fetched by prefetch, before workers start.
func (p *Participant) newSource(k system.RoundKind, table int) *source {
	r := p.job.Round(k)
	if r == nil {
		return nil
	}
	for i := range r.Mats {
		if m := &r.Mats[i]; m.Table == table {
			return &source{
				p: p, kind: k, mat: i, cut: p.job.Sharded(m),
				shift: p.job.LDELog(m) - p.job.Plan.LogShards, parts: map[int]matrix.Matrix{},
			}
		}
	}
	return nil
}

// prefetch makes the shard of a row available.
func (s *source) prefetch(row int) {
	shard, _ := s.locate(row)
	if _, ok := s.parts[shard]; !ok {
		s.parts[shard] = s.p.shardRows(s.kind, s.mat, shard)
	}
}

// locate returns a row's shard and place there.
func (s *source) locate(row int) (shard, at int) {
	if !s.cut {
		return whole, row
	}
	return row >> s.shift, row & (1<<s.shift - 1)
}

// fill sets rows to n committed rows of one shard.
func (s *source) fill(rows [][]field.Elem, from, n int) {
	if rows == nil {
		return
	}
	shard, at := s.locate(from)
	part := s.parts[shard]
	for i := range n {
		rows[i] = part.Row(at + i)
	}
}

// fillNext sets rows to the successors of n committed rows of one shard, which are in one
// shard as well.
func (s *source) fillNext(rows [][]field.Elem, d *quotientDomain, from, n int) {
	shard, _ := s.locate(d.next(from))
	part := s.parts[shard]
	for i := range n {
		_, at := s.locate(d.next(from + i))
		rows[i] = part.Row(at)
	}
}
