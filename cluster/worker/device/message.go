package device

import "time"

// Kind is the kind of a frame.
type Kind uint8

// The kinds: to the device below 128, from it above. They are never reused.
const (
	KindLoad      Kind = 1
	KindTask      Kind = 2
	KindCalibrate Kind = 3

	KindReady    Kind = 129
	KindHeld     Kind = 130
	KindStage    Kind = 131
	KindProved   Kind = 132
	KindFailed   Kind = 133
	KindMeasured Kind = 134
)

// Message is what one frame says.
type Message interface {
	kind() Kind
	// encode gives the payload in two parts, the second possibly large and not copied.
	encode() (head, tail []byte)
}

// Load hands over a proving key. The device answers with Held or Failed.
type Load struct {
	HeldKey
	Family, Variant string
	Blob            []byte
}

// Task asks for a proof. The device answers with a Stage when one begins, unless it has
// just told of another, then with Proved or Failed.
type Task struct {
	ID      uint64 // chosen by the worker, repeated in the answers
	Spec    []byte // encoded
	Witness []byte
}

// Calibrate asks for the proof of a family's sample, which nobody wants. The device
// answers with Measured or Failed.
type Calibrate struct{ Family string }

// Ready is the device's first message.
type Ready struct {
	Threads uint32
	Kernels string
}

// Held lists the keys that the device now has, as they were loaded.
type Held struct{ Keys []HeldKey }

// HeldKey names a loaded key: a verifying key's fingerprint, and a chain.
type HeldKey struct {
	ChainID     uint64
	Fingerprint [32]byte
}

// Stage says that a stage of a task begins.
type Stage struct {
	ID   uint64
	Name string
}

// Proved is the proof that a task asked for.
type Proved struct {
	ID    uint64
	Usage Usage
	File  []byte
}

// Failed says why there is none. ID is 0 if no task was meant.
type Failed struct {
	ID      uint64
	Outcome Outcome
	Usage   Usage
	Code    string
	Reason  string
}

// Measured is what a calibration took.
type Measured struct{ Usage Usage }

// Usage is what a task took.
type Usage struct {
	Wall, CPU time.Duration
	PeakBytes uint64 // resident, of the device's process
	Cells     uint64 // of the traces
	Stages    []StageUsage
}

// StageUsage is what one stage of it took.
type StageUsage struct {
	Name string
	Wall time.Duration
}

func (*Load) kind() Kind      { return KindLoad }
func (*Task) kind() Kind      { return KindTask }
func (*Calibrate) kind() Kind { return KindCalibrate }
func (*Ready) kind() Kind     { return KindReady }
func (*Held) kind() Kind      { return KindHeld }
func (*Stage) kind() Kind     { return KindStage }
func (*Proved) kind() Kind    { return KindProved }
func (*Failed) kind() Kind    { return KindFailed }
func (*Measured) kind() Kind  { return KindMeasured }
