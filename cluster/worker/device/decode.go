package device

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"rpp-node/prover/circuit"
	"rpp-node/prover/container"
	"rpp-node/prover/spec"
)

// decode reads a payload. It accepts exactly what encode writes. Large parts of the
// message alias b.
func decode(k Kind, b []byte) (Message, error) {
	r := reader{b: b}
	var m Message
	switch k {
	case KindLoad:
		l := &Load{HeldKey: r.heldKey(), Family: r.name(), Variant: r.name()}
		l.Blob = r.rest(MaxKeyBytes)
		m = l
	case KindTask:
		t := &Task{ID: r.u64()}
		t.Spec = r.take(r.count(r.u32(), spec.MaxBytes))
		t.Witness = r.rest(circuit.MaxWitnessBytes)
		m = t
	case KindCalibrate:
		m = &Calibrate{Family: r.name()}
	case KindReady:
		m = &Ready{Threads: r.u32(), Kernels: r.name()}
	case KindHeld:
		h := &Held{}
		for range r.count(uint32(r.u8()), MaxKeys) {
			h.Keys = append(h.Keys, r.heldKey())
		}
		m = h
	case KindStage:
		m = &Stage{ID: r.u64(), Name: r.name()}
	case KindProved:
		p := &Proved{ID: r.u64(), Usage: r.usage()}
		p.File = r.rest(container.MaxBytes)
		m = p
	case KindFailed:
		f := &Failed{ID: r.u64(), Outcome: Outcome(r.u8()), Usage: r.usage(), Code: r.name()}
		f.Reason = string(r.take(r.count(uint32(r.u16()), MaxReasonBytes)))
		if f.Outcome < InvalidWitness || f.Outcome > Unavailable {
			r.bad = true
		}
		m = f
	case KindMeasured:
		m = &Measured{Usage: r.usage()}
	default:
		return nil, fmt.Errorf("%w: kind %d", ErrFrame, k)
	}
	if r.bad || len(r.b) > 0 {
		return nil, fmt.Errorf("%w: kind %d: not in its one form", ErrFrame, k)
	}
	return m, nil
}

// reader takes fields off b. After a field that is missing or out of range it is bad and
// answers zeros.
type reader struct {
	b   []byte
	bad bool
}

var zeros [32]byte

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.bad, r.b = true, nil
		return zeros[:min(n, len(zeros))]
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) u8() byte    { return r.take(1)[0] }
func (r *reader) u16() uint16 { return binary.LittleEndian.Uint16(r.take(2)) }
func (r *reader) u32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }
func (r *reader) u64() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }

func (r *reader) count(v uint32, limit int) int {
	if uint64(v) > uint64(limit) {
		r.bad = true
		return 0
	}
	return int(v)
}

// rest is what remains.
func (r *reader) rest(limit int) []byte {
	if len(r.b) > limit {
		r.bad = true
		return nil
	}
	return r.take(len(r.b))
}

func (r *reader) heldKey() (k HeldKey) {
	k.ChainID = r.u64()
	copy(k.Fingerprint[:], r.take(32))
	return k
}

func (r *reader) name() string { return string(r.take(r.count(uint32(r.u8()), MaxNameBytes))) }

func (r *reader) duration() time.Duration {
	v := r.u64()
	if v > math.MaxInt64 {
		r.bad = true
		return 0
	}
	return time.Duration(v)
}

func (r *reader) usage() Usage {
	u := Usage{Wall: r.duration(), CPU: r.duration(), PeakBytes: r.u64(), Cells: r.u64()}
	for range r.count(uint32(r.u8()), MaxStages) {
		u.Stages = append(u.Stages, StageUsage{Name: r.name(), Wall: r.duration()})
	}
	return u
}
