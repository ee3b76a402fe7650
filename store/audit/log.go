package audit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"rpp-node/store"
)

// Head names the last record of a log; it is zero in an empty one. Kept elsewhere, it is
// an anchor.
type Head struct {
	Sequence uint64
	Digest   Digest
}

// Log is the audit log of one node. It is safe for concurrent use.
type Log struct {
	db  *store.DB
	now func() time.Time

	mu      sync.Mutex // guards what follows
	queue   []*waiter
	writing bool // one of the callers of Append writes, or has been told to
	head    Head
	lastMS  int64
	broken  error // why nothing is appended any more
}

// waiter is a call of Append.
type waiter struct {
	event  Event
	record Record
	err    error
	turn   chan bool // true: write for those who wait; false: it is done
}

// New opens the log of a store. Damage at its end is ErrBroken, with a log that can be
// read and verified, but not appended to.
func New(db *store.DB, now func() time.Time) (*Log, error) {
	l := &Log{db: db, now: now}
	err := l.recover()
	if errors.Is(err, ErrRecord) {
		l.broken = fmt.Errorf("audit: %w: %w", ErrBroken, err)
		return l, l.broken
	}
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return l, nil
}

// recover finds the last record, which must be the one that the head names.
func (l *Log) recover() error {
	head, err := l.storedHead()
	if err != nil {
		return err
	}
	if head.Sequence > 0 {
		last, err := l.read(head.Sequence)
		if err != nil {
			return fmt.Errorf("%w: last record: %w", ErrRecord, err)
		}
		if last.Digest != head.Digest {
			return fmt.Errorf("%w: the head names another record %d", ErrRecord, head.Sequence)
		}
		l.lastMS = last.AtMS
	}
	l.head = head
	lower, upper := recordKey(head.Sequence+1), tableEnd()
	return l.db.Scan(lower, upper, func(key, _ []byte) error {
		return fmt.Errorf("%w: records behind the head, which is %d", ErrRecord, head.Sequence)
	})
}

func recordKey(sequence uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{store.KeyspaceAudit}, sequence)
}

// sequenceOf reads the sequence back from a key.
func sequenceOf(key []byte) (uint64, error) {
	if len(key) != 1+8 {
		return 0, fmt.Errorf("%w: key of %d bytes", ErrRecord, len(key))
	}
	return binary.BigEndian.Uint64(key[1:]), nil
}

func tableEnd() []byte { return store.PrefixEnd([]byte{store.KeyspaceAudit}) }

var headKey = []byte{store.KeyspaceAuditHead}

const (
	headVersion = 1
	headBytes   = 1 + 8 + 32
)

func (h Head) encode() []byte {
	b := binary.LittleEndian.AppendUint64([]byte{headVersion}, h.Sequence)
	return append(b, h.Digest[:]...)
}

func decodeHead(b []byte) (Head, error) {
	if len(b) != headBytes || b[0] != headVersion {
		return Head{}, fmt.Errorf("%w: head of %d bytes", ErrRecord, len(b))
	}
	h := Head{binary.LittleEndian.Uint64(b[1:]), Digest(b[9:])}
	if h.Sequence == 0 {
		return Head{}, fmt.Errorf("%w: head 0", ErrRecord)
	}
	return h, nil
}

func (l *Log) storedHead() (Head, error) {
	b, err := l.db.Get(headKey)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Head{}, nil
	case store.IsCorruption(err):
		return Head{}, fmt.Errorf("%w: head: %w", ErrRecord, err)
	case err != nil:
		return Head{}, err
	}
	return decodeHead(b)
}

// read answers with a sound record in its place.
func (l *Log) read(sequence uint64) (Record, error) {
	b, err := l.db.Get(recordKey(sequence))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Record{}, fmt.Errorf("%w: %d", ErrNotFound, sequence)
	case store.IsCorruption(err):
		return Record{}, fmt.Errorf("%w: %d: %w", ErrRecord, sequence, err)
	case err != nil:
		return Record{}, err
	}
	r, err := decodeRecord(b)
	if err == nil && r.Sequence != sequence {
		err = fmt.Errorf("%w: %d stands in the place of %d", ErrRecord, r.Sequence, sequence)
	}
	return r, err
}

// Head names the last record.
func (l *Log) Head() Head {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

// Append adds an event to the log and answers with its record when the disk has synced.
// An invalid event is ErrEvent and changes nothing. After a failure of the disk nobody
// knows whether the record is there; the log is ErrBroken until it is opened again.
func (l *Log) Append(e Event) (Record, error) {
	if err := e.check(); err != nil {
		return Record{}, err
	}
	w := &waiter{event: e, turn: make(chan bool, 1)}
	l.mu.Lock()
	l.queue = append(l.queue, w)
	if !l.writing {
		l.writing = true
		w.turn <- true
	}
	l.mu.Unlock()
	if write := <-w.turn; write {
		l.writeGroup()
	}
	return w.record, w.err
}

// writeGroup writes the events that wait, up to maxGroup, in one synced step. Its caller's
// own is the first of them. Then it lets the next caller write, if there is one.
func (l *Log) writeGroup() {
	l.mu.Lock()
	group := l.queue[:min(len(l.queue), maxGroup)]
	l.queue = l.queue[len(group):]
	head, lastMS, err := l.head, l.lastMS, l.broken
	l.mu.Unlock()

	if err == nil {
		head, lastMS, err = l.write(group, head, lastMS)
	}

	l.mu.Lock()
	l.head, l.lastMS, l.broken = head, lastMS, err
	l.writing = len(l.queue) > 0
	if l.writing {
		l.queue[0].turn <- true
	}
	l.mu.Unlock()
	for _, w := range group {
		if err != nil {
			w.record, w.err = Record{}, err
		}
	}
	for _, w := range group[1:] {
		w.turn <- false
	}
}

func (l *Log) write(group []*waiter, head Head, lastMS int64) (Head, int64, error) {
	batch := l.db.NewBatch()
	next, nextMS := head, lastMS
	for _, w := range group {
		nextMS = max(nextMS, l.now().UnixMilli())
		w.record = Record{Sequence: next.Sequence + 1, AtMS: nextMS, Previous: next.Digest, Event: w.event}
		batch.Set(recordKey(w.record.Sequence), w.record.seal())
		next = Head{w.record.Sequence, w.record.Digest}
	}
	batch.Set(headKey, next.encode())
	if err := batch.Commit(true); err != nil {
		return head, lastMS, fmt.Errorf("audit: %w: %w", ErrBroken, err)
	}
	return next, nextMS, nil
}

// Scan answers with up to limit records, MaxScanCount at most, from a sequence on. It
// stops with an error at a record that is damaged or missing.
func (l *Log) Scan(from uint64, limit int) ([]Record, error) {
	limit = min(limit, MaxScanCount)
	head := l.Head()
	var out []Record
	for sequence := max(from, 1); sequence <= head.Sequence && len(out) < limit; sequence++ {
		r, err := l.read(sequence)
		if err != nil {
			return out, fmt.Errorf("audit: %w", err)
		}
		out = append(out, r)
	}
	return out, nil
}
