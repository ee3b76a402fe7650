package artifact

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/zeebo/blake3"

	"rpp-node/store"
)

// chunkOf is chunk i of an artifact.
func chunkOf(b []byte, i int) []byte {
	return b[i*ChunkBytes : min(len(b), (i+1)*ChunkBytes)]
}

func (n *node) writer(kind Kind, b []byte) *Writer {
	n.t.Helper()
	w, err := n.NewWriter(kind, blake3.Sum256(b), int64(len(b)))
	if err != nil {
		n.t.Fatal(err)
	}
	return w
}

// Chunks may come in any order, and from several goroutines.
func TestWriterAnyOrder(t *testing.T) {
	b := bytesOf(1, 4*ChunkBytes+5)
	for _, kind := range []Kind{Witness, Key} {
		for _, order := range [][]int{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {0, 2, 1, 4, 3}} {
			n := newNode(t)
			w := n.writer(kind, b)
			for _, i := range order {
				n.expect(blake3.Sum256(b), nil)
				if err := w.WriteChunk(i, chunkOf(b, i)); err != nil {
					t.Fatal(err)
				}
			}
			if u := n.Usage(); u.ReservedBytes != int64(len(b)) || u.HeldBytes != 0 {
				t.Errorf("usage before Commit: %+v", u)
			}
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
			n.expect(blake3.Sum256(b), b)
			if u := n.Usage(); u.ReservedBytes != 0 || u.HeldBytes != int64(len(b)) {
				t.Errorf("usage after Commit: %+v", u)
			}
			if err := w.Commit(); !errors.Is(err, ErrEnded) {
				t.Errorf("second Commit: %v", err)
			}
			drop(t, w) // does nothing
			n.expect(blake3.Sum256(b), b)
		}
	}
}

func TestWriterConcurrent(t *testing.T) {
	b := bytesOf(1, 6*ChunkBytes)
	n := newNode(t)
	w := n.writer(Witness, b)
	var group sync.WaitGroup
	for i := range w.ChunkCount() {
		group.Go(func() {
			if err := w.WriteChunk(i, chunkOf(b, i)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	n.expect(blake3.Sum256(b), b)
}

// Of writers and puts of equal bytes, all succeed and one stays.
func TestWritersRace(t *testing.T) {
	b := bytesOf(1, 2*ChunkBytes)
	n := newNode(t)
	var group sync.WaitGroup
	for i := range 6 {
		group.Go(func() {
			if i%2 == 0 {
				if _, err := n.Put(Key, b); err != nil {
					t.Error(err)
				}
				return
			}
			w, err := n.NewWriter(Key, blake3.Sum256(b), int64(len(b)))
			if err != nil {
				t.Error(err)
				return
			}
			for i := range w.ChunkCount() {
				if err := w.WriteChunk(i, chunkOf(b, i)); err != nil {
					t.Error(err)
				}
			}
			if err := w.Commit(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	n.expect(blake3.Sum256(b), b)
	if got := n.tableSizes(); got[tableRecord] != 1 || got[tableChunk] != pieceCount(Key, len(b)) || got[tableIntent] != 0 {
		t.Errorf("%v", got)
	}
	if u := n.Usage(); u.HeldBytes != int64(len(b)) || u.ReservedBytes != 0 {
		t.Errorf("%+v", u)
	}
}

func TestWriterRefusals(t *testing.T) {
	b := bytesOf(1, 2*ChunkBytes+1)
	n := newNode(t)
	w := n.writer(Key, b)
	for i, data := range map[int][]byte{
		-1: b[:ChunkBytes], 3: b[:1], 0: b[:ChunkBytes-1], 1: b[:ChunkBytes+1], 2: nil,
	} {
		if err := w.WriteChunk(i, data); !errors.Is(err, ErrChunk) {
			t.Errorf("%d bytes as chunk %d: %v", len(data), i, err)
		}
	}
	if err := w.WriteChunk(1, chunkOf(b, 1)); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteChunk(1, chunkOf(b, 1)); !errors.Is(err, ErrChunk) {
		t.Errorf("a chunk twice: %v", err)
	}
	if err := w.Commit(); !errors.Is(err, ErrChunk) {
		t.Errorf("incomplete: %v", err)
	}
	for _, i := range []int{0, 2} { // an early Commit does no harm
		if err := w.WriteChunk(i, chunkOf(b, i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteChunk(0, chunkOf(b, 0)); !errors.Is(err, ErrEnded) {
		t.Errorf("after the end: %v", err)
	}
}

// Bytes that are not those that were announced never become an artifact.
func TestWriterWrongBytes(t *testing.T) {
	b := bytesOf(1, 2*ChunkBytes)
	for _, kind := range []Kind{Witness, Proof} {
		for bad := range 2 {
			n := newNode(t)
			w := n.writer(kind, b)
			for i := range 2 {
				data := bytes.Clone(chunkOf(b, i))
				if i == bad {
					data[77] ^= 1
				}
				if err := w.WriteChunk(i, data); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Commit(); !errors.Is(err, ErrDigest) {
				t.Errorf("%v", err)
			}
			n.expect(blake3.Sum256(b), nil)
			if got := n.tableSizes(); len(got) != 0 {
				t.Errorf("left: %v", got)
			}
			if u := n.Usage(); u.ReservedBytes != 0 {
				t.Errorf("%+v", u)
			}
		}
	}
}

// What a crash leaves of an artifact is cleared; what a live writer has written is not.
func TestClearIncomplete(t *testing.T) {
	b := bytesOf(1, 3*ChunkBytes)
	for seed := range uint64(5) {
		rng := rand.New(rand.NewPCG(seed, 0))
		n := newNode(t)
		w := n.writer(Witness, b)
		for i := range rng.IntN(4) {
			if err := w.WriteChunk(i, chunkOf(b, i)); err != nil {
				t.Fatal(err)
			}
		}
		n.put(Other, []byte{1}) // syncs what was written before
		if count, err := n.ClearIncomplete(); count != 0 || err != nil {
			t.Errorf("with its writer alive: %d, %v", count, err)
		}
		if got := n.tableSizes(); got[tableIntent] != 1 {
			t.Errorf("%v", got)
		}
		n.crash(rng.IntN(101), rng)
		n.expect(blake3.Sum256(b), nil)
		if got := n.tableSizes(); got[tableIntent] != 0 || got[tableChunk] != 1 {
			t.Errorf("after the crash: %v", got)
		}
		n.put(Witness, b)
		n.expect(blake3.Sum256(b), b)
	}
}

// fullDisk has a given number of bytes free.
type fullDisk struct {
	vfs.FS
	freeBytes uint64
}

func (f *fullDisk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: f.freeBytes, TotalBytes: 100 << 30}, nil
}

func (f *fullDisk) Unwrap() vfs.FS { return f.FS }

func TestDiskFull(t *testing.T) {
	disk := &fullDisk{vfs.NewMem(), 20 << 30}
	db, err := store.Open(testOptions(disk))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	n := newNode(t)
	s, err := New(db, n.opt)
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Put(Proof, []byte("while there is room"))
	if err != nil {
		t.Fatal(err)
	}
	disk.freeBytes = 10 << 30 // the head-room
	if _, err := s.Put(Other, []byte("no more")); !errors.Is(err, store.ErrDiskFull) {
		t.Errorf("%v", err)
	}
	if _, err := s.Put(Proof, []byte("of a job that was accepted")); err != nil {
		t.Errorf("what an accepted job needs: %v", err)
	}
	disk.freeBytes = 5 << 30 // half of it
	if _, err := s.Put(Proof, []byte("no more")); !errors.Is(err, store.ErrDiskFull) {
		t.Errorf("%v", err)
	}
	if _, err := s.NewWriter(Key, d, MaxKeyBytes); !errors.Is(err, store.ErrDiskFull) {
		t.Errorf("%v", err)
	}
	if _, err := s.Get(d); err != nil {
		t.Errorf("reading with a full disk: %v", err)
	}
	if _, err := s.Put(Proof, []byte("while there is room")); err != nil {
		t.Errorf("what is there already: %v", err)
	}
	disk.freeBytes = 20 << 30
	if _, err := s.Put(Proof, []byte("no more")); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
