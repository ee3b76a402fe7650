package main

import (
	"fmt"

	"rpp-node/prover/circuit"
	"rpp-node/prover/merkle"
	"rpp-node/prover/soundness"
)

// demoCmd runs the main job on samples: every family, default variant, production.
type demoCmd struct {
	Seed    uint64 `help:"Seed of the samples." default:"1"`
	Threads int    `help:"Worker threads; 0 for all cores." default:"0"`
}

func (c *demoCmd) Run(e *env) error {
	dev, err := threads(c.Threads)
	if err != nil {
		return err
	}
	profile, err := soundness.ProfileByName("production")
	if err != nil {
		return err
	}
	for _, f := range circuit.Families() {
		w, err := f.Sample(f.DefaultSize, c.Seed)
		if err != nil {
			return err
		}
		v, err := f.Variant(w.Variant())
		if err != nil {
			return err
		}
		fmt.Fprintf(e.err, "%s: sampled %s from seed %d\n", f.Name, w.Summary(), c.Seed)
		job := proving{witness: w, variant: v, profile: profile, hash: merkle.Poseidon2, floor: soundness.DefaultFloor, dev: dev, show: e.err, log: e.log}
		p, err := job.run()
		if err != nil {
			return err
		}
		if err := p.verify(); err != nil {
			return err
		}
		fmt.Fprintf(e.out, "verified %s/%s: proved in %.2f s (grinding %.2f s of it), %d bytes, %s\n",
			f.Name, v.Name, p.took/1000, p.watch.Took["grind"]/1000, len(p.file.Proof), p.report.Lines()[0])
	}
	return nil
}
