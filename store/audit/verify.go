package audit

import (
	"errors"
	"fmt"

	"rpp-node/store"
)

// FaultKind says what is wrong with a log.
type FaultKind uint8

// The kinds.
const (
	Missing  FaultKind = 1 // there is no record of this sequence
	Damaged  FaultKind = 2 // its bytes are not what its digest says, or no record
	Moved    FaultKind = 3 // the record of another sequence stands in its place
	Unlinked FaultKind = 4 // it does not hold the digest of the one before
	Backdate FaultKind = 5 // it is dated earlier than the one before
	Surplus  FaultKind = 6 // it stands behind the head
	HeadLost FaultKind = 7 // the stored head names another record, or cannot be read
	Forked   FaultKind = 8 // it is not the record that the anchor names
	CutOff   FaultKind = 9 // the log ends before the anchor
)

func (k FaultKind) String() string {
	switch k {
	case Missing:
		return "missing"
	case Damaged:
		return "damaged"
	case Moved:
		return "moved"
	case Unlinked:
		return "unlinked"
	case Backdate:
		return "backdated"
	case Surplus:
		return "surplus"
	case HeadLost:
		return "head lost"
	case Forked:
		return "forked"
	case CutOff:
		return "cut off"
	}
	return fmt.Sprintf("fault(%d)", uint8(k))
}

// Fault is something that is wrong with a log, at a record.
type Fault struct {
	Sequence uint64
	Kind     FaultKind
	Err      error // what there is to say beyond that, or nil
}

func (f Fault) String() string {
	if f.Err == nil {
		return fmt.Sprintf("record %d: %v", f.Sequence, f.Kind)
	}
	return fmt.Sprintf("record %d: %v: %v", f.Sequence, f.Kind, f.Err)
}

// Verify reads the records from one sequence to another and tells of every fault; to = 0
// stands for the end of the log, and then the head and what stands behind it are looked
// at too. The link of the first one is checked if there is a record before it. It ends
// when onFault answers false. An error is the store's.
func (l *Log) Verify(from, to uint64, onFault func(Fault) bool) error {
	end := l.Head().Sequence
	if to != 0 {
		end = min(to, end+1) // what lies behind the first missing one is missing too
	}
	v := verifier{report: onFault}
	var err error
	if from = max(from, 1); from > 1 {
		v.quiet = true
		err = l.verifyOne(&v, from-1)
		v.quiet = false
	}
	for sequence := from; sequence <= end && !v.stopped && err == nil; sequence++ {
		err = l.verifyOne(&v, sequence)
	}
	if to == 0 && !v.stopped && err == nil {
		err = l.verifyEnd(&v, end)
	}
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// verifier follows a chain.
type verifier struct {
	report         func(Fault) bool
	quiet, stopped bool

	last  Record // the one before, if known
	known bool
}

func (v *verifier) fault(sequence uint64, kind FaultKind, err error) {
	if !v.quiet && !v.stopped {
		v.stopped = !v.report(Fault{sequence, kind, err})
	}
}

// record looks at the record that stands in the place of a sequence.
func (v *verifier) record(sequence uint64, b []byte) {
	r, err := decodeRecord(b)
	if err != nil {
		v.known = false
		v.fault(sequence, Damaged, err)
		return
	}
	switch {
	case r.Sequence != sequence:
		v.fault(sequence, Moved, fmt.Errorf("this is record %d", r.Sequence))
	case sequence == 1 && r.Previous != Digest{}:
		v.fault(sequence, Unlinked, nil)
	case v.known && r.Previous != v.last.Digest:
		v.fault(sequence, Unlinked, nil)
	case v.known && r.AtMS < v.last.AtMS:
		v.fault(sequence, Backdate, nil)
	}
	v.last, v.known = r, true
}

func (l *Log) verifyOne(v *verifier, sequence uint64) error {
	b, err := l.db.Get(recordKey(sequence))
	switch {
	case errors.Is(err, store.ErrNotFound):
		v.known = false
		v.fault(sequence, Missing, nil)
	case store.IsCorruption(err):
		v.known = false
		v.fault(sequence, Damaged, err)
	case err != nil:
		return err
	default:
		v.record(sequence, b)
	}
	return nil
}

var errStopped = errors.New("stopped by the caller")

// verifyEnd compares the end of the log with its head. Records that were appended since
// Verify began are no fault.
func (l *Log) verifyEnd(v *verifier, end uint64) error {
	head := l.Head()
	stored, err := l.storedHead()
	switch {
	case errors.Is(err, ErrRecord):
		v.fault(end, HeadLost, err)
	case err != nil:
		return err
	case stored.Sequence < head.Sequence:
		v.fault(end, HeadLost, fmt.Errorf("it names record %d", stored.Sequence))
	case stored.Sequence == end && v.known && v.last.Digest != stored.Digest:
		v.fault(end, HeadLost, nil)
	}
	newest := max(head.Sequence, stored.Sequence, end)
	err = l.db.Scan(recordKey(newest+1), tableEnd(), func(key, _ []byte) error {
		sequence, err := sequenceOf(key)
		if now, _ := l.storedHead(); err == nil && sequence <= now.Sequence {
			return nil
		}
		v.fault(sequence, Surplus, err)
		if v.stopped {
			return errStopped
		}
		return nil
	})
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

// VerifyAgainst verifies the whole log, and that it goes on from an anchor: a head that
// was taken from it earlier and kept where nobody who can write to this disk can.
func (l *Log) VerifyAgainst(anchor Head, onFault func(Fault) bool) error {
	goOn := true
	report := func(f Fault) bool {
		goOn = onFault(f)
		return goOn
	}
	if end := l.Head().Sequence; end < anchor.Sequence {
		report(Fault{end, CutOff, fmt.Errorf("the anchor is record %d", anchor.Sequence)})
	} else if anchor.Sequence > 0 {
		r, err := l.read(anchor.Sequence)
		if err == nil && r.Digest != anchor.Digest {
			report(Fault{anchor.Sequence, Forked, nil})
		} // one that cannot be read is a fault below
		if err != nil && !errors.Is(err, ErrRecord) && !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("audit: %w", err)
		}
	}
	if !goOn {
		return nil
	}
	return l.Verify(1, 0, report)
}
