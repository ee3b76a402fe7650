package proving

import (
	"fmt"
	"sync"

	"rpp-node/prover/circuit"
	"rpp-node/prover/key"
	"rpp-node/prover/key/derive"
	"rpp-node/prover/merkle"
	"rpp-node/prover/soundness"
	"rpp-node/prover/spec"
	"rpp-node/prover/stark"
	"rpp-node/prover/system"
)

// Cost is what a proof will take, for admission and placing.
type Cost struct {
	Cells     uint64 // of the traces
	PeakBytes int64  // of the process that makes it
	// Bits are the fewest proven bits that its proofs may have.
	Bits float64
}

// Predictor says what specs cost, without keys. It keeps a small system for each variant,
// profile and hash that it was asked about, which are few: names that this release does
// not know are not kept. Safe for concurrent use.
type Predictor struct {
	mu    sync.Mutex
	known map[shapeName]*shape // guarded by mu
}

type shapeName struct{ family, variant, profile, hash string }

type shape struct {
	sys     *system.System
	heights [][]int
	bits    float64
}

// Cost predicts the most that a proof of the spec takes on a device with that many
// workers. Its errors wrap circuit.ErrUnknown for names that this release does not know.
func (p *Predictor) Cost(s *spec.Spec, workers int) (Cost, error) {
	sh, err := p.shape(shapeName{s.Family, s.Variant, s.Profile, s.Hash})
	if err != nil {
		return Cost{}, err
	}
	c := Cost{Bits: sh.bits}
	pk := stark.Key{Sys: sh.sys}
	for _, heights := range sh.heights {
		cells := uint64(0)
		for i, h := range heights {
			cells += uint64(sh.sys.Circuit.Tables[i].Width) << h
		}
		c.Cells = max(c.Cells, cells)
		c.PeakBytes = max(c.PeakBytes, pk.Footprint(heights, workers, true, false).Peak)
	}
	return c, nil
}

func (p *Predictor) shape(n shapeName) (*shape, error) {
	p.mu.Lock()
	sh := p.known[n]
	p.mu.Unlock()
	if sh != nil {
		return sh, nil
	}
	sh, err := newShape(n)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = map[shapeName]*shape{}
	}
	p.known[n] = sh
	return sh, nil
}

func newShape(n shapeName) (*shape, error) {
	fam, err := circuit.ByName(n.family)
	if err != nil {
		return nil, err
	}
	v, err := fam.Variant(n.variant)
	if err != nil {
		return nil, err
	}
	profile, err := soundness.ProfileByName(n.profile)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", circuit.ErrUnknown, err)
	}
	hash, ok := merkle.KindByName(n.hash)
	if !ok {
		return nil, fmt.Errorf("%w: hash %q", circuit.ErrUnknown, n.hash)
	}
	sys, err := derive.Check(v, profile, hash)
	if err != nil {
		return nil, err
	}
	sh := &shape{sys: sys, heights: v.Heights}
	for i, h := range v.Heights {
		r, err := key.Analyse(sys, h)
		if err != nil {
			return nil, err
		}
		if bits := r.Proven().Bits(); i == 0 || bits < sh.bits {
			sh.bits = bits
		}
	}
	return sh, nil
}
