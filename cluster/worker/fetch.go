package worker

import (
	"fmt"

	"github.com/zeebo/blake3"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/worker/device"
	"rpp-node/prover/circuit"
)

// fetch gets what a part is proved from, while earlier parts run.
func (w *Worker) fetch(p *part, g *internalv1.Grant) {
	in := &inputs{}
	in.witness, in.err = w.witness(p, g)
	if in.err == nil {
		in.key, in.err = w.key(p)
	}
	w.update(func() {
		if p.given {
			in.wipe()
			return
		}
		p.inputs = in
	})
}

// witness returns the witness of a part, checked.
func (w *Worker) witness(p *part, g *internalv1.Grant) ([]byte, error) {
	b := g.Witness
	g.Witness = nil
	if len(b) == 0 {
		var err error
		if b, err = w.cfg.Witnesses.Fetch(p.ctx, g); err != nil {
			return nil, fmt.Errorf("witness: %w", err)
		}
	}
	if len(b) > circuit.MaxWitnessBytes {
		clear(b)
		return nil, fault.New(fault.CodeTooBig, "witness: %d bytes, at most %d", len(b), circuit.MaxWitnessBytes)
	}
	if d := blake3.Sum256(b); d != p.spec.Witness {
		clear(b)
		return nil, fault.New(fault.CodeCorrupt, "witness: what arrived has digest %x, want %x", d, p.spec.Witness)
	}
	return b, nil
}

func (w *Worker) key(p *part) ([]byte, error) {
	b, err := w.cfg.Keys.Proving(p.ctx, p.spec.Fingerprint)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	if len(b) > device.MaxKeyBytes {
		return nil, fault.New(fault.CodeTooBig, "key: %d bytes, at most %d", len(b), device.MaxKeyBytes)
	}
	return b, nil
}
