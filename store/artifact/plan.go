package artifact

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/zeebo/blake3"

	"rpp-node/store"
)

// Reason says why something is in a plan. Its values are those of the format.
type Reason uint8

// The reasons.
const (
	// Unreferenced: nothing refers to it, no pin holds it, and its grace is over.
	Unreferenced Reason = 1
	// SetAside: it was damaged, and its grace as evidence is over.
	SetAside Reason = 2
	// Incomplete: it was never completed, and nobody is writing it.
	Incomplete Reason = 3
)

func (r Reason) String() string {
	switch r {
	case Unreferenced:
		return "unreferenced"
	case SetAside:
		return "set aside"
	case Incomplete:
		return "incomplete"
	}
	return fmt.Sprintf("reason(%d)", uint8(r))
}

// Item is one thing to delete.
type Item struct {
	Digest    Digest
	Instance  uint64 // the copy; a later one of the same artifact is not meant
	Kind      Kind
	Reason    Reason
	SizeBytes int64
}

// Plan is what a collection will delete. It is written down before it is executed, can be
// executed twice, and names copies, so that it does no harm when it is old.
type Plan struct {
	CreatedMS int64
	Items     []Item
}

const (
	planMagic   = "RPPGCPLN"
	planVersion = 1
	planHeader  = len(planMagic) + 1 + 8 + 4
	itemBytes   = 32 + 8 + 1 + 1 + 8
)

// Encode writes a plan.
func (p Plan) Encode() []byte {
	b := make([]byte, 0, planHeader+len(p.Items)*itemBytes+32)
	b = append(b, planMagic...)
	b = append(b, planVersion)
	b = binary.LittleEndian.AppendUint64(b, uint64(p.CreatedMS))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(p.Items)))
	for _, it := range p.Items {
		b = append(b, it.Digest[:]...)
		b = binary.LittleEndian.AppendUint64(b, it.Instance)
		b = append(b, byte(it.Kind), byte(it.Reason))
		b = binary.LittleEndian.AppendUint64(b, uint64(it.SizeBytes))
	}
	sum := blake3.Sum256(b)
	return append(b, sum[:]...)
}

// DecodePlan accepts exactly what Encode writes. Its error wraps ErrPlan.
func DecodePlan(b []byte) (Plan, error) {
	if len(b) < planHeader+32 || string(b[:len(planMagic)]) != planMagic {
		return Plan{}, fmt.Errorf("artifact: %w: not a plan", ErrPlan)
	}
	body := b[:len(b)-32]
	if blake3.Sum256(body) != [32]byte(b[len(body):]) {
		return Plan{}, fmt.Errorf("artifact: %w: checksum", ErrPlan)
	}
	if v := body[len(planMagic)]; v != planVersion {
		return Plan{}, fmt.Errorf("artifact: %w: version %d, this release reads %d", ErrPlan, v, planVersion)
	}
	rest := body[len(planMagic)+1:]
	p := Plan{CreatedMS: int64(binary.LittleEndian.Uint64(rest))}
	count := binary.LittleEndian.Uint32(rest[8:])
	rest = rest[12:]
	if count > MaxPlanItems || len(rest) != int(count)*itemBytes {
		return Plan{}, fmt.Errorf("artifact: %w: %d items in %d bytes, at most %d items", ErrPlan, count, len(rest), MaxPlanItems)
	}
	for ; len(rest) > 0; rest = rest[itemBytes:] {
		it := Item{
			Digest:    Digest(rest),
			Instance:  binary.LittleEndian.Uint64(rest[32:]),
			Kind:      Kind(rest[40]),
			Reason:    Reason(rest[41]),
			SizeBytes: int64(binary.LittleEndian.Uint64(rest[42:])),
		}
		if it.Kind.MaxBytes() == 0 || it.Reason < Unreferenced || it.Reason > Incomplete ||
			it.SizeBytes < 0 || it.SizeBytes > it.Kind.MaxBytes() {
			return Plan{}, fmt.Errorf("artifact: %w: %v, %v, %d bytes", ErrPlan, it.Kind, it.Reason, it.SizeBytes)
		}
		p.Items = append(p.Items, it)
	}
	return p, nil
}

// PendingPlan is the plan whose execution has begun and not ended, if there is one: the
// process was stopped meanwhile. Executing it again ends it.
func (s *Store) PendingPlan() (Plan, bool, error) {
	b, err := s.db.Get([]byte(tablePlan))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Plan{}, false, nil
	case store.IsCorruption(err):
		return Plan{}, false, fmt.Errorf("artifact: %w: %w", ErrPlan, err)
	case err != nil:
		return Plan{}, false, fmt.Errorf("artifact: %w", err)
	}
	p, err := DecodePlan(b)
	return p, err == nil, err
}
