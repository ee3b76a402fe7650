package device

import (
	"rpp-node/prover/circuit"
	"rpp-node/prover/container"
	"rpp-node/prover/spec"
)

// What is accepted at most.
const (
	// MaxKeyBytes bounds an encoded proving key.
	MaxKeyBytes = 1 << 30
	// MaxKeys bounds the keys that a device keeps, least recently used first to go.
	MaxKeys = 4
	// MaxKeptKeyBytes bounds the encodings of the keys that are kept beside the one in use.
	MaxKeptKeyBytes = 64 << 20
	// MaxNameBytes bounds the names of kernels, stages and families, and codes.
	MaxNameBytes = 64
	// MaxReasonBytes bounds the reason of a failure.
	MaxReasonBytes = 1 << 10
	// MaxStages bounds the stages of a proof.
	MaxStages = 32
)

const usageBytes = 4*8 + 1 + MaxStages*(1+MaxNameBytes+8)

// maxPayload bounds the payload of each kind of frame, before it is read.
var maxPayload = map[Kind]int{
	KindLoad:      40 + 2*(1+MaxNameBytes) + MaxKeyBytes,
	KindTask:      8 + 4 + spec.MaxBytes + circuit.MaxWitnessBytes,
	KindCalibrate: 1 + MaxNameBytes,
	KindReady:     4 + 1 + MaxNameBytes,
	KindHeld:      1 + MaxKeys*40,
	KindStage:     8 + 1 + MaxNameBytes,
	KindProved:    8 + usageBytes + container.MaxBytes,
	KindFailed:    8 + 1 + usageBytes + 1 + MaxNameBytes + 2 + MaxReasonBytes,
	KindMeasured:  usageBytes,
}
