package clustertest

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/fsm"
	"rpp-node/prover/field"
	"rpp-node/prover/proving"
	"rpp-node/prover/spec"
	"rpp-node/scheduler"
)

var (
	variant     = fsm.VariantID{Family: "pruning", Variant: "block-512", Profile: "production", Hash: "poseidon2"}
	fingerprint = fsm.Digest(blake3.Sum256([]byte("verifying key")))
)

const (
	buildName  = "build-1"
	cellsCount = 1 << 20
	tenant     = "tenant-1"
)

// order is a job as a client asks for it.
type order struct {
	id      fsm.JobID
	spec    []byte
	witness []byte
	digest  fsm.Digest // of the witness
}

// newOrder makes the n-th order of a seed.
func newOrder(seed, n uint64) order {
	b := binary.LittleEndian.AppendUint64(nil, seed)
	b = binary.LittleEndian.AppendUint64(b, n)
	o := order{witness: append([]byte("witness "), b...)}
	o.digest = blake3.Sum256(o.witness)
	s := spec.Spec{
		Family: variant.Family, Variant: variant.Variant, Profile: variant.Profile, Hash: variant.Hash,
		Field: field.KoalaBear.Name(), Fingerprint: fingerprint, Witness: o.digest,
	}
	o.spec = s.Encode()
	o.id = fsm.JobIDOf(o.spec)
	return o
}

func (o order) submit(key string) *fsm.SubmitJob {
	return &fsm.SubmitJob{
		Tenant: tenant, IdempotencyKey: key,
		Statement: fsm.Statement{Spec: o.spec, VariantID: variant, Fingerprint: fingerprint, WitnessDigest: o.digest, WitnessBytes: uint64(len(o.witness))},
		Demand:    fsm.Demand{Class: uint8(scheduler.Pruning), Cells: cellsCount, MemoryBytes: 1 << 20},
	}
}

func (o order) ask() scheduler.Ask {
	return scheduler.Ask{Tenant: tenant, Spec: o.id, RateKey: variant.String(), Class: scheduler.Pruning, Cells: cellsCount, MemoryBytes: 1 << 20}
}

// prove is the proof of a job: a function of its spec and nothing else, as with any
// device, so that everybody can verify it.
func prove(job fsm.JobID) []byte {
	h := blake3.Sum256(append([]byte("proof of "), job[:]...))
	return bytes.Repeat(h[:], 8)
}

// verify is the verifier: it says what is wrong with a proof.
func verify(job fsm.JobID, proof []byte) error {
	if !bytes.Equal(proof, prove(job)) {
		return fmt.Errorf("not the proof of job %s", job)
	}
	return nil
}

func cost(*spec.Spec, int) (proving.Cost, error) {
	return proving.Cost{Cells: cellsCount, PeakBytes: 1 << 20, Bits: 128}, nil
}

// putKey makes the variant known to the cluster.
func putKey() *fsm.PutKey {
	return &fsm.PutKey{
		VariantID: variant, Fingerprint: fingerprint, VerifyingBlob: blake3.Sum256([]byte("v")), VerifyingBytes: 1,
		ProvingBlob: blake3.Sum256([]byte("p")), ProvingBytes: 1, Build: buildName,
	}
}
