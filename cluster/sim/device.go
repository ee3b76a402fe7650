package sim

import (
	"math"
	"time"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// kind is what a job does to a device.
type kind uint8

const (
	good    kind = iota
	invalid      // its witness breaks a constraint
	crashes      // its kernel dies
	greedy       // it overruns memory
	hangs        // it never ends
)

// spec is a job that clients may ask for.
type spec struct {
	id            fsm.JobID
	kind          kind
	statement     fsm.Statement
	demand        fsm.Demand
	witness       []byte
	witnessDigest fsm.Digest
}

const (
	family  = "pruning"
	rateKey = family + "/block-512/production/poseidon2"
)

// newSpec makes a spec; those of one witness number share the witness.
func newSpec(name string, k kind, witness byte, class uint8, cells, memory uint64) *spec {
	s := &spec{kind: k, witness: []byte{'w', byte(k), witness}}
	s.witnessDigest = blake3.Sum256(s.witness)
	s.statement = fsm.Statement{
		Spec:        []byte(name),
		VariantID:   fsm.VariantID{Family: family, Variant: "block-512", Profile: "production", Hash: "poseidon2"},
		Fingerprint: fsm.Digest{1}, WitnessDigest: s.witnessDigest, WitnessBytes: uint64(len(s.witness)),
	}
	s.id = fsm.JobIDOf(s.statement.Spec)
	s.demand = fsm.Demand{Class: class, Cells: cells, MemoryBytes: memory}
	return s
}

// proofOf is the only proof of a job.
func proofOf(id fsm.JobID) []byte { return append([]byte("proof"), id[:]...) }

// deviceFaults are the shares of attempts that go wrong in each way.
type deviceFaults struct {
	unavailable, crash, memory, hang float64
	flip                             float64 // a bit of the proof
	invalid                          float64 // calls a good witness invalid
	lie                              float64 // names another digest than the proof's
}

// compute is what a device makes of a part, and how long it takes.
func (w *world) compute(o *worker, s *slot, p *part) (time.Duration, *report) {
	sp := w.spec(p.job)
	took := time.Duration(float64(sp.demand.Cells) / s.rate * s.slow * math.Exp(w.rng.NormFloat64()*w.noise) * float64(time.Second))
	some := time.Duration(w.rng.Float64() * float64(took))
	fails := func(share float64) bool { return share > 0 && w.chance(share) }
	switch f := &s.faults; {
	case p.failed:
		return time.Millisecond, &report{outcome: scheduler.Unavailable, reason: "no key"}
	case sp.kind == crashes, fails(f.crash):
		w.hit(faultCrashedDevice)
		return some, &report{outcome: scheduler.Crashed}
	case sp.kind == greedy, fails(f.memory):
		w.hit(faultMemory)
		return some, &report{outcome: scheduler.OutOfMemory}
	case sp.kind == hangs, fails(f.hang):
		w.hit(faultHang)
		return p.limit, &report{outcome: scheduler.TimeLimit}
	case took > p.limit:
		return p.limit, &report{outcome: scheduler.TimeLimit}
	case fails(f.invalid):
		w.hit(faultCallsInvalid)
		return some, &report{outcome: scheduler.InvalidWitness}
	case sp.kind == invalid:
		return some, &report{outcome: scheduler.InvalidWitness}
	}
	r := &report{outcome: scheduler.Proved, file: proofOf(p.job)}
	switch {
	case o.build != build:
		w.hit(faultOtherBuild)
		r.file = append(r.file, o.build...)
	case fails(s.faults.flip):
		w.hit(faultWrongProof)
		r.file[w.rng.IntN(len(r.file))] ^= 1 << w.rng.IntN(8)
	}
	r.digest = blake3.Sum256(r.file)
	if fails(s.faults.lie) {
		w.hit(faultLie)
		r.digest[0] ^= 1
	}
	return took, r
}
