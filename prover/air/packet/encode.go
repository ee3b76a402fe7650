package packet

import (
	"sync"

	"rpp-node/prover/air/packet/internal/op"
	"rpp-node/prover/kernels"
)

// encoding is a program with byte offsets, for packets of one size.
type encoding struct {
	once    sync.Once
	words   []uint32   // segments, each with an End
	starts  []int      // of the segments
	outputs [][]uint32 // offsets of the outputs, by segment
}

// Prepare makes the program for the active kernels now, so that the first machine need
// not.
func (p *Program) Prepare() { p.encoded(kernels.Active(), lanes(kernels.Active())) }

// encoded is the program for a set of kernels, made on first use.
func (p *Program) encoded(set kernels.Set, lanes int) *encoding {
	e := &p.encodings[set]
	e.once.Do(func() { e.encode(p, uint32(lanes)*4) })
	return e
}

func (e *encoding) encode(p *Program, slot uint32) {
	e.words = make([]uint32, 0, 4*(len(p.code)+len(p.segments)))
	from := 0
	for _, s := range p.segments {
		e.starts = append(e.starts, len(e.words))
		for _, in := range p.code[from:s.to] {
			o, _ := op.Of(in.code)
			words := [4]uint32{in.code, uint32(in.dst) * slot, uint32(in.a) * slot, uint32(in.b) * slot}
			if o == op.Load {
				count := min(op.Group, p.widths[in.a]-int(in.b))
				words[2], words[3] = uint32(in.a)*8|uint32(count)<<16, uint32(in.b)*4
			} else if _, _, scalar := o.Shape(); scalar {
				words[3] = uint32(in.b) * 8
			}
			e.words = append(e.words, words[:]...)
		}
		e.words = append(e.words, uint32(op.End), 0, 0, 0)
		from = s.to
		offsets := make([]uint32, len(s.outputs))
		for i, r := range s.outputs {
			offsets[i] = uint32(r) * slot
		}
		e.outputs = append(e.outputs, offsets)
	}
}
