package artifact

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"rpp-node/store"
)

// failing is a disk whose write number at fails, counted from 1 (0: none), and after which
// nothing more is written.
type failing struct {
	at, writes atomic.Int64
	hit        atomic.Bool
}

func (f *failing) inject(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
		return nil
	}
	if n := f.writes.Add(1); n == f.at.Load() {
		f.hit.Store(true)
		return errorfs.ErrInjected
	}
	return nil
}

// history is what a script was told about each artifact.
type history struct {
	bytes   map[Digest][]byte
	must    map[Digest]bool // acknowledged, and nobody asked to delete it
	mustNot map[Digest]bool // its deletion was acknowledged
}

// flush writes what is in memory to a table. After a fault Pebble does not return.
func flush(db *store.DB) error {
	done := make(chan error, 1)
	go func() { done <- db.Pebble().Flush() }()
	select {
	case err := <-done:
		return err
	case <-db.Stopped():
		return db.Err()
	}
}

// script puts, pulls, drops and collects until something fails.
func script(s *Store, clock *time.Time, h *history) error {
	put := func(kind Kind, b []byte) error {
		d := digestOf(b)
		h.bytes[d] = b
		_, err := s.Put(kind, b)
		h.must[d] = err == nil || h.must[d]
		return err
	}
	pull := func(kind Kind, b []byte) error {
		d := digestOf(b)
		h.bytes[d] = b
		w, err := s.NewWriter(kind, d, int64(len(b)))
		for i := 0; err == nil && i < w.ChunkCount(); i++ {
			err = w.WriteChunk(i, chunkOf(b, i))
		}
		if err == nil {
			err = w.Commit()
		}
		h.must[d] = err == nil
		return err
	}
	gone := func(d Digest, del func() error) error {
		delete(h.must, d)
		err := del()
		h.mustNot[d] = err == nil
		return err
	}
	collect := func(keep func(Digest) bool) error {
		p, err := s.Plan(*clock, keep)
		if err == nil {
			_, err = s.Execute(context.Background(), p, keep)
		}
		return err
	}
	witness, proof, key := bytesOf(1, 5000), bytesOf(2, 300), bytesOf(3, ChunkBytes+5000)
	for _, step := range []func() error{
		func() error { return put(Witness, witness) },
		func() error { return put(Proof, proof) },
		func() error { return pull(Key, key) },
		func() error { return put(Witness, witness) },
		func() error { return s.Pin(digestOf(key), start.Add(100*time.Hour)) },
		func() error { return put(Other, bytesOf(4, 100)) },
		func() error { return gone(digestOf(witness), func() error { return s.DropWitness(digestOf(witness)) }) },
		func() error { *clock = clock.Add(24 * time.Hour); return nil },
		func() error {
			d := digestOf(bytesOf(4, 100))
			return gone(d, func() error { return collect(func(o Digest) bool { return o != d }) })
		},
		func() error { return put(Witness, bytesOf(5, ChunkBytes+1)) },
		func() error { return flush(s.db) },
		func() error { return put(Proof, bytesOf(6, 40)) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// Whatever write of the disk fails: the caller is told, what was acknowledged is there
// after opening again, and what was not is there whole or not at all.
func TestEveryWriteFails(t *testing.T) {
	stride := int64(15)
	switch {
	case *thorough:
		stride = 1
	case testing.Short():
		stride = 40
	}
	total := runWithFailure(t, 0)
	if total < 50 {
		t.Fatalf("the script makes %d writes: it does not test much", total)
	}
	for at := 1 + total%stride; at <= total; at += stride {
		runWithFailure(t, at)
	}
	t.Logf("%d writes", total)
}

// runWithFailure runs the script on a disk whose write number at fails, and answers with
// the number of writes.
func runWithFailure(t *testing.T, at int64) int64 {
	t.Helper()
	fault := &failing{}
	mem := vfs.NewCrashableMem()
	n := &node{t: t, fs: mem, now: start}
	n.opt = Options{QuotaBytes: 1 << 30, Now: func() time.Time { return n.now }, Rand: random(1), Sealer: testSealer(t, 2)}
	db, err := store.Open(testOptions(errorfs.Wrap(mem, errorfs.InjectorFunc(fault.inject))))
	if err != nil {
		t.Fatal(err)
	}
	n.db = db
	if n.Store, err = New(db, n.opt); err != nil {
		t.Fatal(err)
	}
	h := &history{bytes: map[Digest][]byte{}, must: map[Digest]bool{}, mustNot: map[Digest]bool{}}
	fault.writes.Store(0)
	fault.at.Store(at)
	err = script(n.Store, &n.now, h)
	total := fault.writes.Load()
	if at == 0 && err != nil {
		t.Fatalf("without a fault: %v", err)
	}
	// The state of the disk now is what a crash would leave, more or less of it synced.
	n.crash(int(at*37%101), rand.New(rand.NewPCG(uint64(at), 0)))
	defer func() { _ = n.db.Close() }()
	for d, b := range h.bytes {
		got, err := n.Get(d)
		there := err == nil
		switch {
		case there && !bytes.Equal(got, b), !there && !errors.Is(err, ErrNotFound):
			t.Errorf("write %d fails: %v: %d bytes, %v", at, d, len(got), err)
		case h.must[d] && !there:
			t.Errorf("write %d fails: %v was acknowledged and is lost", at, d)
		case h.mustNot[d] && there:
			t.Errorf("write %d fails: %v was deleted and is back", at, d)
		}
	}
	if p, ok, err := n.PendingPlan(); err != nil {
		t.Errorf("write %d fails: %v", at, err)
	} else if ok {
		if _, err := n.Execute(t.Context(), p, func(d Digest) bool { return d != digestOf(bytesOf(4, 100)) }); err != nil {
			t.Errorf("write %d fails: resuming: %v", at, err)
		}
	}
	if got := n.tableSizes(); got[tableIntent] != 0 || got[tablePlan] != 0 || got[tableAside] != 0 {
		t.Errorf("write %d fails: left: %v", at, got)
	}
	for _, b := range h.bytes {
		n.expect(n.put(Proof, b), b)
	}
	return total
}
