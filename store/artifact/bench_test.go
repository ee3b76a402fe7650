package artifact

import (
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"rpp-node/store"
)

// benchStore is one on the real disk, with the options of a node.
func benchStore(b *testing.B) *Store {
	b.Helper()
	db, err := store.Open(store.Options{FS: vfs.Default, Dir: b.TempDir(), Headroom: store.Headroom{MinFreeBytes: 1, MinFreeFraction: 0.001}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	s, err := New(db, Options{QuotaBytes: 1 << 40, Now: time.Now, Rand: random(1), Sealer: testSealer(b, 1)})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func benchSizes(b *testing.B, run func(b *testing.B, kind Kind, size int)) {
	for _, size := range []int{64 << 10, 512 << 10, 16 << 20} {
		for _, kind := range []Kind{Witness, Key} {
			b.Run(fmt.Sprintf("%v/%dKiB", kind, size>>10), func(b *testing.B) {
				b.SetBytes(int64(size))
				run(b, kind, size)
			})
		}
	}
}

// BenchmarkPut counts the sync.
func BenchmarkPut(b *testing.B) {
	benchSizes(b, func(b *testing.B, kind Kind, size int) {
		s := benchStore(b)
		data := bytesOf(1, size)
		for i := 0; b.Loop(); i++ {
			copy(data, fmt.Appendf(nil, "%016x", i))
			if _, err := s.Put(kind, data); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkGet(b *testing.B) {
	benchSizes(b, func(b *testing.B, kind Kind, size int) {
		s := benchStore(b)
		d, err := s.Put(kind, bytesOf(1, size))
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, err := s.Get(d); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkReadChunk is what serving a peer costs.
func BenchmarkReadChunk(b *testing.B) {
	s := benchStore(b)
	d, err := s.Put(Key, bytesOf(1, 16*ChunkBytes))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(ChunkBytes)
	for i := 0; b.Loop(); i++ {
		if _, _, _, err := s.ReadChunk(d, i%16); err != nil {
			b.Fatal(err)
		}
	}
}
