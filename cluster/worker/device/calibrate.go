package device

import (
	"errors"

	"rpp-node/prover/circuit"
	"rpp-node/prover/key/derive"
	"rpp-node/prover/merkle"
	"rpp-node/prover/proving"
	"rpp-node/prover/soundness"
	"rpp-node/prover/stark"
)

// calibrationProfile is what most jobs use; grinding is part of what they take.
const calibrationProfile = "production"

// calibrate proves a family's sample and answers with what that took. The first proof warms
// the process up; the second one counts.
func (s *server) calibrate(c *Calibrate) error {
	usage, err := s.measure(c.Family)
	if err != nil {
		return Write(s.out, failure(0, usage, err))
	}
	return Write(s.out, &Measured{usage})
}

func (s *server) measure(family string) (Usage, error) {
	f, err := circuit.ByName(family)
	if err != nil {
		return Usage{}, errors.Join(errNoKey, err)
	}
	w, err := f.Sample(f.DefaultSize, 1)
	if err != nil {
		return Usage{}, err
	}
	p, err := proving.Prepare(family, w.Binary())
	if err != nil {
		return Usage{}, err
	}
	profile, err := soundness.ProfileByName(calibrationProfile)
	if err != nil {
		return Usage{}, err
	}
	k := &proving.Keys{}
	if k.VK, err = derive.Verifying(p.Variant, profile, merkle.Poseidon2, s.cpu); err != nil {
		return Usage{}, err
	}
	if k.PK, err = derive.Proving(k.VK, p.Variant.Circuit(), 0, s.cpu); err != nil {
		return Usage{}, err
	}
	defer k.Release()
	k.PK.Programs.Compile()
	var usage Usage
	for range 2 {
		m := newMeter(s.o.Now)
		made, err := p.Prove(k, 0, s.options(func(stage stark.Stage) { m.begin(stage) }))
		usage = m.end()
		if err != nil {
			return usage, err
		}
		usage.Cells = made.Cells
	}
	return usage, nil
}
