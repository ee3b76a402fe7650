package shard

import (
	"sync"

	"rpp-node/prover/air/packet"
	"rpp-node/prover/system"
)

// Programs are a system's tables, compiled: its constraints with those of its lookups, and
// the lookups' fractions. Each is made on first use and kept; they are part of the proving
// key. Safe for concurrent use.
type Programs struct {
	quotient, fractions []func() *packet.Program // by table; no fractions without lookups
}

// NewPrograms prepares to compile the tables of s, which must not change any more.
func NewPrograms(s *system.System) *Programs {
	p := &Programs{fractions: make([]func() *packet.Program, len(s.Circuit.Tables))}
	for i := range s.Circuit.Tables {
		p.quotient = append(p.quotient, sync.OnceValue(func() *packet.Program { return quotientProgram(s, i) }))
		if s.Layout.Tables[i].Width() > 0 {
			p.fractions[i] = sync.OnceValue(func() *packet.Program { return fractionProgram(s, i) })
		}
	}
	return p
}

// Compile makes all programs now, so that the first proof need not: to compile a large
// table takes as long as to prove a small one.
func (p *Programs) Compile() {
	for i := range p.quotient {
		p.quotient[i]().Prepare()
		if p.fractions[i] != nil {
			p.fractions[i]().Prepare()
		}
	}
}
