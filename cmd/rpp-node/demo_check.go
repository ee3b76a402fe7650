package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"rpp-node/prover/device"
	"rpp-node/prover/merkle"
	"rpp-node/prover/proving"
	"rpp-node/prover/shard"
	"rpp-node/prover/soundness"
)

// Verdicts of the demo.
const (
	demoRight = "as one process makes it"
	demoWrong = "wrong"
)

// demoResult is what the demo prints.
type demoResult struct {
	Verdict  string        `json:"verdict"`
	Seconds  float64       `json:"seconds"`
	Killed   []string      `json:"killed"`
	Leader   string        `json:"leader"`
	Released uint64        `json:"released"`
	Jobs     []demoOutcome `json:"jobs"`
}

// demoOutcome is how one job came out.
type demoOutcome struct {
	Job        string  `json:"job"`
	Family     string  `json:"family"`
	Variant    string  `json:"variant"`
	Seed       uint64  `json:"seed"`
	Cells      uint64  `json:"cells"`
	State      string  `json:"state"`
	Device     string  `json:"device"`
	ReleasedMS int64   `json:"released_ms"` // after it was accepted
	Receipts   int     `json:"receipts"`
	ProveMS    float64 `json:"prove_ms"` // in one process
	VerifyMS   float64 `json:"verify_ms"`
	ProofBytes int     `json:"proof_bytes"`
	Bits       float64 `json:"bits_proven"`
	Rejection  string  `json:"rejection"` // by the verifier; empty if it accepts
	Equal      bool    `json:"equal"`     // to what one process makes
}

func (o *demoOutcome) sound() bool { return o.Rejection == "" && o.Equal }

// check fetches every proof, verifies it, and makes it again in this process.
func (d *demo) check(ctx context.Context, threadsWanted int) (*demoResult, error) {
	dev, err := threads(threadsWanted)
	if err != nil {
		return nil, err
	}
	r := &demoResult{Killed: d.victims}
	keys := map[string]*proving.Keys{}
	judge := proving.NewVerifier(soundness.DefaultFloor)
	for i, j := range d.jobs {
		d.say(fmt.Sprintf("checking proof %d of %d", i+1, len(d.jobs)))
		fetched, err := proofOf(ctx, d.as, j.job)
		if err != nil {
			return nil, err
		}
		o, err := d.compare(j, fetched, keys, judge, dev)
		if err != nil {
			return nil, err
		}
		r.Jobs = append(r.Jobs, *o)
	}
	s, err := status(ctx, d.as)
	for err == nil && s.Leader == "" { // checking takes every core: the voters may be at an election
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
		s, err = status(ctx, d.as)
	}
	if err != nil {
		return nil, err
	}
	r.Leader, r.Released, r.Seconds = s.Leader, s.Queue.GetReleased(), time.Since(d.began).Seconds()
	r.judge()
	return r, nil
}

// judge says whether every proof was released once and is as it should be.
func (r *demoResult) judge() {
	r.Verdict = demoRight
	if r.Released != uint64(len(r.Jobs)) || slices.ContainsFunc(r.Jobs, func(o demoOutcome) bool { return !o.sound() }) {
		r.Verdict = demoWrong
	}
}

// compare judges a job's proof by the job, and makes the proof again.
func (d *demo) compare(j *demoJob, fetched []byte, keys map[string]*proving.Keys, judge *proving.Verifier, dev *device.CPU) (*demoOutcome, error) {
	in, err := proving.Prepare(j.family.Name, j.witness)
	if err != nil {
		return nil, err
	}
	chain := d.as.Membership.ChainID
	name := in.Variant.Family + "/" + in.Variant.Name
	k := keys[name]
	if k == nil {
		profile, err := soundness.ProfileByName("production")
		if err != nil {
			return nil, err
		}
		vk, pk, err := provingKey(in.Variant, profile, merkle.Poseidon2, chain, "", dev)
		if err != nil {
			return nil, err
		}
		k = &proving.Keys{VK: vk, PK: pk}
		keys[name] = k
	}
	spec, _, err := in.Spec(k.VK, chain)
	if err != nil {
		return nil, err
	}
	o := &demoOutcome{
		Job: fmt.Sprintf("%x", j.id), Family: in.Variant.Family, Variant: in.Variant.Name, Seed: j.seed, State: stateName(j.job.State), Device: j.device,
		ReleasedMS: j.job.FinishedMs - j.job.AcceptedMs, Receipts: len(j.job.Receipts), ProofBytes: len(fetched),
	}
	began := time.Now()
	if err := judge.Judge(k.VK, spec, fetched); err != nil {
		o.Rejection = err.Error()
	}
	o.VerifyMS = millis(began)
	began = time.Now()
	made, err := in.Prove(k, chain, proving.Options{Device: dev, Plan: shard.DefaultPlan(), Floor: soundness.DefaultFloor})
	if err != nil {
		return nil, err
	}
	o.ProveMS, o.Cells, o.Bits = millis(began), made.Cells, made.Report.Proven().Bits()
	o.Equal = bytes.Equal(made.File.Encode(), fetched)
	return o, nil
}

func (c *demoCmd) print(e *env, r *demoResult) error {
	if c.JSON {
		if err := writeJSON(e.out, r); err != nil {
			return err
		}
	} else if err := r.table(e); err != nil {
		return err
	}
	if r.Verdict == demoWrong {
		return fmt.Errorf("%w: %d jobs, %d releases; see the lines that are not sound", errRejected, len(r.Jobs), r.Released)
	}
	return nil
}

func (r *demoResult) table(e *env) error {
	t := newTable(e.out, "FAMILY", "SEED", "CELLS", "PROVED ON", "RELEASED AFTER", "RECEIPTS", "PROVE*", "VERIFY", "BYTES", "BITS", "SOUND")
	for _, o := range r.Jobs {
		sound := "yes"
		if !o.sound() {
			sound = fmt.Sprintf("NO (equal: %t; %s)", o.Equal, o.Rejection)
		}
		t.row(o.Family+"/"+o.Variant, o.Seed, o.Cells, o.Device, fmt.Sprintf("%d ms", o.ReleasedMS), o.Receipts, milliseconds(o.ProveMS), milliseconds(o.VerifyMS),
			o.ProofBytes, fmt.Sprintf("%.2f", math.Floor(o.Bits*100)/100), sound)
	}
	if err := t.flush(); err != nil || r.Verdict == demoWrong {
		return err
	}
	_, err := fmt.Fprintf(e.out, "* in one process, for comparison\n%d jobs, %d proofs released, each once; killed %s and %s; %s leads; every proof verifies and is byte for byte %s: %.1f s\n",
		len(r.Jobs), r.Released, r.Killed[0], r.Killed[1], r.Leader, r.Verdict, r.Seconds)
	return err
}
