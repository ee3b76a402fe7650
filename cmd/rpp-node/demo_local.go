package main

import (
	"fmt"

	"rpp-node/prover/circuit"
	"rpp-node/prover/merkle"
	"rpp-node/prover/proving"
	"rpp-node/prover/soundness"
	"rpp-node/prover/stark"
)

// localResult is what the demo without a cluster says of one family.
type localResult struct {
	Verdict    string             `json:"verdict"`
	Family     string             `json:"family"`
	Variant    string             `json:"variant"`
	ProveMS    float64            `json:"prove_ms"`
	Stages     map[string]float64 `json:"stages_ms"`
	ProofBytes int                `json:"proof_bytes"`
	Soundness  soundness.Report   `json:"soundness"`
}

// runLocal proves and verifies a sample of every family in this process.
func (c *demoCmd) runLocal(e *env) error {
	dev, err := threads(c.Threads)
	if err != nil {
		return err
	}
	profile, err := soundness.ProfileByName("production")
	if err != nil {
		return err
	}
	var results []localResult
	for _, f := range circuit.Families() {
		w, err := f.Sample(f.DefaultSize, c.Seed)
		if err != nil {
			return err
		}
		v, err := f.Variant(w.Variant())
		if err != nil {
			return err
		}
		in := &proving.Prepared{Variant: v, Witness: w}
		fmt.Fprintf(e.err, "%s: sampled %s from seed %d\n", f.Name, w.Summary(), c.Seed)
		job := proofJob{input: in, profile: profile, hash: merkle.Poseidon2, floor: soundness.DefaultFloor, dev: dev, show: e.err, log: e.log}
		p, err := job.run()
		if err != nil {
			return err
		}
		if err := p.verify(); err != nil {
			return err
		}
		r := localResult{
			Verdict: "verified", Family: f.Name, Variant: v.Name, ProveMS: p.took, Stages: p.watch.Took,
			ProofBytes: len(p.File.Proof), Soundness: p.Report,
		}
		results = append(results, r)
		if !c.JSON {
			fmt.Fprintf(e.out, "verified %s/%s: proved in %.2f s (grinding %.2f s of it), %d bytes, %s\n",
				r.Family, r.Variant, r.ProveMS/1000, r.Stages[string(stark.StageGrind)]/1000, r.ProofBytes, p.Report.Lines()[0])
		}
	}
	if c.JSON {
		return writeJSON(e.out, results)
	}
	return nil
}
