package store

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// A Batch is a set of writes that become visible together and survive a crash together. It
// is for one goroutine and one Commit. The arguments of its methods may be reused after
// the call.
type Batch struct {
	db    *DB
	batch *pebble.Batch
	bytes int
	err   error // the first write that was refused
}

// NewBatch begins a batch.
func (db *DB) NewBatch() *Batch {
	return &Batch{db: db, batch: db.pdb.NewBatch()}
}

// Bytes is what the batch is charged so far, of MaxBatchBytes.
func (b *Batch) Bytes() int { return b.bytes }

// Set writes a value. A write above a limit makes Commit fail.
func (b *Batch) Set(key, value []byte) {
	if b.charge(len(key), len(value)) {
		b.note(b.batch.Set(key, value, nil))
	}
}

// Delete removes a key; it need not be there.
func (b *Batch) Delete(key []byte) {
	if b.charge(len(key), 0) {
		b.note(b.batch.Delete(key, nil))
	}
}

// DeleteRange removes the keys in [lower, upper).
func (b *Batch) DeleteRange(lower, upper []byte) {
	if b.charge(max(len(lower), len(upper)), 0) {
		b.note(b.batch.DeleteRange(lower, upper, nil))
	}
}

func (b *Batch) charge(keyBytes, valueBytes int) bool {
	if b.err != nil {
		return false
	}
	b.bytes += keyBytes + valueBytes + batchOpBytes
	switch {
	case keyBytes == 0:
		b.err = fmt.Errorf("%w: empty key", errOptions)
	case keyBytes > MaxKeyBytes:
		b.err = fmt.Errorf("%w: key of %d bytes, at most %d", ErrTooLarge, keyBytes, MaxKeyBytes)
	case valueBytes > MaxValueBytes:
		b.err = fmt.Errorf("%w: value of %d bytes, at most %d", ErrTooLarge, valueBytes, MaxValueBytes)
	case b.bytes > MaxBatchBytes:
		b.err = fmt.Errorf("%w: batch of more than %d bytes", ErrTooLarge, MaxBatchBytes)
	}
	return b.err == nil
}

func (b *Batch) note(err error) {
	if b.err == nil {
		b.err = typed(err)
	}
}

// Commit makes the writes visible and, with sync, waits until they would survive a power
// cut. If it fails they may have been made or not, all or none; after ErrTooLarge they have
// not.
func (b *Batch) Commit(sync bool) error {
	if b.err != nil {
		return b.err
	}
	b.err = fmt.Errorf("%w: batch committed twice", errOptions)
	return b.db.guard(func() error { return b.db.commit(b.batch, sync) })
}

func (db *DB) commit(batch *pebble.Batch, sync bool) error {
	if batch.Empty() {
		return batch.Close()
	}
	if !sync {
		if err := db.pdb.Apply(batch, pebble.NoSync); err != nil {
			return err
		}
		return batch.Close()
	}
	if err := db.pdb.Apply(batch, pebble.Sync); err != nil {
		return err
	}
	seq := uint64(batch.SeqNum())
	if err := batch.Close(); err != nil {
		return err
	}
	return db.pdb.LogData(syncMark(seq), pebble.NoSync)
}
